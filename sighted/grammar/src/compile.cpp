#include "compile.hpp"

#include <algorithm>
#include <bitset>
#include <utility>

#include "net.hpp"

namespace grammar {
namespace {

using Kind = PlanEdge::Kind;

constexpr std::uint32_t nowhere = 0xFFFFFFFF;

/// Writes the tables of what the root reaches.
class Writer {
 public:
  Writer(const Net& net, Counted counted)
      : net_(net),
        counted_(std::move(counted)),
        out_(net.states, net.edges.size(), [&](std::size_t i) { return net.edges[i].from; }),
        is_end_(net.states),
        number_of_(net.states, nowhere),
        counts_begin_(net.states, nowhere) {
    for (const PlanRule& rule : net.rules) {
      is_end_[rule.end] = true;
    }
    for (const Counts& counts : counted_.counts) {
      counts_begin_[counts.first] = static_cast<std::uint32_t>(counts.least.size());
    }
  }

  std::unique_ptr<const Tables> write() {
    auto tables = std::make_unique<Tables>();
    tables_ = tables.get();
    tables_->start = number(net_.rules[net_.root].begin);
    for (std::size_t next = 0; next < order_.size(); ++next) {
      write_state(order_[next]);
    }
    tables_->moves_at.push_back(static_cast<std::uint32_t>(tables_->moves.size()));
    tables_->jumps_at.push_back(static_cast<std::uint32_t>(tables_->jumps.size()));
    for (Counts& counts : counted_.counts) {
      counts.first = number_of_[counts.first];
    }
    tables_->counts = std::move(counted_.counts);
    classify();
    return tables;
  }

 private:
  /// The states of a counted rule keep their order, in a row.
  std::uint32_t number(std::uint32_t state) {
    if (number_of_[state] == nowhere) {
      const std::uint32_t row = counts_begin_[state] == nowhere ? 1 : counts_begin_[state];
      for (std::uint32_t i = 0; i < row; ++i) {
        number_of_[state + i] = static_cast<std::uint32_t>(order_.size());
        order_.push_back(state + i);
      }
    }
    return number_of_[state];
  }

  void write_state(std::uint32_t state) {
    tables_->moves_at.push_back(static_cast<std::uint32_t>(tables_->moves.size()));
    tables_->jumps_at.push_back(static_cast<std::uint32_t>(tables_->jumps.size()));
    tables_->ends.push_back(is_end_[state]);
    for (const std::uint32_t i : out_.of(state)) {
      const PlanEdge& edge = net_.edges[i];
      switch (edge.kind) {
        case Kind::bytes:
          tables_->moves.push_back({edge.low, edge.high, edge.effect, number(edge.to)});
          break;
        case Kind::epsilon:
          tables_->jumps.push_back({Jump::Kind::plain, number(edge.to), 0});
          break;
        case Kind::guard:
          tables_->jumps.push_back({Jump::Kind::guard, number(edge.to), edge.target});
          break;
        case Kind::frame: write_frame(edge); break;
      }
    }
    std::sort(tables_->moves.begin() + tables_->moves_at.back(), tables_->moves.end(),
              [](const Move& a, const Move& b) { return a.low < b.low; });
  }

  void write_frame(const PlanEdge& edge) {
    const PlanFrame& frame = net_.frames[edge.target];
    const std::uint32_t begin = number(net_.rules[frame.rule].begin);
    tables_->jumps.push_back(
        {Jump::Kind::push, begin, static_cast<std::uint32_t>(tables_->frames.size())});
    tables_->frames.push_back(
        {frame.kind, begin, number(edge.to), frame.min, frame.max, counted_.of_frame[edge.target]});
  }

  void classify() {
    std::bitset<257> cut;
    for (const Move& move : tables_->moves) {
      cut.set(move.low);
      cut.set(std::size_t{move.high} + 1);
      for (std::size_t byte = move.low; move.effect == Effect::digit && byte <= move.high; ++byte) {
        cut.set(byte);
      }
    }
    std::uint8_t last = 0;
    for (std::size_t byte = 0; byte < 256; ++byte) {
      last = static_cast<std::uint8_t>(last + (byte > 0 && cut.test(byte) ? 1 : 0));
      tables_->class_of[byte] = last;
    }
    tables_->classes = last + 1U;
  }

  const Net& net_;
  Counted counted_;
  Index out_;
  std::vector<bool> is_end_;
  std::vector<std::uint32_t> number_of_;
  std::vector<std::uint32_t> counts_begin_;
  std::vector<std::uint32_t> order_;
  Tables* tables_ = nullptr;
};

}  // namespace

base::Result<std::unique_ptr<const Tables>, Refusal> compile(const Plan& plan) {
  Net net{plan.rules, plan.edges, plan.frames, plan.states, plan.root};
  if (!take_out_empty_calls(net)) {
    return base::Fail{Refusal{Refusal::Kind::too_large, "", "edges", edges_limit}};
  }
  Counted counted;
  if (auto refusal = count(net, counted)) {
    return base::Fail{*std::move(refusal)};
  }
  if (!prune(net)) {
    return base::Fail{Refusal{Refusal::Kind::unsatisfiable, "", "", 0}};
  }
  shorten_last_calls(net);
  if (is_left_recursive(net)) {
    return base::Fail{Refusal{Refusal::Kind::unsupported, "", "left recursion", 0}};
  }
  return Writer(net, std::move(counted)).write();
}

}  // namespace grammar

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <numeric>
#include <vector>

#include "planner.hpp"

namespace simulate {
namespace {

struct Job {
  terms::WorkItem item;
  std::uint64_t arrival = 0;
  std::uint32_t resident = 0;
  std::uint32_t sampled = 0;
};

class Reference final : public Planner {
 public:
  Reference(bool by_counter, const Options& options) : by_counter_(by_counter), options_(options) {}

  bool submit(const terms::WorkItem& item) override {
    if (item.prompt.value + item.output_max.value > options_.machine.kv_tokens) {
      return false;
    }
    std::deque<Job>& queue = waiting_[item.tenant];
    if (queue.empty()) {
      lift(item.tenant);
    }
    queue.push_back({item, ++arrivals_, 0, 0});
    return true;
  }

  terms::StepPlan plan() override {
    terms::StepPlan plan;
    std::uint64_t prompt = 0;
    // A batch of prompts is bounded, as in the paper's system: a sixth of the KV tokens.
    const std::uint64_t batch_max = options_.machine.kv_tokens / 6;
    for (;;) {
      std::deque<Job>* const queue = next();
      if (queue == nullptr || !fits(queue->front()) ||
          (prompt > 0 && prompt + queue->front().item.prompt.value > batch_max)) {
        break;
      }
      const Job job = queue->front();
      queue->pop_front();
      running_.push_back(job);
      counters_[job.item.tenant] += job.item.prompt.value * options_.input_weight;
      prompt += job.item.prompt.value;
      plan.run.push_back({{job.item.job, 0}, job.item.prompt, {0}});
    }
    if (plan.run.empty()) {
      for (const Job& job : running_) {
        plan.run.push_back({{job.item.job, 0}, {1}, {job.resident}});
      }
    }
    return plan;
  }

  void report(const terms::StepReport& report, base::SpanNs /*took*/) override {
    std::map<terms::JobId, const terms::LaneReport*> lanes;
    for (const terms::LaneReport& lane : report.lanes) {
      lanes.emplace(lane.lane.job, &lane);
    }
    for (Job& job : running_) {
      if (const auto found = lanes.find(job.item.job); found != lanes.end()) {
        job.resident += found->second->computed.value;
        job.sampled += found->second->sampled;
        counters_[job.item.tenant] +=
            std::uint64_t{found->second->sampled} * options_.output_weight;
      }
    }
  }

  void remove(terms::JobId id) override {
    std::erase_if(running_, [id](const Job& job) { return job.item.job == id; });
  }

 private:
  /// To the lowest counter of those that wait.
  void lift(terms::TenantId tenant) {
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    for (const auto& [other, queue] : waiting_) {
      if (!queue.empty()) {
        least = std::min(least, counters_[other]);
      }
    }
    if (least != std::numeric_limits<std::uint64_t>::max()) {
      counters_[tenant] = std::max(counters_[tenant], least);
    }
  }

  std::deque<Job>* next() {
    std::deque<Job>* best = nullptr;
    std::uint64_t best_key = 0;
    for (auto& [tenant, queue] : waiting_) {
      if (queue.empty()) {
        continue;
      }
      const std::uint64_t key = by_counter_ ? counters_[tenant] : queue.front().arrival;
      if (best == nullptr || key < best_key) {
        best = &queue;
        best_key = key;
      }
    }
    return best;
  }

  /// The most KV that the running requests and this one will need together: they end in order of
  /// what they still have to say, and until one ends all grow.
  [[nodiscard]] bool fits(const Job& job) const {
    if (running_.size() >= options_.machine.lanes) {
      return false;
    }
    std::vector<std::pair<std::uint64_t, std::uint64_t>> left_and_held;
    const auto add = [&left_and_held](const Job& one) {
      const std::uint64_t held = std::uint64_t{one.item.prompt.value} + one.sampled;
      left_and_held.emplace_back(one.item.output_max.value - one.sampled, held);
    };
    std::ranges::for_each(running_, add);
    add(job);
    std::ranges::sort(left_and_held, std::greater{});
    std::uint64_t held_by_longer = 0;
    std::uint64_t count = 0;
    for (const auto& [left, held] : left_and_held) {
      held_by_longer += held;
      ++count;
      if (held_by_longer + left * count > options_.machine.kv_tokens) {
        return false;
      }
    }
    return true;
  }

  bool by_counter_;
  const Options& options_;
  std::map<terms::TenantId, std::deque<Job>> waiting_;
  std::map<terms::TenantId, std::uint64_t> counters_;
  std::vector<Job> running_;
  std::uint64_t arrivals_ = 0;
};

}  // namespace

std::unique_ptr<Planner> make_reference(bool by_counter, const Options& options) {
  return std::make_unique<Reference>(by_counter, options);
}

}  // namespace simulate

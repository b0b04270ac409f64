#include "machine_rule.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>

#include "pattern_set.hpp"
#include "utf8.hpp"

namespace grammar {

namespace {

/// The states of the rule for those of the machine; ends lead to the rule's end.
std::vector<StateId> states_of(Builder& builder, const Machine& machine, RuleId rule) {
  std::vector<StateId> states;
  states.reserve(machine.states.size());
  for (std::size_t at = 0; at < machine.states.size(); ++at) {
    states.push_back(at == 0 ? builder.begin(rule) : builder.state());
    if (machine.states[at].end) builder.epsilon(states.back(), builder.end(rule));
  }
  return states;
}

/// The letter of a short escape, or 0.
char short_escape(char32_t code) {
  switch (code) {
    case '\b': return 'b';
    case '\t': return 't';
    case '\n': return 'n';
    case '\f': return 'f';
    case '\r': return 'r';
    case '"':
    case '\\': return static_cast<char>(code);
    default: return 0;
  }
}

struct Piece {
  std::uint8_t low = 0;
  std::uint8_t high = 0;
  friend auto operator<=>(const Piece&, const Piece&) = default;
};

/// The bytes of some code points, and the machine's state that they lead to.
struct Way {
  std::array<Piece, 6> bytes{};
  std::uint32_t size = 0;
  std::uint32_t to = 0;

  void add(std::uint8_t low, std::uint8_t high) { bytes[size++] = {low, high}; }
  [[nodiscard]] Way without_first() const {
    Way rest;
    rest.to = to;
    for (std::size_t at = 1; at < size; ++at)
      rest.add(bytes[at].low, bytes[at].high);
    return rest;
  }
  friend auto operator<=>(const Way&, const Way&) = default;
};

/// Where the machine is deterministic, so are the bytes: ways that begin alike share their states,
/// and ways that go on alike do, whatever led to them.
class StringWriter {
 public:
  StringWriter(Builder& builder, const Machine& machine, Effect effect)
      : builder_{builder}, machine_{machine}, effect_{effect} {}

  RuleId write() {
    const RuleId rule = builder_.rule();
    states_ = states_of(builder_, machine_, rule);
    for (std::size_t at = 0; at < machine_.states.size() && !builder_.full(); ++at) {
      std::vector<Way> ways;
      for (const Arc& arc : machine_.states[at].arcs) {
        plain(states_[at], arc);
        escapes(arc, ways);
        beyond_ascii(arc, ways);
      }
      if (!ways.empty()) builder_.epsilon(states_[at], tree(std::move(ways), effect_));
    }
    return rule;
  }

 private:
  void plain(StateId from, const Arc& arc) {
    constexpr std::array parts = {CodeRange{0x20, 0x21}, CodeRange{0x23, 0x5B},
                                  CodeRange{0x5D, 0x7F}};
    for (const CodeRange& part : parts) {
      const char32_t first = std::max(arc.first, part.first);
      const char32_t last = std::min(arc.last, part.last);
      if (first > last) continue;
      builder_.bytes(from, static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(last),
                     states_[arc.to], effect_);
    }
  }

  static void escapes(const Arc& arc, std::vector<Way>& ways) {
    for (char32_t code = arc.first; code <= std::min<char32_t>(arc.last, '\\'); ++code) {
      if (const char letter = short_escape(code)) {
        ways.push_back(written({'\\', letter}, arc.to));
      } else if (code < 0x20) {
        constexpr std::string_view small = "0123456789abcdef";
        constexpr std::string_view large = "0123456789ABCDEF";
        const char row = small[code / 16];
        ways.push_back(written({'\\', 'u', '0', '0', row, small[code % 16]}, arc.to));
        if (code % 16 > 9) {
          ways.push_back(written({'\\', 'u', '0', '0', row, large[code % 16]}, arc.to));
        }
      }
    }
  }

  static Way written(std::initializer_list<char> letters, std::uint32_t to) {
    Way way;
    way.to = to;
    for (const char letter : letters) {
      const auto byte = static_cast<std::uint8_t>(letter);
      way.add(byte, byte);
    }
    return way;
  }

  static void beyond_ascii(const Arc& arc, std::vector<Way>& ways) {
    if (arc.last < 0x80) return;
    const std::array ranges = {Range{std::max<std::uint32_t>(arc.first, 0x80), arc.last}};
    for (const Utf8Sequence& sequence : utf8_sequences(ranges)) {
      Way way;
      way.to = arc.to;
      for (std::size_t at = 0; at < sequence.size; ++at) {
        way.add(sequence.bytes[at].low, sequence.bytes[at].high);
      }
      ways.push_back(way);
    }
  }

  /// The state from which these ways go. The depth is that of the longest escape.
  StateId tree(std::vector<Way> ways, Effect effect) {
    std::sort(ways.begin(), ways.end());
    const auto known = trees_.find(ways);
    if (known != trees_.end()) return known->second;
    const StateId made = builder_.state();
    for (std::size_t at = 0; at < ways.size();) {
      const Piece piece = ways[at].bytes.front();
      std::vector<Way> rest;
      for (; at < ways.size() && ways[at].bytes.front() == piece; ++at) {
        if (ways[at].size == 1) {
          builder_.bytes(made, piece.low, piece.high, states_[ways[at].to], effect);
        } else {
          rest.push_back(ways[at].without_first());
        }
      }
      if (rest.empty()) continue;
      builder_.bytes(made, piece.low, piece.high, tree(std::move(rest), Effect::none), effect);
    }
    trees_.emplace(std::move(ways), made);
    return made;
  }

  Builder& builder_;
  const Machine& machine_;
  Effect effect_;
  std::vector<StateId> states_;
  std::map<std::vector<Way>, StateId> trees_;
};

}  // namespace

RuleId byte_rule(Builder& builder, const Machine& machine) {
  const RuleId rule = builder.rule();
  const std::vector<StateId> states = states_of(builder, machine, rule);
  for (std::size_t at = 0; at < states.size() && !builder.full(); ++at) {
    for (const Arc& arc : machine.states[at].arcs) {
      builder.bytes(states[at], static_cast<std::uint8_t>(arc.first),
                    static_cast<std::uint8_t>(arc.last), states[arc.to]);
    }
  }
  return rule;
}

RuleId string_rule(Builder& builder, const Machine& machine, Effect effect) {
  return StringWriter{builder, machine, effect}.write();
}

}  // namespace grammar

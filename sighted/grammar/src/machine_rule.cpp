#include "machine_rule.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "pattern_set.hpp"

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

class StringWriter {
 public:
  StringWriter(Builder& builder, const Machine& machine, Effect effect)
      : builder_{builder}, machine_{machine}, effect_{effect} {}

  RuleId write() {
    const RuleId rule = builder_.rule();
    states_ = states_of(builder_, machine_, rule);
    for (std::size_t at = 0; at < machine_.states.size() && !builder_.full(); ++at) {
      std::map<std::uint32_t, std::vector<CodeRange>> by_target;
      for (const Arc& arc : machine_.states[at].arcs) {
        by_target[arc.to].push_back({arc.first, arc.last});
      }
      for (auto& [to, ranges] : by_target)
        write(states_[at], std::move(ranges), to);
    }
    return rule;
  }

 private:
  /// Plain ASCII goes straight; what takes several bytes goes through a state that all sources of
  /// the same code points share.
  void write(StateId from, std::vector<CodeRange> ranges, std::uint32_t to) {
    constexpr std::array plain = {CodeRange{0x20, 0x21}, CodeRange{0x23, 0x5B},
                                  CodeRange{0x5D, 0x7F}};
    constexpr std::array other = {CodeRange{0, 0x1F}, CodeRange{0x22, 0x22}, CodeRange{0x5C, 0x5C},
                                  CodeRange{0x80, last_code_point}};
    const CodeSet set = CodeSet::of(std::move(ranges));
    std::vector<Range> rest;
    for (const CodeRange& range : set.ranges()) {
      for (const CodeRange& part : plain) {
        const char32_t first = std::max(range.first, part.first);
        const char32_t last = std::min(range.last, part.last);
        if (first > last) continue;
        builder_.bytes(from, static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(last),
                       states_[to], effect_);
      }
      for (const CodeRange& part : other) {
        const char32_t first = std::max(range.first, part.first);
        const char32_t last = std::min(range.last, part.last);
        if (first <= last) rest.push_back({first, last});
      }
    }
    if (!rest.empty()) builder_.epsilon(from, head(rest, to));
  }

  StateId head(const std::vector<Range>& ranges, std::uint32_t to) {
    std::pair<std::uint32_t, std::vector<std::uint32_t>> key{to, {}};
    for (const Range& range : ranges) {
      key.second.push_back(range.low);
      key.second.push_back(range.high);
    }
    const auto [place, fresh] = heads_.try_emplace(std::move(key), StateId{});
    if (!fresh) return place->second;
    const StateId made = builder_.state();
    place->second = made;
    std::vector<Range> raw;
    std::vector<char32_t> escaped;
    for (const Range& range : ranges) {
      if (range.low >= 0x80) raw.push_back(range);
      for (char32_t code = range.low; code <= range.high && code < 0x80; ++code) {
        escaped.push_back(code);
      }
    }
    if (!raw.empty()) builder_.code_points(made, raw, states_[to], effect_);
    if (!escaped.empty()) escapes(made, escaped, states_[to]);
    return made;
  }

  void escapes(StateId from, const std::vector<char32_t>& codes, StateId to) {
    const StateId slash = builder_.state();
    builder_.bytes(from, '\\', '\\', slash, effect_);
    StateId zeros{};
    std::array<StateId, 2> rows{};
    std::array<bool, 2> known{};
    for (const char32_t code : codes) {
      if (const char letter = short_escape(code)) {
        const auto byte = static_cast<std::uint8_t>(letter);
        builder_.bytes(slash, byte, byte, to);
        continue;
      }
      if (!known[0] && !known[1]) {
        zeros = builder_.state();
        builder_.literal(slash, "u00", zeros);
      }
      const std::size_t row = code / 16;
      if (!known[row]) {
        known[row] = true;
        rows[row] = builder_.state();
        const auto digit = static_cast<std::uint8_t>('0' + row);
        builder_.bytes(zeros, digit, digit, rows[row]);
      }
      const char32_t low = code % 16;
      if (low < 10) {
        const auto digit = static_cast<std::uint8_t>('0' + low);
        builder_.bytes(rows[row], digit, digit, to);
      } else {
        const auto small = static_cast<std::uint8_t>('a' + low - 10);
        const auto large = static_cast<std::uint8_t>('A' + low - 10);
        builder_.bytes(rows[row], small, small, to);
        builder_.bytes(rows[row], large, large, to);
      }
    }
  }

  Builder& builder_;
  const Machine& machine_;
  Effect effect_;
  std::vector<StateId> states_;
  std::map<std::pair<std::uint32_t, std::vector<std::uint32_t>>, StateId> heads_;
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

// JSON that no schema constrains.
#include <map>
#include <string_view>

#include "schema_emitter.hpp"

namespace grammar {

namespace {

constexpr Range not_plain[] = {{0, 0x1F}, {'"', '"'}, {'\\', '\\'}};

void hex_digits(Builder& builder, StateId from, StateId to, int count) {
  for (int at = 0; at < count; ++at) {
    const StateId next = at + 1 == count ? to : builder.state();
    builder.bytes(from, '0', '9', next);
    builder.bytes(from, 'a', 'f', next);
    builder.bytes(from, 'A', 'F', next);
    from = next;
  }
}

void letter(Builder& builder, StateId from, char low, StateId to) {
  const auto byte = static_cast<std::uint8_t>(low);
  builder.bytes(from, byte, byte, to);
  const auto upper = static_cast<std::uint8_t>(byte - 32);
  builder.bytes(from, upper, upper, to);
}

/// What follows a backslash: one character, or four digits; surrogates only in pairs.
void escapes(Builder& builder, StateId from, StateId to) {
  for (const char escaped : std::string_view("\"\\/bfnrt")) {
    const auto byte = static_cast<std::uint8_t>(escaped);
    builder.bytes(from, byte, byte, to);
  }
  const StateId u = builder.state();
  const StateId d = builder.state();
  const StateId three = builder.state();
  const StateId two = builder.state();
  const StateId high = builder.state();
  const StateId pair = builder.state();
  builder.bytes(from, 'u', 'u', u);
  builder.bytes(u, '0', '9', three);
  for (const char digit : {'a', 'b', 'c', 'e', 'f'}) {
    letter(builder, u, digit, three);
  }
  hex_digits(builder, three, to, 3);
  letter(builder, u, 'd', d);
  builder.bytes(d, '0', '7', two);
  hex_digits(builder, two, to, 2);
  builder.bytes(d, '8', '9', high);
  letter(builder, d, 'a', high);
  letter(builder, d, 'b', high);
  const StateId backslash = builder.state();
  hex_digits(builder, high, backslash, 2);
  const StateId low_u = builder.state();
  builder.bytes(backslash, '\\', '\\', low_u);
  const StateId low_d = builder.state();
  builder.bytes(low_u, 'u', 'u', low_d);
  const StateId low = builder.state();
  letter(builder, low_d, 'd', low);
  for (const char digit : {'c', 'd', 'e', 'f'}) {
    letter(builder, low, digit, pair);
  }
  hex_digits(builder, pair, to, 2);
}

}  // namespace

RuleId PlainJson::string_inside() {
  if (!string_inside_) {
    const RuleId rule = builder_.rule();
    const StateId begin = builder_.begin(rule);
    const StateId escaped = builder_.state();
    builder_.code_points_except(begin, not_plain, begin);
    builder_.bytes(begin, '\\', '\\', escaped);
    escapes(builder_, escaped, begin);
    builder_.epsilon(begin, builder_.end(rule));
    string_inside_ = rule;
  }
  return *string_inside_;
}

RuleId PlainJson::number() {
  if (!number_) {
    const auto leaf = leaves_.number({});
    number_ = leaf.ok() ? leaves_.rule(leaf.value()) : builder_.rule();
  }
  return *number_;
}

StateId PlainJson::separated(StateId from, char byte) {
  const StateId after = builder_.state();
  const StateId to = builder_.state();
  const auto code = static_cast<std::uint8_t>(byte);
  builder_.bytes(from, code, code, after);
  builder_.bytes(after, ' ', ' ', to);
  builder_.epsilon(after, to);
  return to;
}

RuleId PlainJson::value(std::size_t levels) {
  auto& known = levels_[levels].value;
  if (!known) {
    const RuleId rule = builder_.rule();
    known = rule;
    const StateId begin = builder_.begin(rule);
    const StateId end = builder_.end(rule);
    for (const char* word : {"null", "true", "false"}) {
      builder_.literal(begin, word, end);
    }
    const StateId inside = builder_.state();
    const StateId closing = builder_.state();
    builder_.bytes(begin, '"', '"', inside);
    builder_.call(inside, string_inside(), closing);
    builder_.bytes(closing, '"', '"', end);
    builder_.call(begin, number(), end);
    builder_.call(begin, array(levels), end);
    builder_.call(begin, object(levels), end);
  }
  return *known;
}

RuleId PlainJson::array(std::size_t levels) {
  if (!levels_[levels].array) {
    levels_[levels].array = list(levels, false);
  }
  return *levels_[levels].array;
}

RuleId PlainJson::object(std::size_t levels) {
  if (!levels_[levels].object) {
    levels_[levels].object = list(levels, true);
  }
  return *levels_[levels].object;
}

/// An array or object whose values nest one level less; empty at the last level.
RuleId PlainJson::list(std::size_t levels, bool keyed) {
  const RuleId rule = builder_.rule();
  const StateId end = builder_.end(rule);
  const auto opening = static_cast<std::uint8_t>(keyed ? '{' : '[');
  const auto closing = static_cast<std::uint8_t>(keyed ? '}' : ']');
  const StateId first = builder_.state();
  builder_.bytes(builder_.begin(rule), opening, opening, first);
  builder_.bytes(first, closing, closing, end);
  if (levels == 0) {
    return rule;
  }
  const StateId item = builder_.state();
  StateId value_from = item;
  if (keyed) {
    const StateId inside = builder_.state();
    const StateId quote = builder_.state();
    const StateId colon = builder_.state();
    builder_.bytes(item, '"', '"', inside);
    builder_.call(inside, string_inside(), quote);
    builder_.bytes(quote, '"', '"', colon);
    value_from = separated(colon, ':');
  }
  const StateId after = builder_.state();
  builder_.epsilon(first, item);
  builder_.call(value_from, value(levels - 1), after);
  builder_.bytes(after, closing, closing, end);
  builder_.epsilon(separated(after, ','), item);
  return rule;
}

namespace {

struct Letter {
  StateId state{};
  std::map<std::uint8_t, std::size_t> next;
};

}  // namespace

void emit_words(Builder& builder, StateId from,
                std::vector<std::pair<std::string, StateId>> words) {
  if (words.size() == 1) {
    builder.literal(from, words.front().first, words.front().second);
    return;
  }
  std::vector<Letter> letters(1);
  letters[0].state = from;
  for (const auto& [word, end] : words) {
    std::size_t at = 0;
    for (const char byte : word) {
      const auto code = static_cast<std::uint8_t>(byte);
      const auto [found, fresh] = letters[at].next.try_emplace(code, letters.size());
      const std::size_t to = found->second;
      if (fresh) {
        const StateId state = builder.state();
        builder.bytes(letters[at].state, code, code, state);
        letters.push_back({state, {}});
      }
      at = to;
    }
    builder.epsilon(letters[at].state, end);
  }
}

}  // namespace grammar

#include "schema_range.hpp"

#include <utility>

namespace grammar {

namespace {

void narrow_end(std::optional<NumberEnd>& end, NumberEnd other, bool is_low) {
  if (end) {
    const int order = compare(other.value, end->value);
    const bool tighter = is_low ? order > 0 : order < 0;
    if (!tighter && !(order == 0 && other.open && !end->open)) {
      return;
    }
  }
  end = std::move(other);
}

void narrow_side(const SchemaDocument& document, const SchemaWords& words, bool is_low,
                 std::optional<NumberEnd>& end) {
  const ValueId closed = words[is_low ? Word::minimum : Word::maximum];
  const ValueId open = words[is_low ? Word::exclusive_minimum : Word::exclusive_maximum];
  const bool old = open != no_value && document.at(open).kind == ValueKind::boolean;
  if (closed != no_value) {
    narrow_end(end,
               {Decimal::read(document.at(closed).text), old && document.at(open).flag, closed},
               is_low);
  }
  if (open != no_value && !old) {
    narrow_end(end, {Decimal::read(document.at(open).text), true, open}, is_low);
  }
}

}  // namespace

void NumberRange::narrow(const SchemaDocument& document, const SchemaWords& words) {
  narrow_side(document, words, true, low);
  narrow_side(document, words, false, high);
  if (words.has(Word::multiple_of)) {
    steps.push_back(words[Word::multiple_of]);
  }
}

bool NumberRange::empty(bool integers) const {
  if (!low || !high) {
    return false;
  }
  const int order = compare(low->value, high->value);
  if (order > 0 || (order == 0 && (low->open || high->open))) {
    return true;
  }
  if (!integers) {
    return false;
  }
  const auto first = next_integer(low->value, low->open);
  const auto last = next_integer(negative_of(high->value), high->open);
  return first && last && compare(*first, negative_of(*last)) > 0;
}

std::optional<bool> NumberRange::holds(const SchemaDocument& document,
                                       const Decimal& number) const {
  if (low) {
    const int order = compare(number, low->value);
    if (order < 0 || (order == 0 && low->open)) {
      return false;
    }
  }
  if (high) {
    const int order = compare(number, high->value);
    if (order > 0 || (order == 0 && high->open)) {
      return false;
    }
  }
  bool known = true;
  for (const ValueId step : steps) {
    const auto on = multiple(number, Decimal::read(document.at(step).text));
    known = known && on.has_value();
    if (on && !*on) {
      return false;
    }
  }
  return known ? std::optional<bool>(true) : std::nullopt;
}

}  // namespace grammar

#include "schema_emitter.hpp"

#include <algorithm>

#include "schema_object.hpp"

namespace grammar {

namespace {

constexpr std::size_t any_order_max = 6;  // values of a set that is written in any order
constexpr std::size_t counted_states_max = 20'000;

}  // namespace

Emitter::Emitter(Builder& builder, Leaves& leaves, PlaceTable& table, const Solution& solution,
                 const SchemaDocument& document, SchemaNotes& notes)
    : builder_(builder),
      leaves_(leaves),
      plain_(builder, leaves),
      table_(table),
      solution_(solution),
      document_(document),
      notes_(notes),
      rules_(table.size()) {}

RuleId Emitter::run() {
  const RuleId root = rule_of(PlaceTable::root());
  while (!waiting_.empty() && !notes_.refused() && !builder_.full()) {
    const PlaceId place = waiting_.back();
    waiting_.pop_back();
    emit(place);
  }
  return root;
}

RuleId Emitter::rule_of(PlaceId place) {
  if (table_.at(place).anything) {
    return plain_.value();
  }
  if (!rules_[place]) {
    rules_[place] = builder_.rule();
    waiting_.push_back(place);
  }
  return *rules_[place];
}

void Emitter::emit(PlaceId place) {
  const Shape& shape = table_.at(place);
  const StateId begin = builder_.begin(*rules_[place]);
  const StateId end = builder_.end(*rules_[place]);
  if (shape.values) {
    std::vector<std::pair<std::string, StateId>> words;
    for (const std::string& value : *shape.values) {
      words.emplace_back(value, end);
      notes_.work(value.size() * 4 + 1);
    }
    emit_words(builder_, begin, std::move(words));
    return;
  }
  if (shape.chosen) {
    for (const PlaceId other : shape.alternatives) {
      if (notes_.work(2) && solution_.alive(other)) {
        builder_.call(begin, rule_of(other), end);
      }
    }
    return;
  }
  emit_plain(shape, begin, end);
  if ((shape.types & type_array) != 0 && solution_.array_alive(shape)) {
    emit_array(shape, begin, end);
  }
  if ((shape.types & type_object) != 0 && solution_.object_alive(shape)) {
    ObjectEmitter object(builder_, leaves_, plain_, solution_, notes_,
                         [this](PlaceId other) { return rule_of(other); });
    object.emit(shape, begin, end);
  }
}

void Emitter::emit_plain(const Shape& shape, StateId from, StateId to) {
  const auto has = [&](std::uint8_t type) { return (shape.types & type) != 0; };
  if (has(type_null)) {
    builder_.literal(from, "null", to);
  }
  if (has(type_boolean) && !shape.no_true) {
    builder_.literal(from, "true", to);
  }
  if (has(type_boolean) && !shape.no_false) {
    builder_.literal(from, "false", to);
  }
  if (has(type_number)) {
    for (const LeafId leaf : shape.number.leaves) {
      builder_.call(from, leaves_.rule(leaf), to);
    }
  }
  if (has(type_string)) {
    const StateId inside = builder_.state();
    const StateId quote = builder_.state();
    builder_.bytes(from, '"', '"', inside);
    builder_.call(
        inside,
        shape.string.leaf == any_leaf ? plain_.string_inside() : leaves_.rule(shape.string.leaf),
        quote);
    builder_.bytes(quote, '"', '"', to);
  }
}

RuleId Emitter::separated_item(PlaceId place) {
  const RuleId rule = builder_.rule();
  builder_.call(plain_.separated(builder_.begin(rule), ','), rule_of(place), builder_.end(rule));
  return rule;
}

void Emitter::emit_array(const Shape& shape, StateId from, StateId to) {
  const ArrayShape& array = shape.array;
  if (array.unique && array.max > 1 && emit_unique(shape, from, to)) {
    return;
  }
  StateId at = builder_.state();
  const StateId end = builder_.state();
  builder_.bytes(from, '[', '[', at);
  builder_.bytes(end, ']', ']', to);
  std::size_t length = 0;
  while (length < array.prefix.size() && solution_.alive(array.prefix[length]) && notes_.work(4)) {
    ++length;
  }
  // A tuple that cannot be written whole ends where it must.
  const bool whole = length == array.prefix.size();
  const std::size_t min = whole ? array.min : std::min<std::size_t>(array.min, length);
  for (std::size_t item = 0; item < length; ++item) {
    if (item >= min) {
      builder_.epsilon(at, end);
    }
    const StateId next = builder_.state();
    builder_.call(item == 0 ? at : plain_.separated(at, ','), rule_of(array.prefix[item]), next);
    at = next;
  }
  if (whole && solution_.alive(array.rest) && array.max > length) {
    emit_rest(array, static_cast<std::uint32_t>(length), at, end);
  } else {
    builder_.epsilon(at, end);
  }
}

void Emitter::emit_rest(const ArrayShape& array, std::uint32_t length, StateId from, StateId end) {
  const std::uint32_t min = array.min > length ? array.min - length : 0;
  const std::uint32_t max = array.max == unbounded ? unbounded : array.max - length;
  const RuleId more = separated_item(array.rest);
  if (length > 0) {
    builder_.repeat(from, more, min, max, end);
    return;
  }
  if (min == 0) {
    builder_.epsilon(from, end);
  }
  const StateId first = builder_.state();
  builder_.call(from, rule_of(array.rest), first);
  builder_.repeat(first, more, min == 0 ? 0 : min - 1, max == unbounded ? max : max - 1, end);
}

std::optional<std::vector<std::string>> Emitter::finite(PlaceId place) const {
  std::vector<std::string> values;
  std::vector<PlaceId> waiting{place};
  while (!waiting.empty()) {
    const Shape& shape = table_.at(waiting.back());
    waiting.pop_back();
    if (shape.values) {
      values.insert(values.end(), shape.values->begin(), shape.values->end());
    } else if (shape.chosen) {
      waiting.insert(waiting.end(), shape.alternatives.begin(), shape.alternatives.end());
    } else if (!shape.anything && (shape.types & ~(type_null | type_boolean)) == type_none) {
      for (const auto& [there, text] :
           {std::pair{(shape.types & type_null) != 0, "null"},
            std::pair{(shape.types & type_boolean) != 0 && !shape.no_true, "true"},
            std::pair{(shape.types & type_boolean) != 0 && !shape.no_false, "false"}}) {
        if (there) {
          values.emplace_back(text);
        }
      }
    } else {
      return std::nullopt;
    }
    if (values.size() > table_.size() + 4'000 || !notes_.work(1)) {
      return std::nullopt;
    }
  }
  std::vector<std::string> different;
  for (std::string& value : values) {
    if (std::find(different.begin(), different.end(), value) == different.end()) {
      different.push_back(std::move(value));
    }
  }
  return different;
}

/// Items that must differ can be kept apart where they are of a few values. True where that was
/// done, or refused.
bool Emitter::emit_unique(const Shape& shape, StateId from, StateId to) {
  const ArrayShape& array = shape.array;
  const bool one_at_most = array.prefix.size() <= 1 && !solution_.alive(array.rest);
  if (one_at_most) {
    return false;
  }
  const auto values = array.prefix.empty() ? finite(array.rest) : std::nullopt;
  if (values && values->size() < array.needed) {
    notes_.refuse(unsatisfiable(document_.path(array.unique_from, "minItems"), "minItems"));
    return true;
  }
  if (values && values->size() <= any_order_max) {
    emit_sets(*values, array, from, to);
    return true;
  }
  if (values && emit_sorted(*values, array, from, to)) {
    return true;
  }
  notes_.leave_out(array.unique_from, Word::unique_items);
  return notes_.refused();
}

/// A state for each set of values that were written.
void Emitter::emit_sets(const std::vector<std::string>& values, const ArrayShape& array,
                        StateId from, StateId to) {
  std::vector<StateId> sets(std::size_t{1} << values.size());
  std::generate(sets.begin(), sets.end(), [&] { return builder_.state(); });
  builder_.bytes(from, '[', '[', sets[0]);
  for (std::size_t set = 0; set < sets.size(); ++set) {
    const auto count = static_cast<std::uint32_t>(__builtin_popcountll(set));
    if (count >= array.min) {
      builder_.bytes(sets[set], ']', ']', to);
    }
    if (count >= array.max) {
      continue;
    }
    const StateId next = set == 0 ? sets[0] : plain_.separated(sets[set], ',');
    for (std::size_t at = 0; at < values.size(); ++at) {
      if ((set >> at & 1U) == 0) {
        builder_.literal(next, values[at], sets[set | std::size_t{1} << at]);
      }
    }
  }
}

/// Many values are written in the schema's order only.
bool Emitter::emit_sorted(const std::vector<std::string>& values, const ArrayShape& array,
                          StateId from, StateId to) {
  const std::size_t count = values.size();
  const bool high = array.max < count;
  const std::size_t counted = high ? array.max : array.min;
  if (counted > 1 && count * counted > counted_states_max / 8) {
    return false;
  }
  const std::size_t rows = std::max<std::size_t>(counted, 1) + 1;
  // next[c][i]: a value from i on comes, c were written (held at the last row where max allows).
  std::vector<std::vector<StateId>> next(rows, std::vector<StateId>(count + 1));
  for (auto& row : next) {
    std::generate(row.begin(), row.end(), [&] { return builder_.state(); });
  }
  builder_.bytes(from, '[', '[', next[0][0]);
  if (array.min == 0) {
    builder_.bytes(next[0][0], ']', ']', to);
  }
  for (std::size_t row = 0; row < rows; ++row) {
    if (high && row == rows - 1) {
      break;
    }
    const std::size_t then = std::min(row + 1, rows - 1);
    for (std::size_t at = 0; at < count && notes_.work(8); ++at) {
      builder_.epsilon(next[row][at], next[row][at + 1]);
      const StateId written = builder_.state();
      builder_.literal(next[row][at], values[at], written);
      if (then >= array.min) {
        builder_.bytes(written, ']', ']', to);
      }
      if (!high || then < rows - 1) {
        builder_.epsilon(plain_.separated(written, ','), next[then][at + 1]);
      }
    }
  }
  return true;
}

}  // namespace grammar

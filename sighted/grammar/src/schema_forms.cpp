#include "schema_forms.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "schema_decimal.hpp"
#include "schema_range.hpp"
#include "schema_refusal.hpp"

namespace grammar {

namespace {

using Problem = std::optional<Refusal>;

bool all_of_kind(const SchemaDocument& document, const std::vector<ValueId>& items,
                 ValueKind kind) {
  return std::all_of(items.begin(), items.end(),
                     [&](ValueId item) { return document.at(item).kind == kind; });
}

bool is_schema(const SchemaValue& value) {
  return value.kind == ValueKind::object || value.kind == ValueKind::boolean;
}

bool are_texts(const SchemaDocument& document, const SchemaValue& value) {
  return value.kind == ValueKind::array && all_of_kind(document, value.items, ValueKind::string);
}

bool are_types(const SchemaDocument& document, const SchemaValue& value) {
  if (value.kind == ValueKind::string) {
    return type_named(value.text) != type_none;
  }
  return are_texts(document, value) && !value.items.empty() &&
         std::all_of(value.items.begin(), value.items.end(),
                     [&](ValueId item) { return type_named(document.at(item).text) != type_none; });
}

template <class Fits>
bool all_members(const SchemaValue& value, Fits fits) {
  return value.kind == ValueKind::object &&
         std::all_of(value.members.begin(), value.members.end(),
                     [&](const SchemaMember& member) { return fits(member.value); });
}

bool fits(const SchemaDocument& document, const SchemaValue& value, Form form) {
  const auto schema = [&](ValueId id) { return is_schema(document.at(id)); };
  const auto texts = [&](ValueId id) { return are_texts(document, document.at(id)); };
  switch (form) {
    case Form::anything: return true;
    case Form::schema: return is_schema(value);
    case Form::schemas:
      return value.kind == ValueKind::array && !value.items.empty() &&
             std::all_of(value.items.begin(), value.items.end(), schema);
    case Form::schema_or_all:
      return is_schema(value) || (value.kind == ValueKind::array &&
                                  std::all_of(value.items.begin(), value.items.end(), schema));
    case Form::schema_map: return all_members(value, schema);
    case Form::count:
      return value.kind == ValueKind::number && Decimal::read(value.text).count().has_value();
    case Form::number: return value.kind == ValueKind::number;
    case Form::positive: {
      const Decimal number = Decimal::read(value.text);
      return value.kind == ValueKind::number && !number.zero() && !number.negative;
    }
    case Form::bound: return value.kind == ValueKind::number || value.kind == ValueKind::boolean;
    case Form::text: return value.kind == ValueKind::string;
    case Form::texts: return are_texts(document, value);
    case Form::flag: return value.kind == ValueKind::boolean;
    case Form::types: return are_types(document, value);
    case Form::values: return value.kind == ValueKind::array;
    case Form::text_lists: return all_members(value, texts);
    case Form::dependencies:
      return all_members(value, [&](ValueId id) { return schema(id) || texts(id); });
  }
  return false;
}

Refusal refuse(Refusal (*kind)(std::string, std::string), const SchemaDocument& document,
               ValueId schema, Word word) {
  const std::string name(client_name(word));
  return kind(document.path(schema, name), name);
}

Problem check_counts(const SchemaDocument& document, ValueId schema, const SchemaWords& words,
                     const SchemaLimits& limits, Word low, Word high) {
  if (!words.has(low)) {
    return std::nullopt;
  }
  const auto min = Decimal::read(document.at(words[low]).text).count().value_or(0);
  if (words.has(high) && min > Decimal::read(document.at(words[high]).text).count().value_or(0)) {
    return refuse(unsatisfiable, document, schema, low);
  }
  if (min > limits.repetitions_max) {
    const std::string name(client_name(low));
    return too_large(document.path(schema, name), name, limits.repetitions_max);
  }
  return std::nullopt;
}

Problem check_numbers(const SchemaDocument& document, ValueId schema, const SchemaWords& words) {
  NumberRange range;
  range.narrow(document, words);
  const bool integers = words.has(Word::type) && (types_of(document, words) & type_fraction) == 0;
  if (!range.empty(integers)) {
    return std::nullopt;
  }
  // Named is the lower bound, by its own word.
  const bool open =
      words.has(Word::exclusive_minimum) && range.low->from == words[Word::exclusive_minimum];
  return refuse(unsatisfiable, document, schema, open ? Word::exclusive_minimum : Word::minimum);
}

Problem check_values(const SchemaDocument& document, ValueId schema, const SchemaWords& words) {
  const std::uint8_t types = types_of(document, words);
  const auto typed = [&](ValueId value) { return (type_of(document, value) & types) != 0; };
  if (words.has(Word::constant) && !typed(words[Word::constant])) {
    return refuse(unsatisfiable, document, schema, Word::constant);
  }
  if (words.has(Word::enumeration)) {
    const auto& values = document.at(words[Word::enumeration]).items;
    if (std::none_of(values.begin(), values.end(), typed)) {
      return refuse(unsatisfiable, document, schema, Word::enumeration);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> check_form(const SchemaDocument& document, ValueId id, Word word,
                                  const SchemaLimits& limits) {
  const SchemaValue& value = document.at(id);
  const WordFact& known = fact(word);
  if (!fits(document, value, known.form)) {
    return malformed(document.path(id), std::string(known.name));
  }
  const bool alternatives = word == Word::enumeration || word == Word::any_of ||
                            word == Word::one_of || word == Word::all_of || word == Word::type;
  if (alternatives && value.items.size() > limits.alternatives_max) {
    return too_large(document.path(id), std::string(known.name), limits.alternatives_max);
  }
  if (word == Word::enumeration && value.items.empty()) {
    return unsatisfiable(document.path(id), std::string(known.name));
  }
  return std::nullopt;
}

std::optional<Refusal> check_sense(const SchemaDocument& document, ValueId schema,
                                   const SchemaWords& words, const SchemaLimits& limits) {
  static constexpr std::pair<Word, Word> counts[] = {{Word::min_length, Word::max_length},
                                                     {Word::min_items, Word::max_items},
                                                     {Word::min_contains, Word::max_contains},
                                                     {Word::min_properties, Word::max_properties}};
  for (const auto& [low, high] : counts) {
    if (auto problem = check_counts(document, schema, words, limits, low, high)) {
      return problem;
    }
  }
  if (auto problem = check_numbers(document, schema, words)) {
    return problem;
  }
  return check_values(document, schema, words);
}

}  // namespace grammar

#include "schema_words.hpp"

#include <unordered_map>

#include "schema_decimal.hpp"

namespace grammar {

namespace {

constexpr std::array<WordFact, static_cast<std::size_t>(Word::count)> facts{{
    {"type", Form::types},
    {"enum", Form::values},
    {"const", Form::anything},
    {"multipleOf", Form::positive},
    {"maximum", Form::number},
    {"exclusiveMaximum", Form::bound},
    {"minimum", Form::number},
    {"exclusiveMinimum", Form::bound},
    {"maxLength", Form::count},
    {"minLength", Form::count},
    {"pattern", Form::text},
    {"format", Form::text},
    {"items", Form::schema_or_all},
    {"prefixItems", Form::schemas},
    {"additionalItems", Form::schema},
    {"maxItems", Form::count},
    {"minItems", Form::count},
    {"uniqueItems", Form::flag},
    {"contains", Form::schema},
    {"maxContains", Form::count},
    {"minContains", Form::count},
    {"properties", Form::schema_map},
    {"patternProperties", Form::schema_map},
    {"additionalProperties", Form::schema},
    {"required", Form::texts},
    {"maxProperties", Form::count},
    {"minProperties", Form::count},
    {"propertyNames", Form::schema},
    {"dependentRequired", Form::text_lists},
    {"dependentSchemas", Form::schema_map},
    {"dependencies", Form::dependencies},
    {"allOf", Form::schemas},
    {"anyOf", Form::schemas},
    {"oneOf", Form::schemas},
    {"not", Form::schema},
    {"if", Form::schema},
    {"then", Form::schema},
    {"else", Form::schema},
    {"$ref", Form::text},
    {"$dynamicRef", Form::text},
    {"$recursiveRef", Form::text},
    {"nullable", Form::flag},
    {"unevaluatedItems", Form::schema},
    {"unevaluatedProperties", Form::schema},
    {"$defs", Form::schema_map},
    {"definitions", Form::schema_map},
    {"excluded", Form::values},
    {"excluded pattern", Form::text},
}};

}  // namespace

const WordFact& fact(Word word) {
  return facts[static_cast<std::size_t>(word)];
}

std::string_view client_name(Word word) {
  switch (word) {
    case Word::excluded: return fact(Word::enumeration).name;
    case Word::excluded_pattern: return fact(Word::pattern).name;
    default: return fact(word).name;
  }
}

Word word_of(std::string_view name) {
  static const std::unordered_map<std::string_view, Word> words = [] {
    std::unordered_map<std::string_view, Word> map;
    for (std::size_t at = 0; at < facts.size(); ++at) {
      map.emplace(facts[at].name, static_cast<Word>(at));
    }
    return map;
  }();
  const auto found = words.find(name);
  return found == words.end() ? Word::count : found->second;
}

SchemaWords SchemaWords::read(const SchemaDocument& document, ValueId schema) {
  SchemaWords words;
  const SchemaValue& value = document.at(schema);
  for (const auto& member : value.members) {
    const Word word = word_of(member.name);
    const bool ours = word == Word::excluded || word == Word::excluded_pattern;
    if (word == Word::count || (ours && !value.made)) {
      continue;
    }
    words.values_[index(word)] = member.value;
    words.none_ = words.none_ && (word == Word::definitions || word == Word::old_definitions);
  }
  return words;
}

std::uint8_t type_named(std::string_view name) {
  static const std::unordered_map<std::string_view, std::uint8_t> types{
      {"null", type_null},     {"boolean", type_boolean}, {"integer", type_integer},
      {"number", type_number}, {"string", type_string},   {"array", type_array},
      {"object", type_object}};
  const auto found = types.find(name);
  return found == types.end() ? type_none : found->second;
}

std::uint8_t types_of(const SchemaDocument& document, const SchemaWords& words) {
  if (!words.has(Word::type)) {
    return type_any;
  }
  const SchemaValue& type = document.at(words[Word::type]);
  std::uint8_t types = type_none;
  if (type.kind == ValueKind::string) {
    types = type_named(type.text);
  }
  for (const ValueId item : type.items) {
    types = static_cast<std::uint8_t>(types | type_named(document.at(item).text));
  }
  const bool nullable = words.has(Word::nullable) && document.at(words[Word::nullable]).flag;
  return nullable ? static_cast<std::uint8_t>(types | type_null) : types;
}

std::uint8_t type_of(const SchemaDocument& document, ValueId id) {
  const SchemaValue& value = document.at(id);
  switch (value.kind) {
    case ValueKind::null: return type_null;
    case ValueKind::boolean: return type_boolean;
    case ValueKind::number:
      return Decimal::read(value.text).integer() ? type_integer : type_fraction;
    case ValueKind::string: return type_string;
    case ValueKind::array: return type_array;
    case ValueKind::object: return type_object;
  }
  return type_none;
}

}  // namespace grammar

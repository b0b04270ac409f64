// The keywords of JSON Schema that this room knows, and a schema's values of them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "schema_document.hpp"

namespace grammar {

enum class Word : std::uint8_t {
  type,
  enumeration,
  constant,
  multiple_of,
  maximum,
  exclusive_maximum,
  minimum,
  exclusive_minimum,
  max_length,
  min_length,
  pattern,
  format,
  items,
  prefix_items,
  additional_items,
  max_items,
  min_items,
  unique_items,
  contains,
  max_contains,
  min_contains,
  properties,
  pattern_properties,
  additional_properties,
  required,
  max_properties,
  min_properties,
  property_names,
  dependent_required,
  dependent_schemas,
  dependencies,
  all_of,
  any_of,
  one_of,
  negation,
  condition,
  consequence,
  otherwise,
  reference,
  dynamic_reference,
  recursive_reference,
  nullable,
  unevaluated_items,
  unevaluated_properties,
  definitions,
  old_definitions,
  excluded,          ///< of made schemas only: an array of values that the instance is none of
  excluded_pattern,  ///< of made schemas only: a pattern that the string does not match
  count
};

/// What a keyword's value must be.
enum class Form : std::uint8_t {
  anything,
  schema,
  schemas,        ///< an array of at least one
  schema_or_all,  ///< one schema, or an array of any number
  schema_map,
  count,  ///< a non-negative integer; 2.0 is one
  number,
  positive,  ///< a number above 0
  bound,     ///< a number; a boolean in draft 4
  text,
  texts,
  flag,
  types,
  values,
  text_lists,    ///< an object of arrays of strings
  dependencies,  ///< an object of schemas and arrays of strings
};

struct WordFact {
  std::string_view name;
  Form form;
};

[[nodiscard]] const WordFact& fact(Word word);

/// As a client wrote it: what a `not` was rewritten to has the name of what stands in it.
[[nodiscard]] std::string_view client_name(Word word);

/// Word::count for a name that asserts nothing here.
[[nodiscard]] Word word_of(std::string_view name);

/// A schema's keywords: the value of each, or no_value.
class SchemaWords {
 public:
  SchemaWords() { values_.fill(no_value); }
  [[nodiscard]] static SchemaWords read(const SchemaDocument& document, ValueId schema);

  [[nodiscard]] ValueId operator[](Word word) const { return values_[index(word)]; }
  [[nodiscard]] bool has(Word word) const { return values_[index(word)] != no_value; }
  /// No keyword that asserts anything.
  [[nodiscard]] bool none() const { return none_; }

 private:
  static std::size_t index(Word word) { return static_cast<std::size_t>(word); }
  std::array<ValueId, static_cast<std::size_t>(Word::count)> values_;
  bool none_ = true;
};

/// Types as a set of bits. `integer` is a part of `number`.
using Types = std::uint8_t;
inline constexpr Types type_none = 0;
inline constexpr Types type_null = 1;
inline constexpr Types type_boolean = 2;
inline constexpr Types type_integer = 4;
inline constexpr Types type_fraction = 8;  ///< numbers that are no integers
inline constexpr Types type_string = 16;
inline constexpr Types type_array = 32;
inline constexpr Types type_object = 64;
inline constexpr Types type_number = type_integer | type_fraction;
inline constexpr Types type_any = 127;

/// type_none for an unknown word.
[[nodiscard]] Types type_named(std::string_view name);

/// The types that a checked `type` (and `nullable`) allows; type_any where there is none.
[[nodiscard]] Types types_of(const SchemaDocument& document, const SchemaWords& words);

/// The type of a value. A number with nothing behind the point is an integer.
[[nodiscard]] Types type_of(const SchemaDocument& document, ValueId value);

}  // namespace grammar

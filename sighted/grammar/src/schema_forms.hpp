// Whether one keyword's value is well formed, and whether one schema's keywords go together.
#pragma once

#include <optional>

#include <grammar/schema.hpp>

#include "schema_document.hpp"
#include "schema_words.hpp"

namespace grammar {

/// malformed, too_large, or unsatisfiable (an empty enum).
[[nodiscard]] std::optional<Refusal> check_form(const SchemaDocument& document, ValueId value,
                                                Word word, const SchemaLimits& limits);

/// unsatisfiable where bounds are inverted, nothing lies between them, or no value of an enum has
/// one of the types; too_large where a minimum is more than any context holds.
[[nodiscard]] std::optional<Refusal> check_sense(const SchemaDocument& document, ValueId schema,
                                                 const SchemaWords& words,
                                                 const SchemaLimits& limits);

/// Calls see(schema) for each schema that stands directly in a well-formed keyword value.
template <class See>
void for_each_schema(const SchemaDocument& document, ValueId id, Form form, See see) {
  const SchemaValue& value = document.at(id);
  switch (form) {
    case Form::schema: see(id); return;
    case Form::schema_or_all:
      if (value.kind != ValueKind::array) {
        see(id);
        return;
      }
      [[fallthrough]];
    case Form::schemas:
      for (const ValueId item : value.items) {
        see(item);
      }
      return;
    case Form::schema_map:
    case Form::dependencies:
      for (const auto& member : value.members) {
        if (document.at(member.value).kind != ValueKind::array) {
          see(member.value);
        }
      }
      return;
    default: return;
  }
}

}  // namespace grammar

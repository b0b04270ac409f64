// The smallest JSON value that satisfies a schema, for an engine that has no model to ask.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace engine::scripted {

/// schema   JSON text. Understands type, const, enum, properties with required, items with
///          minItems, minLength, minimum, anyOf, oneOf, allOf (the first) and local $ref.
/// returns  JSON text; nothing where the schema is not a JSON object or nests without end.
[[nodiscard]] std::optional<std::string> smallest_json(std::string_view schema);

}  // namespace engine::scripted

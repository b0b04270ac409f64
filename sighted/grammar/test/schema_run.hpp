// Compiles schemas in tests.
#pragma once

#include <string>
#include <string_view>

#include <grammar/schema.hpp>

#include "leaf_run.hpp"

namespace grammar {

/// "ok", or the refusal in words: "unsatisfiable properties.n.minimum (minimum)".
inline std::string outcome(const base::Result<CompiledSchema, Refusal>& compiled) {
  if (compiled.ok()) {
    return "ok";
  }
  static constexpr const char* kinds[] = {"malformed", "unsatisfiable", "unsupported", "too_large"};
  const Refusal& why = compiled.error();
  std::string text = kinds[static_cast<std::size_t>(why.kind)];
  text += why.path.empty() ? "" : " " + why.path;
  text += " (" + why.keyword + ")";
  return why.limit == 0 ? text : text + " " + std::to_string(why.limit);
}

inline std::string strictly(std::string_view schema) {
  return outcome(compile_schema(schema, SchemaMode::strict));
}

inline std::string leniently(std::string_view schema) {
  return outcome(compile_schema(schema, SchemaMode::lenient));
}

}  // namespace grammar

// What is checked of a schema before anything is made of it: that every keyword is well formed,
// that no schema contradicts itself, that references lead somewhere and not in circles, and sizes.
#pragma once

#include <unordered_map>
#include <vector>

#include <base/result.hpp>

#include <grammar/schema.hpp>

#include "schema_document.hpp"
#include "schema_words.hpp"

namespace grammar {

struct CheckedSchema {
  std::unordered_map<ValueId, ValueId> references;  ///< schema with $ref -> the schema it means
  std::vector<ValueId> remote;                      ///< schemas whose $ref leaves the document
};

/// Linear in the document, but for paths. Looks at all schemas, those that nothing refers to too.
[[nodiscard]] base::Result<CheckedSchema, Refusal> check_schema(const SchemaDocument& document,
                                                                const SchemaLimits& limits);

}  // namespace grammar

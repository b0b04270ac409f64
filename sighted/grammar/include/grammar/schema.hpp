// JSON Schema: which JSON texts satisfy it, as a Grammar.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <base/result.hpp>

#include "grammar.hpp"
#include "refusal.hpp"

namespace grammar {

/// What happens to a keyword that cannot be enforced. Malformed and unsatisfiable schemas are
/// refused in both modes.
enum class SchemaMode {
  strict,   ///< Refused, by keyword and path.
  lenient,  ///< Left out, and told in `unenforced`.
};

struct SchemaLimits {
  std::size_t bytes_max = 256 * 1024;      ///< of the schema's text
  std::size_t values_max = 60'000;         ///< JSON values in it
  std::size_t levels_max = 64;             ///< schemas within schemas
  std::size_t properties_max = 2'000;      ///< under all `properties` together
  std::size_t alternatives_max = 2'000;    ///< of one enum, anyOf, oneOf, allOf or type
  std::size_t references_max = 2'000;      ///< $ref in the whole
  std::size_t repetitions_max = 100'000;   ///< as a minimum; maxima may be any
  std::size_t text_bytes_max = 1'000'000;  ///< of the shortest text that satisfies the schema
  std::size_t places_max = 10'000;         ///< schemas after references and alternatives are put in
  std::size_t edges_max = 200'000;         ///< of the grammar
  std::size_t work_max = 1'200'000;        ///< steps of compiling, of about 10 ns each
};

struct CompiledSchema {
  GrammarPtr grammar;
  /// In lenient mode: where keywords are that the grammar does not hold to, such as
  /// "properties.a.uniqueItems". At most 100, in the order of the schema.
  std::vector<std::string> unenforced;
};

/// The grammar's texts are compact JSON: no blanks but at most one after `:` and `,`; properties in
/// the schema's order, each at most once. Every text of a strict grammar satisfies the schema; not
/// every text that satisfies it is in the grammar:
///  - where `properties` is given and `additionalProperties` is not, only declared and required
///    keys are written;
///  - a value that nothing constrains nests at most 16 levels of its own;
///  - where an `enum` or `const` applies, values are written as they stand there, without blanks.
/// Repeated keys cannot be kept out where any key may be written; the last one counts.
/// Within the limits it takes less than 50 ms, refusals less than 20 ms. Threads: any.
[[nodiscard]] base::Result<CompiledSchema, Refusal> compile_schema(std::string_view schema,
                                                                   SchemaMode mode,
                                                                   const SchemaLimits& limits = {});

/// The grammar of any JSON object, nesting at most 16 levels. Shared.
[[nodiscard]] GrammarPtr any_json_object();

}  // namespace grammar

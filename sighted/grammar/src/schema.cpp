#include <grammar/schema.hpp>

#include <utility>

#include <grammar/builder.hpp>

#include "schema_emitter.hpp"
#include "schema_guard.hpp"
#include "schema_leaves.hpp"
#include "schema_notes.hpp"
#include "schema_solution.hpp"
#include "schema_table.hpp"

namespace grammar {

namespace {

/// Nested JSON that a schema of so many levels can need: `properties` and the like lie between, and
/// values of enum and const have levels of their own.
constexpr std::size_t json_levels_per_schema = 3;

/// Why nothing satisfies the schema. Where we ourselves held to less than was allowed, that is not
/// known.
Refusal why_not(const PlaceTable& table, const Solution& solution, const SchemaDocument& document) {
  Refusal refusal = solution.reason(document);
  if (table.rewriter().narrowed()) {
    refusal.kind = Refusal::Kind::unsupported;
  }
  return refusal;
}

}  // namespace

base::Result<CompiledSchema, Refusal> compile_schema(std::string_view schema, SchemaMode mode,
                                                     const SchemaLimits& limits) {
  auto document = SchemaDocument::parse(
      schema, {limits.bytes_max, limits.values_max, limits.levels_max * json_levels_per_schema});
  if (!document.ok()) {
    return base::Fail{document.error()};
  }
  const auto checked = check_schema(document.value(), limits);
  if (!checked.ok()) {
    return base::Fail{checked.error()};
  }
  SchemaNotes notes(document.value(), mode, limits);
  for (const ValueId remote : checked.value().remote) {
    notes.leave_out(remote, Word::reference);
  }
  Builder builder;
  Leaves leaves(builder);
  PlaceTable table(document.value(), checked.value(), notes, leaves);
  if (!notes.refused()) {
    table.fill();
  }
  if (notes.refused()) {
    return base::Fail{*notes.refusal()};
  }
  loosen_tuples(table, notes);
  const Solution solution(table, notes);
  if (notes.refused()) {
    return base::Fail{*notes.refusal()};
  }
  if (!solution.alive(PlaceTable::root())) {
    return base::Fail{why_not(table, solution, document.value())};
  }
  if (solution.shortest(PlaceTable::root()) > limits.text_bytes_max) {
    return base::Fail{too_large("", "shortest text", limits.text_bytes_max)};
  }
  Emitter emitter(builder, leaves, table, solution, document.value(), notes);
  const RuleId root = emitter.run();
  if (notes.refused()) {
    return base::Fail{*notes.refusal()};
  }
  auto grammar = builder.build(root);
  if (!grammar.ok()) {
    Refusal why = grammar.error();
    why.keyword = why.keyword.empty() ? "schema" : why.keyword;
    return base::Fail{std::move(why)};
  }
  return CompiledSchema{std::move(grammar).value(), notes.unenforced()};
}

GrammarPtr any_json_object() {
  static const GrammarPtr grammar = [] {
    Builder builder;
    Leaves leaves(builder);
    PlainJson plain(builder, leaves);
    auto built = builder.build(plain.object(PlainJson::levels_max));
    base::invariant(built.ok(), "any JSON object is a grammar");
    return std::move(built).value();
  }();
  return grammar;
}

}  // namespace grammar

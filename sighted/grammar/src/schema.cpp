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

/// Where it costs too much to hold to all, `less` leaves out what makes alternatives multiply.
base::Result<CompiledSchema, Refusal> compile(SchemaDocument document, const CheckedSchema& checked,
                                              SchemaMode mode, const SchemaLimits& limits,
                                              bool less) {
  SchemaNotes notes(document, mode, limits);
  for (const ValueId remote : checked.remote) {
    notes.leave_out(remote, Word::reference);
  }
  Builder builder;
  Leaves leaves(builder);
  PlaceTable table(document, checked, notes, leaves);
  if (less) {
    table.rewriter().say_less();
  }
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
    return base::Fail{why_not(table, solution, document)};
  }
  if (solution.shortest(PlaceTable::root()) > limits.text_bytes_max) {
    return base::Fail{too_large("", "shortest text", limits.text_bytes_max)};
  }
  Emitter emitter(builder, leaves, table, solution, document, notes);
  const RuleId root = emitter.run();
  if (!notes.refused() && builder.edges() > limits.edges_max) {
    notes.refuse(too_large("", "edges", limits.edges_max));
  }
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

}  // namespace

base::Result<CompiledSchema, Refusal> compile_schema(std::string_view schema, SchemaMode mode,
                                                     const SchemaLimits& limits) {
  const auto document = SchemaDocument::parse(
      schema, {limits.bytes_max, limits.values_max, limits.levels_max * json_levels_per_schema});
  if (!document.ok()) {
    return base::Fail{document.error()};
  }
  const auto checked = check_schema(document.value(), limits);
  if (!checked.ok()) {
    return base::Fail{checked.error()};
  }
  auto compiled = compile(document.value(), checked.value(), mode, limits, false);
  const bool costly = !compiled.ok() && compiled.error().kind == Refusal::Kind::too_large &&
                      compiled.error().path.empty();
  return mode == SchemaMode::lenient && costly
             ? compile(document.value(), checked.value(), mode, limits, true)
             : compiled;
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

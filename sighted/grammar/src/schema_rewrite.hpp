// Keywords that say "unless" and "not" said with the few that the compiler knows: schemas are made
// that hold exactly, or more narrowly, where those do.
#pragma once

#include <vector>

#include "schema_guard.hpp"
#include "schema_outline.hpp"

namespace grammar {

/// What holds beside a schema because of its oneOf, not, if, dependentRequired, dependentSchemas
/// and dependencies.
struct Implied {
  std::vector<ValueId> schemas;
  std::vector<Word> left_out;  ///< keywords of it that could not be said
};

/// Adds to the document. Work is bounded by schemas_max made schemas; beyond it nothing more can be
/// said.
class Rewriter {
 public:
  Rewriter(SchemaDocument& document, const CheckedSchema& checked);

  [[nodiscard]] Implied imply(ValueId schema, const SchemaWords& words);

  /// From here on only alternatives are said, and everything else is left out.
  void say_less() { says_less_ = true; }

  /// Something made holds more narrowly than what was asked for.
  [[nodiscard]] bool narrowed() const { return narrowed_; }

 private:
  /// A schema that holds only where the given one does not; no_value where none is known.
  ValueId negate(ValueId schema, int depth);
  /// The same beside `other`; no_value also where only what contradicts that could be said.
  ValueId negate_beside(ValueId schema, ValueId other);
  void negate_words(ValueId schema, const SchemaWords& words, int depth,
                    std::vector<ValueId>& alternatives);
  void negate_values(ValueId schema, const SchemaWords& words, std::vector<ValueId>& alternatives);
  void negate_bounds(ValueId schema, const SchemaWords& words, std::vector<ValueId>& alternatives);
  void negate_object(ValueId schema, const SchemaWords& words, int depth,
                     std::vector<ValueId>& alternatives);
  void negate_groups(ValueId schema, const SchemaWords& words, int depth,
                     std::vector<ValueId>& alternatives);

  Implied imply_less(const SchemaWords& words);
  bool imply_one(ValueId schema, ValueId branches, Implied& implied);
  bool imply_condition(ValueId schema, const SchemaWords& words, Implied& implied);
  void imply_dependencies(ValueId schema, ValueId map, Implied& implied);

  ValueId made(ValueId origin);
  ValueId with(ValueId origin, Word word, ValueId value);
  ValueId group(ValueId origin, Word word, const std::vector<ValueId>& schemas);
  ValueId typed(ValueId origin, std::uint8_t types);
  ValueId absent(ValueId origin, const std::string& key);
  ValueId texts(ValueId origin, const std::vector<std::string>& names);
  void put(ValueId schema, Word word, ValueId value);

  SchemaDocument& document_;
  const CheckedSchema& checked_;
  Outlines outlines_;
  std::size_t made_ = 0;
  bool narrowed_ = false;
  bool says_less_ = false;
};

}  // namespace grammar

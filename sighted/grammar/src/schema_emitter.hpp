// Writes the places of a schema as rules of a grammar.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <grammar/builder.hpp>

#include "schema_leaves.hpp"
#include "schema_solution.hpp"
#include "schema_table.hpp"

namespace grammar {

/// Rules of JSON that no schema constrains.
class PlainJson {
 public:
  PlainJson(Builder& builder, Leaves& leaves) : builder_(builder), leaves_(leaves) {}

  /// Values nest at most this deep.
  static constexpr std::size_t levels_max = 16;

  RuleId string_inside();
  RuleId number();
  RuleId value(std::size_t levels = levels_max);
  RuleId array(std::size_t levels);
  RuleId object(std::size_t levels);

  /// The byte and an optional blank.
  StateId separated(StateId from, char byte);

 private:
  struct Level {
    std::optional<RuleId> value, array, object;
  };
  RuleId list(std::size_t levels, bool keyed);

  Builder& builder_;
  Leaves& leaves_;
  std::optional<RuleId> string_inside_;
  std::optional<RuleId> number_;
  std::array<Level, levels_max + 1> levels_;
};

class Emitter {
 public:
  Emitter(Builder& builder, Leaves& leaves, PlaceTable& table, const Solution& solution,
          const SchemaDocument& document, SchemaNotes& notes);

  /// The rule of the root, and all that it calls.
  RuleId run();

 private:
  RuleId rule_of(PlaceId place);
  void emit(PlaceId place);
  void emit_plain(const Shape& shape, StateId from, StateId to);
  void emit_array(const Shape& shape, StateId from, StateId to);
  void emit_rest(const ArrayShape& array, std::uint32_t length, StateId from, StateId end);
  bool emit_unique(const Shape& shape, StateId from, StateId to);
  void emit_sets(const std::vector<std::string>& values, const ArrayShape& array, StateId from,
                 StateId to);
  bool emit_sorted(const std::vector<std::string>& values, const ArrayShape& array, StateId from,
                   StateId to);
  RuleId separated_item(PlaceId place);

  [[nodiscard]] std::optional<std::vector<std::string>> finite(PlaceId place) const;

  Builder& builder_;
  Leaves& leaves_;
  PlainJson plain_;
  PlaceTable& table_;
  const Solution& solution_;
  const SchemaDocument& document_;
  SchemaNotes& notes_;
  std::vector<std::optional<RuleId>> rules_;
  std::vector<PlaceId> waiting_;
};

/// Edges for many words at once, each with its own end: as many states as letters at most.
void emit_words(Builder& builder, StateId from, std::vector<std::pair<std::string, StateId>> words);

}  // namespace grammar

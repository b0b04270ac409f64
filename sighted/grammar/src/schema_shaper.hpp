// Puts the keywords of a place's schemas together, type by type.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "schema_table.hpp"

namespace grammar {

/// Steps of work for a demand that was not compiled before.
inline constexpr std::size_t leaf_work = 1'500;
inline constexpr std::size_t edge_work = 75;

class Shaper {
 public:
  Shaper(PlaceTable& table, Shape& shape, const std::vector<Element>& elements);

  void run();

 private:
  struct Part {
    ValueId schema;
    const SchemaWords* words;
  };

  void exclude_plain();
  void shape_string();
  bool try_text(const Part& part, Word word, const TextDemand& demand);
  void shape_number();
  [[nodiscard]] std::vector<NumberDemand> number_demands(NumberDemand demand);
  void compile_number(const NumberDemand& whole, ValueId from, Word word);
  void shape_array();
  void add_contains();
  [[nodiscard]] std::vector<ValueId> schemas_of_item(std::size_t at) const;
  [[nodiscard]] std::vector<ValueId> schemas_of_rest() const;

  void shape_object();
  void name_keys();
  void gather_properties();
  void gather_unevaluated(std::vector<std::vector<ValueId>>& schemas);
  void add_free_keys();
  void add_keys(const std::vector<std::string>& patterns, std::size_t meant);
  void refuse_keys(const Refusal& why);
  bool restrict_keys(TextDemand& demand);

  /// The tightest of a count over all schemas; `from` is one that says it.
  [[nodiscard]] std::uint32_t highest(Word word, ValueId* from = nullptr) const;
  [[nodiscard]] std::uint32_t lowest(Word word, ValueId* from = nullptr) const;

  void take_out(std::uint8_t type, Refusal why);
  void contradict(std::uint8_t type, ValueId schema, Word word);

  PlaceTable& table_;
  SchemaDocument& document_;
  SchemaNotes& notes_;
  Shape& shape_;
  std::vector<Part> parts_;
  std::vector<std::string> keys_;  ///< of an object, in order
  std::unordered_map<std::string, std::size_t> key_index_;
};

}  // namespace grammar

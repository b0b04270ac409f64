// Whether two schemas can hold for one value: what is seen from outside, without compiling them.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "schema_guard.hpp"
#include "schema_range.hpp"

namespace grammar {

/// What every value of a schema has.
struct Outline {
  std::uint8_t types = type_any;
  std::optional<std::vector<std::string>> values;  ///< canonical texts; the value is one of them
  NumberRange range;
  std::unordered_set<std::string> required;
  std::unordered_map<std::string, std::vector<ValueId>> properties;
  bool closed = false;  ///< no keys but those of `properties`
};

class Outlines {
 public:
  Outlines(const SchemaDocument& document, const CheckedSchema& checked)
      : document_(document), checked_(checked) {}

  /// No value satisfies two of these. False may mean that it is not known.
  [[nodiscard]] bool all_disjoint(const std::vector<ValueId>& schemas) const;
  [[nodiscard]] bool disjoint(ValueId one, ValueId other) const;

 private:
  [[nodiscard]] Outline outline(ValueId schema, int depth) const;
  void add(ValueId schema, int depth, int& schemas_left, Outline& outline) const;
  void add_values(const std::vector<ValueId>& values, Outline& outline) const;
  [[nodiscard]] bool disjoint(const Outline& one, const Outline& other, int depth) const;
  [[nodiscard]] bool told_by_key(const Outline& one, const Outline& other, int depth) const;
  [[nodiscard]] bool told_by_tag(const std::vector<Outline>& outlines) const;

  const SchemaDocument& document_;
  const CheckedSchema& checked_;
  mutable std::size_t outlines_left_ = 10'000;  ///< of a whole compilation; then nothing is known
};

}  // namespace grammar

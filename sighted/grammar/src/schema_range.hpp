// The numbers that minimum, maximum, their exclusive forms and multipleOf leave.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schema_decimal.hpp"
#include "schema_document.hpp"
#include "schema_words.hpp"

namespace grammar {

struct NumberEnd {
  Decimal value;
  bool open = false;        ///< the value itself is out
  ValueId from = no_value;  ///< the keyword's value that says so
};

struct NumberRange {
  std::optional<NumberEnd> low;
  std::optional<NumberEnd> high;
  std::vector<ValueId> steps;  ///< multipleOf

  /// Narrows the range by a schema's keywords.
  void narrow(const SchemaDocument& document, const SchemaWords& words);

  [[nodiscard]] bool free() const { return !low && !high && steps.empty(); }
  /// No number lies between the ends; no integer where only those count. Leaves the steps out.
  [[nodiscard]] bool empty(bool integers) const;
  /// Whether a number lies between the ends and on the steps; empty where that takes too long.
  [[nodiscard]] std::optional<bool> holds(const SchemaDocument& document,
                                          const Decimal& number) const;
};

}  // namespace grammar

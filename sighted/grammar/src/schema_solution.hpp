// Which places can be filled at all, and how short their shortest texts are.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "schema_table.hpp"

namespace grammar {

class Solution {
 public:
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

  /// Work is taken from `notes`.
  Solution(const PlaceTable& table, SchemaNotes& notes);

  [[nodiscard]] bool alive(PlaceId place) const {
    return place != no_place && shortest_[place] != never;
  }
  /// Of a place's array, and object, alone.
  [[nodiscard]] bool array_alive(const Shape& shape) const { return array(shape) != never; }
  [[nodiscard]] bool object_alive(const Shape& shape) const { return object(shape) != never; }
  /// In bytes; held at 10^12.
  [[nodiscard]] std::uint64_t shortest(PlaceId place) const { return shortest_[place]; }

  /// Why the root cannot be filled.
  [[nodiscard]] Refusal reason(const SchemaDocument& document) const;

 private:
  [[nodiscard]] std::uint64_t of(const Shape& shape) const;
  [[nodiscard]] std::uint64_t array(const Shape& shape) const;
  [[nodiscard]] std::uint64_t object(const Shape& shape) const;
  [[nodiscard]] PlaceId culprit(const Shape& shape) const;

  const PlaceTable& table_;
  std::vector<std::uint64_t> shortest_;
};

}  // namespace grammar

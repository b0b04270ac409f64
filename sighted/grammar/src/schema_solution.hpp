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

  /// Work is taken from `notes`. With `tuples_whole`, tuples count as they are written and not as
  /// the schema asks for them.
  Solution(const PlaceTable& table, SchemaNotes& notes, bool tuples_whole = false);

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
  bool tuples_whole_;
  std::vector<std::uint64_t> shortest_;
};

/// A tuple that could never be written whole, because it holds itself, need not be.
void loosen_tuples(PlaceTable& table, SchemaNotes& notes);

}  // namespace grammar

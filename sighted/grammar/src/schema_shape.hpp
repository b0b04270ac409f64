// What one place of an answer may hold, after references, allOf and anyOf were put together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <grammar/builder.hpp>

#include "schema_range.hpp"

namespace grammar {

/// A place: all schemas that one value must satisfy together. Equal sets of schemas are one place,
/// so that recursion ends.
using PlaceId = std::uint32_t;
inline constexpr PlaceId no_place = 0xFFFFFFFF;

/// One of the strings or numbers that were compiled, each demand once.
using LeafId = std::uint32_t;
inline constexpr LeafId any_leaf = 0xFFFFFFFF;  ///< nothing is demanded

struct StringShape {
  LeafId leaf = any_leaf;
  std::uint32_t min = 0;  ///< code points; for the shortest text
};

struct NumberShape {
  std::vector<LeafId> leaves;  ///< one of these
};

struct ArrayShape {
  std::vector<PlaceId> prefix;  ///< one item each, first to last
  PlaceId rest = no_place;      ///< what follows the prefix; no_place: nothing does
  std::uint32_t min = 0;        ///< items that are written
  std::uint32_t needed = 0;     ///< items that the schema asks for; fewer than min for a bare tuple
  std::uint32_t max = unbounded;
  bool unique = false;
  ValueId unique_from = no_value;
};

struct PropertyShape {
  std::string name;
  PlaceId place = no_place;
  bool required = false;
};

/// Keys that are not named.
struct FreeKeys {
  LeafId leaf = any_leaf;
  PlaceId place = no_place;
};

struct ObjectShape {
  std::vector<PropertyShape> properties;  ///< in the order in which they are written
  std::vector<FreeKeys> free_keys;        ///< no key belongs to two of them, or to a property
  std::uint32_t min = 0;
  std::uint32_t max = unbounded;
  ValueId min_from = no_value;
  ValueId max_from = no_value;
};

struct Shape {
  ValueId from = 0;  ///< the schema that the place is named by
  std::uint8_t types = type_any;
  bool anything = false;                           ///< no keyword constrains it
  std::optional<std::vector<std::string>> values;  ///< exactly these texts
  std::vector<PlaceId> alternatives;               ///< of them, where `chosen`
  bool chosen = false;
  bool no_true = false;
  bool no_false = false;
  StringShape string;
  NumberShape number;
  ArrayShape array;
  ObjectShape object;
  std::optional<Refusal> dead;  ///< why a type was taken out, or all of them
};

}  // namespace grammar

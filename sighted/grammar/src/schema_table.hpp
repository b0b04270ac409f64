// All places of a schema: which schemas hold together where, found without recursion.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "schema_conforms.hpp"
#include "schema_guard.hpp"
#include "schema_leaves.hpp"
#include "schema_notes.hpp"
#include "schema_rewrite.hpp"
#include "schema_shape.hpp"

namespace grammar {

/// One schema of a place; `resolved` where one branch of its anyOf was chosen and stands beside it.
struct Element {
  ValueId schema = no_value;
  bool resolved = false;
  friend auto operator<=>(const Element&, const Element&) = default;
};

class PlaceTable {
 public:
  PlaceTable(SchemaDocument& document, const CheckedSchema& checked, SchemaNotes& notes,
             Leaves& leaves);

  /// Finds all places from the root on, and shapes them. Stops early where notes.refused().
  void fill();

  [[nodiscard]] static constexpr PlaceId root() { return 0; }
  [[nodiscard]] std::size_t size() const { return shapes_.size(); }
  [[nodiscard]] const Shape& at(PlaceId place) const { return shapes_[place]; }
  [[nodiscard]] Shape& at(PlaceId place) { return shapes_[place]; }
  [[nodiscard]] const Rewriter& rewriter() const { return rewriter_; }
  [[nodiscard]] Rewriter& rewriter() { return rewriter_; }

 private:
  friend class Shaper;

  struct Known {
    SchemaWords words;
    std::optional<Implied> implied;
    bool bare = false;  ///< nothing but what other schemas say, or its anyOf
  };

  /// A schema's keywords and what they imply, looked up once.
  Known& known(ValueId schema);

  /// The place where all of these hold.
  PlaceId intern(const std::vector<ValueId>& schemas);
  /// A place's elements, and one schema more.
  PlaceId intern(ValueId schema, const std::vector<Element>& elements);
  PlaceId keep(ValueId from, ValueId impossible, std::vector<Element> all);
  /// The strings that propertyNames counts up by enum or const; none where it does not.
  [[nodiscard]] std::vector<std::string> values_named(ValueId names);
  /// All schemas that hold for the same value because of this one, itself among them.
  [[nodiscard]] std::set<ValueId> schemas_beside(ValueId schema);
  /// All schemas that hold where these do, in order and once each. What is in `all` already was
  /// closed before. Returns one that is `false`, or no_value.
  ValueId close(const std::vector<ValueId>& schemas, std::vector<Element>& all);

  void shape(PlaceId place);
  bool shape_values(Shape& shape, const std::vector<Element>& elements);
  bool shape_alternatives(PlaceId place, const std::vector<Element>& elements);

  SchemaDocument& document_;
  const CheckedSchema& checked_;
  SchemaNotes& notes_;
  Leaves& leaves_;
  Rewriter rewriter_;
  Conformer conformer_;
  std::unordered_map<ValueId, Known> known_;
  std::map<std::vector<Element>, PlaceId> places_;
  std::map<std::vector<ValueId>, PlaceId> asked_;
  std::deque<Shape> shapes_;
  std::deque<std::vector<Element>> elements_;
};

}  // namespace grammar

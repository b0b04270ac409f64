// The client's schema as a tree of values that keeps the order of members and the text of numbers,
// so that 9223372036854775807 and 0.10 stay exact. Values are numbered; nothing here recurses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <base/result.hpp>

#include <grammar/refusal.hpp>

namespace grammar {

using ValueId = std::uint32_t;
inline constexpr ValueId no_value = 0xFFFFFFFF;

enum class ValueKind : std::uint8_t { null, boolean, number, string, array, object };

struct SchemaMember {
  std::string name;
  ValueId value = no_value;
};

struct SchemaValue {
  ValueKind kind = ValueKind::null;
  bool flag = false;          ///< of a boolean
  ValueId parent = no_value;  ///< where it stands; of a made value: the value it speaks for
  std::uint32_t slot = 0;     ///< its place in the parent
  bool made = false;          ///< not written by the client
  std::string text;           ///< a string's characters, or a number as it was written
  std::vector<SchemaMember> members;
  std::vector<ValueId> items;
};

struct DocumentLimits {
  std::size_t bytes_max;
  std::size_t values_max;
  std::size_t depth_max;  ///< nested arrays and objects
};

/// Grows only: references to values do not survive add(); ids do.
class SchemaDocument {
 public:
  /// The tree of `text`, its root being value 0. malformed: no JSON; too_large: over a limit.
  /// Of members of one name the last counts, as in JavaScript.
  [[nodiscard]] static base::Result<SchemaDocument, Refusal> parse(std::string_view text,
                                                                   const DocumentLimits& limits);

  [[nodiscard]] const SchemaValue& at(ValueId id) const { return values_[id]; }
  [[nodiscard]] std::size_t size() const { return values_.size(); }

  /// The member's value, or no_value.
  [[nodiscard]] ValueId member(ValueId object, std::string_view name) const;

  /// Where a value stands: `properties.n.minimum`, `anyOf[2]`; empty for the root.
  [[nodiscard]] std::string path(ValueId id) const;
  [[nodiscard]] std::string path(ValueId id, std::string_view below) const;

  /// A value of our own that speaks for `origin` in refusals.
  ValueId add(ValueKind kind, ValueId origin);
  ValueId add_text(ValueKind kind, ValueId origin, std::string text);
  ValueId add_flag(ValueId origin, bool flag);
  void add_member(ValueId object, std::string name, ValueId value);
  void add_item(ValueId array, ValueId value);

  /// Compact JSON of a value, escapes as short as JSON allows. Numbers as they were written.
  [[nodiscard]] std::string json(ValueId id) const;

 private:
  friend class DocumentHandler;
  std::vector<SchemaValue> values_;
};

/// Whether two values are equal by JSON Schema: numbers by value, objects in any order.
[[nodiscard]] bool equal_values(const SchemaDocument& document, ValueId one, ValueId other);

/// A text that equal values share and others do not. Its depth is bounded by the document's.
[[nodiscard]] std::string canonical(const SchemaDocument& document, ValueId id);

/// A string as JSON writes it, escapes as short as can be.
[[nodiscard]] std::string json_text(std::string_view text);

/// The length of a string in code points. The text is UTF-8 that a parser has accepted.
[[nodiscard]] std::size_t code_points(std::string_view text);

}  // namespace grammar

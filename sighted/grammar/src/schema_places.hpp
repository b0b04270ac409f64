// Where a $ref leads: JSON pointers and anchors of the document itself.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "schema_document.hpp"

namespace grammar {

class SchemaPlaces {
 public:
  /// The document must outlive this.
  explicit SchemaPlaces(const SchemaDocument& document);

  /// Whether the reference names another document.
  [[nodiscard]] bool remote(std::string_view reference) const;

  /// The value that a local reference means, or no_value.
  [[nodiscard]] ValueId find(std::string_view reference);

 private:
  [[nodiscard]] std::string_view local_part(std::string_view reference) const;
  [[nodiscard]] ValueId child(ValueId parent, const std::string& name);

  const SchemaDocument& document_;
  std::string base_;  ///< the root's $id
  std::unordered_map<std::string_view, ValueId> anchors_;
  std::unordered_map<ValueId, std::unordered_map<std::string_view, ValueId>> names_;
};

}  // namespace grammar

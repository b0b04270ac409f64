// A tool's schema, taken apart for templates that write arguments one by one.
#pragma once

#include <boost/json.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace engine::llama {

/// Read once for all of a tool's arguments. Not thread-safe: property() remembers what it gave.
class ArgumentSchemas {
 public:
  /// schema  of an object, as JSON text that was compiled before.
  explicit ArgumentSchemas(const std::string& schema);

  /// The schema of one property by itself, with the definitions that it refers to. Nothing: it
  /// refers to other places, or all that was asked for so far is more than a MiB.
  [[nodiscard]] std::optional<std::string> property(const std::string& name);
  /// Whether a property's schema asks more of a text than that it is one.
  [[nodiscard]] bool narrows_text(const std::string& name) const;
  /// What the schema says of the arguments as a whole, which holding each to its own schema and
  /// leaving out none that is required does not keep. Keywords, in the schema's order.
  [[nodiscard]] std::vector<std::string> of_the_whole() const;

 private:
  [[nodiscard]] const boost::json::value* at(const std::string& property) const;

  boost::json::value whole_;
  std::size_t given_bytes_ = 0;
};

}  // namespace engine::llama

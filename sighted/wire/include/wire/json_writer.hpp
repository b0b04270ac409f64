// Writing JSON: straight into one string, no tree in between.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace wire {

/// Appends `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// True when every byte belongs to a whole UTF-8 character.
bool is_utf8(std::string_view text);

/// Builds one JSON text. Commas are its business, nesting is the caller's:
///   JsonWriter json;
///   json.object().field("object", "list").key("data").array();
///   ...
///   json.end_array().end_object();
///   return std::move(json).text();
class JsonWriter {
 public:
  JsonWriter() = default;
  /// Goes on behind `prefix`, such as "data: ".
  explicit JsonWriter(std::string prefix) : out_(std::move(prefix)) {}

  JsonWriter& object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  /// The next call writes its value.
  JsonWriter& key(std::string_view name);

  JsonWriter& string(std::string_view value);
  JsonWriter& integer(std::int64_t value);
  JsonWriter& unsigned_integer(std::uint64_t value);
  /// Shortest text that reads back the same; what is not finite becomes null.
  JsonWriter& number(float value);
  JsonWriter& number(double value);
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  JsonWriter& string_or_null(std::string_view value) {
    return value.empty() ? null() : string(value);
  }
  /// `json` is written as it is: it must be one JSON value.
  JsonWriter& raw(std::string_view json);

  JsonWriter& field(std::string_view name, std::string_view value) {
    return key(name).string(value);
  }
  JsonWriter& field(std::string_view name, const char* value) {
    return key(name).string(std::string_view(value));
  }
  JsonWriter& field(std::string_view name, std::uint64_t value) {
    return key(name).unsigned_integer(value);
  }
  JsonWriter& field(std::string_view name, bool value) { return key(name).boolean(value); }
  JsonWriter& null_field(std::string_view name) { return key(name).null(); }

  [[nodiscard]] std::string text() && { return std::move(out_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void comma();

  std::string out_;
  bool first_ = true;  ///< Nothing was written yet in the innermost object or array, or a key was.
};

}  // namespace wire

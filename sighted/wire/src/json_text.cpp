#include "json_text.hpp"

#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <string_view>
#include <wire/json_writer.hpp>

namespace wire {
namespace json = boost::json;

namespace {

bool append_double(std::string& out, double number) {
  if (!std::isfinite(number)) {
    return false;
  }
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, number, std::chars_format::general, 15);
  const std::string_view digits(text, static_cast<std::size_t>(end.ptr - text));
  out += digits;
  if (digits.find_first_of(".e") == std::string_view::npos) {
    out += ".0";  // 5.0 stays a number with a fraction.
  }
  return true;
}

bool append_members(std::string& out, const json::object& fields) {
  out += '{';
  bool first = true;
  for (const json::key_value_pair& field : fields) {
    if (!first) {
      out += ',';
    }
    first = false;
    append_json_string(out, {field.key().data(), field.key().size()});
    out += ':';
    if (!append_json(out, field.value())) {
      return false;
    }
  }
  out += '}';
  return true;
}

bool append_items(std::string& out, const json::array& items) {
  out += '[';
  bool first = true;
  for (const json::value& item : items) {
    if (!first) {
      out += ',';
    }
    first = false;
    if (!append_json(out, item)) {
      return false;
    }
  }
  out += ']';
  return true;
}

}  // namespace

bool append_json(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: out += "null"; return true;
    case json::kind::bool_: out += value.get_bool() ? "true" : "false"; return true;
    case json::kind::int64: out += std::to_string(value.get_int64()); return true;
    case json::kind::uint64: out += std::to_string(value.get_uint64()); return true;
    case json::kind::double_: return append_double(out, value.get_double());
    case json::kind::string:
      append_json_string(out, {value.get_string().data(), value.get_string().size()});
      return true;
    case json::kind::array: return append_items(out, value.get_array());
    case json::kind::object: return append_members(out, value.get_object());
  }
  return false;
}

}  // namespace wire

#include "schema_validator.hpp"

#include <cmath>
#include <cstdint>
#include <regex>
#include <set>

namespace grammar {
namespace json = boost::json;

namespace {

std::wstring wide(std::string_view text) {
  std::wstring out;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    std::uint32_t point = length == 1 ? byte : byte & (0xFFU >> (length + 1));
    for (std::size_t more = 1; more < length; ++more) {
      point = point << 6U | (static_cast<unsigned char>(text[at + more]) & 0x3FU);
    }
    out += static_cast<wchar_t>(point);
    at += length;
  }
  return out;
}

bool found(std::string_view pattern, std::string_view text) {
  return std::regex_search(wide(text), std::wregex(wide(pattern), std::regex::ECMAScript));
}

bool is_integer(const json::value& value) {
  return value.is_int64() || value.is_uint64() ||
         (value.is_double() && std::floor(value.get_double()) == value.get_double());
}

bool has_type(const json::value& value, std::string_view type) {
  return type == "null"      ? value.is_null()
         : type == "boolean" ? value.is_bool()
         : type == "integer" ? is_integer(value)
         : type == "number"  ? value.is_number()
         : type == "string"  ? value.is_string()
         : type == "array"   ? value.is_array()
                             : value.is_object();
}

long double number(const json::value& value) {
  return value.is_int64()    ? static_cast<long double>(value.get_int64())
         : value.is_uint64() ? static_cast<long double>(value.get_uint64())
                             : static_cast<long double>(value.get_double());
}

bool equal(const json::value& one, const json::value& other) {
  return one.is_number() && other.is_number() ? number(one) == number(other) : one == other;
}

bool on_step(long double value, long double step) {
  const long double ratio = value / step;
  return std::abs(ratio - std::round(ratio)) <= 1e-9L * std::max(1.0L, std::abs(ratio));
}

}  // namespace

json::parse_options SchemaValidator::options() {
  json::parse_options options;
  options.max_depth = 1000;
  return options;
}

std::string SchemaValidator::fault(std::string_view text) const {
  json::error_code code;
  const json::value value = json::parse(text, code, {}, options());
  return code ? "JSON" : check(value, root_, 0);
}

std::string SchemaValidator::check(const json::value& value, const json::value& schema,
                                   int depth) const {
  if (schema.is_bool()) {
    return schema.get_bool() ? "" : "false";
  }
  if (depth > 400) {
    return "depth";
  }
  const json::object& words = schema.get_object();
  if (const auto* type = words.if_contains("type")) {
    bool fits = words.contains("nullable") && words.at("nullable").as_bool() && value.is_null();
    if (type->is_string()) {
      fits = fits || has_type(value, type->get_string());
    } else {
      for (const auto& one : type->get_array()) {
        fits = fits || has_type(value, one.get_string());
      }
    }
    if (!fits) {
      return "type";
    }
  }
  if (const auto* constant = words.if_contains("const"); constant && !equal(value, *constant)) {
    return "const";
  }
  if (const auto* values = words.if_contains("enum")) {
    bool listed = false;
    for (const auto& one : values->get_array()) {
      listed = listed || equal(value, one);
    }
    if (!listed) {
      return "enum";
    }
  }
  std::string fault = value.is_number()   ? check_number(value, words)
                      : value.is_string() ? check_string(value.get_string(), words)
                      : value.is_array()  ? check_array(value.get_array(), words, depth)
                      : value.is_object() ? check_object(value.get_object(), words, depth)
                                          : "";
  return fault.empty() ? check_groups(value, words, depth) : fault;
}

std::string SchemaValidator::check_number(const json::value& value,
                                          const json::object& words) const {
  const long double here = number(value);
  const auto bound = [&](const char* word, const char* exclusive, int sign) -> std::string {
    const auto* limit = words.if_contains(word);
    const auto* open = words.if_contains(exclusive);
    const bool old = open != nullptr && open->is_bool();
    if (limit && ((here - number(*limit)) * sign < 0 ||
                  (old && open->get_bool() && here == number(*limit)))) {
      return word;
    }
    return open && !old && (here - number(*open)) * sign <= 0 ? exclusive : "";
  };
  std::string fault = bound("minimum", "exclusiveMinimum", 1);
  fault = fault.empty() ? bound("maximum", "exclusiveMaximum", -1) : fault;
  const auto* step = words.if_contains("multipleOf");
  return fault.empty() && step && !on_step(here, number(*step)) ? "multipleOf" : fault;
}

std::string SchemaValidator::check_string(std::string_view text, const json::object& words) const {
  const auto length = static_cast<long double>(wide(text).size());
  const auto* min = words.if_contains("minLength");
  const auto* max = words.if_contains("maxLength");
  if (min && length < number(*min)) {
    return "minLength";
  }
  if (max && length > number(*max)) {
    return "maxLength";
  }
  const auto* pattern = words.if_contains("pattern");
  return pattern && !found(std::string_view(pattern->get_string()), text) ? "pattern" : "";
}

std::string SchemaValidator::check_array(const json::array& items, const json::object& words,
                                         int depth) const {
  const auto count = static_cast<long double>(items.size());
  if (const auto* min = words.if_contains("minItems"); min && count < number(*min)) {
    return "minItems";
  }
  if (const auto* max = words.if_contains("maxItems"); max && count > number(*max)) {
    return "maxItems";
  }
  const auto* listed = words.if_contains("items");
  const auto* prefix = words.if_contains("prefixItems");
  const json::value* rest = listed;
  if (listed && listed->is_array()) {
    prefix = listed;
    rest = words.if_contains("additionalItems");
  }
  std::size_t holding = 0;
  const auto* contains = words.if_contains("contains");
  std::set<std::string> seen;
  for (std::size_t at = 0; at < items.size(); ++at) {
    const bool first = prefix && at < prefix->get_array().size();
    const json::value* schema = first ? &prefix->get_array()[at] : rest;
    if (schema) {
      if (auto fault = check(items[at], *schema, depth + 1); !fault.empty()) {
        return fault;
      }
    }
    holding += contains && check(items[at], *contains, depth + 1).empty() ? 1 : 0;
    if (words.contains("uniqueItems") && words.at("uniqueItems").as_bool() &&
        !seen.insert(json::serialize(items[at])).second) {
      return "uniqueItems";
    }
  }
  if (contains) {
    const auto* least = words.if_contains("minContains");
    const auto* most = words.if_contains("maxContains");
    if (static_cast<long double>(holding) < (least ? number(*least) : 1) ||
        (most && static_cast<long double>(holding) > number(*most))) {
      return "contains";
    }
  }
  return "";
}

std::string SchemaValidator::check_object(const json::object& members, const json::object& words,
                                          int depth) const {
  const auto count = static_cast<long double>(members.size());
  if (const auto* min = words.if_contains("minProperties"); min && count < number(*min)) {
    return "minProperties";
  }
  if (const auto* max = words.if_contains("maxProperties"); max && count > number(*max)) {
    return "maxProperties";
  }
  if (const auto* required = words.if_contains("required")) {
    for (const auto& name : required->get_array()) {
      if (!members.contains(name.get_string())) {
        return "required";
      }
    }
  }
  for (const auto& [key, value] : members) {
    bool declared = false;
    std::string fault;
    if (const auto* properties = words.if_contains("properties")) {
      if (const auto* schema = properties->get_object().if_contains(key)) {
        declared = true;
        fault = check(value, *schema, depth + 1);
      }
    }
    if (const auto* patterns = words.if_contains("patternProperties")) {
      for (const auto& [pattern, schema] : patterns->get_object()) {
        if (fault.empty() && found(pattern, key)) {
          declared = true;
          fault = check(value, schema, depth + 1);
        }
      }
    }
    const auto* additional = words.if_contains("additionalProperties");
    if (fault.empty() && !declared && additional) {
      fault = check(value, *additional, depth + 1);
    }
    if (const auto* names = words.if_contains("propertyNames"); names && fault.empty()) {
      fault = check(json::value(key), *names, depth + 1);
    }
    if (!fault.empty()) {
      return fault;
    }
  }
  if (const auto* dependent = words.if_contains("dependentRequired")) {
    for (const auto& [key, needs] : dependent->get_object()) {
      for (const auto& need : needs.get_array()) {
        if (members.contains(key) && !members.contains(need.get_string())) {
          return "dependentRequired";
        }
      }
    }
  }
  return "";
}

std::string SchemaValidator::check_groups(const json::value& value, const json::object& words,
                                          int depth) const {
  if (const auto* reference = words.if_contains("$ref")) {
    const json::value* target = find(reference->get_string());
    if (target == nullptr) {
      return "$ref";
    }
    if (auto fault = check(value, *target, depth + 1); !fault.empty()) {
      return fault;
    }
  }
  if (const auto* all = words.if_contains("allOf")) {
    for (const auto& schema : all->get_array()) {
      if (auto fault = check(value, schema, depth + 1); !fault.empty()) {
        return fault;
      }
    }
  }
  for (const char* word : {"anyOf", "oneOf"}) {
    if (const auto* branches = words.if_contains(word)) {
      std::size_t holding = 0;
      for (const auto& schema : branches->get_array()) {
        holding += check(value, schema, depth + 1).empty() ? 1 : 0;
      }
      if (holding == 0 || (holding > 1 && word[0] == 'o')) {
        return word;
      }
    }
  }
  if (const auto* negated = words.if_contains("not");
      negated && check(value, *negated, depth + 1).empty()) {
    return "not";
  }
  if (const auto* condition = words.if_contains("if")) {
    const bool holds = check(value, *condition, depth + 1).empty();
    if (const auto* then = words.if_contains(holds ? "then" : "else")) {
      return check(value, *then, depth + 1);
    }
  }
  return "";
}

const json::value* SchemaValidator::find(std::string_view reference) const {
  if (!reference.starts_with('#')) {
    return nullptr;
  }
  json::error_code code;
  return root_.find_pointer(reference.substr(1), code);
}

}  // namespace grammar

#include "schema_sample.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdint>

namespace engine::scripted {
namespace {

namespace json = boost::json;

constexpr int depth_max = 32;
constexpr std::int64_t elements_max = 64;

const json::value* find(const json::object& schema, std::string_view key) {
  return schema.if_contains(key);
}

std::int64_t whole(const json::object& schema, std::string_view key, std::int64_t otherwise) {
  const json::value* const at = find(schema, key);
  if (at == nullptr) {
    return otherwise;
  }
  if (const auto* const integer = at->if_int64()) {
    return *integer;
  }
  if (const auto* const real = at->if_double(); real != nullptr && *real > -1e15 && *real < 1e15) {
    return static_cast<std::int64_t>(*real);
  }
  return otherwise;
}

std::string type_of(const json::object& schema) {
  const json::value* type = find(schema, "type");
  if (type != nullptr && type->is_array() && !type->get_array().empty()) {
    type = &type->get_array().front();
  }
  if (type != nullptr && type->is_string()) {
    return std::string(type->get_string());
  }
  if (find(schema, "items") != nullptr) {
    return "array";
  }
  return "object";
}

class Sampler {
 public:
  explicit Sampler(const json::value& root) : root_(root) {}

  std::optional<json::value> sample(const json::value& schema, int depth) {
    if (depth > depth_max) {
      return std::nullopt;
    }
    if (schema.is_bool()) {
      return json::value(nullptr);
    }
    if (!schema.is_object()) {
      return std::nullopt;
    }
    const json::object& object = schema.get_object();
    if (const json::value* const fixed = find(object, "const")) {
      return *fixed;
    }
    if (const json::value* const choices = find(object, "enum");
        choices != nullptr && choices->is_array() && !choices->get_array().empty()) {
      return choices->get_array().front();
    }
    if (const json::value* const ref = find(object, "$ref"); ref != nullptr && ref->is_string()) {
      return follow(ref->get_string(), depth);
    }
    for (const char* const word : {"anyOf", "oneOf", "allOf"}) {
      const json::value* const list = find(object, word);
      if (list != nullptr && list->is_array() && !list->get_array().empty()) {
        return sample(list->get_array().front(), depth + 1);
      }
    }
    return of_type(type_of(object), object, depth);
  }

 private:
  std::optional<json::value> follow(std::string_view ref, int depth) {
    if (!ref.starts_with('#')) {
      return std::nullopt;
    }
    boost::system::error_code failed;
    const json::value* const target = root_.find_pointer(ref.substr(1), failed);
    return target == nullptr ? std::nullopt : sample(*target, depth + 1);
  }

  std::optional<json::value> of_type(const std::string& type, const json::object& schema,
                                     int depth) {
    if (type == "string") {
      const auto length = std::clamp<std::int64_t>(whole(schema, "minLength", 0), 0, elements_max);
      return json::value(std::string(static_cast<std::size_t>(length), 'x'));
    }
    if (type == "integer" || type == "number") {
      const std::int64_t least = whole(schema, "minimum", 0);
      return json::value(std::max(least, whole(schema, "exclusiveMinimum", least - 1) + 1));
    }
    if (type == "boolean") {
      return json::value(false);
    }
    if (type == "null") {
      return json::value(nullptr);
    }
    return type == "array" ? array(schema, depth) : object(schema, depth);
  }

  std::optional<json::value> array(const json::object& schema, int depth) {
    const auto length = std::clamp<std::int64_t>(whole(schema, "minItems", 0), 0, elements_max);
    json::array elements;
    const json::value* const items = find(schema, "items");
    for (std::int64_t i = 0; i < length; ++i) {
      auto element = items == nullptr ? json::value(nullptr) : sample(*items, depth + 1);
      if (!element) {
        return std::nullopt;
      }
      elements.push_back(std::move(*element));
    }
    return json::value(std::move(elements));
  }

  std::optional<json::value> object(const json::object& schema, int depth) {
    json::object members;
    const json::value* const required = find(schema, "required");
    const json::value* const properties = find(schema, "properties");
    if (required == nullptr || !required->is_array()) {
      return json::value(std::move(members));
    }
    for (const json::value& name : required->get_array()) {
      if (!name.is_string()) {
        return std::nullopt;
      }
      const json::value* const property =
          properties != nullptr && properties->is_object()
              ? properties->get_object().if_contains(std::string_view(name.get_string()))
              : nullptr;
      auto member = property == nullptr ? json::value(nullptr) : sample(*property, depth + 1);
      if (!member) {
        return std::nullopt;
      }
      members[name.get_string()] = std::move(*member);
    }
    return json::value(std::move(members));
  }

  const json::value& root_;
};

}  // namespace

std::optional<std::string> smallest_json(std::string_view schema) {
  boost::system::error_code failed;
  const json::value root = json::parse(schema, failed);
  if (failed || !root.is_object()) {
    return std::nullopt;
  }
  const auto value = Sampler(root).sample(root, 0);
  if (!value) {
    return std::nullopt;
  }
  return json::serialize(*value);
}

}  // namespace engine::scripted

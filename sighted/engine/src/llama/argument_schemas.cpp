#include "argument_schemas.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "schema_json.hpp"

namespace engine::llama {
namespace {

namespace json = boost::json;

constexpr std::size_t given_bytes_max = std::size_t{1} << 20U;
constexpr std::array<std::string_view, 2> definitions{"$defs", "definitions"};

bool is_any_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_remark(std::string_view keyword) {
  return is_any_of(keyword, {"title", "description", "default", "examples", "deprecated",
                             "$comment", "readOnly", "writeOnly"});
}

/// The places that are referred to in `schema`, each once.
void add_references(const json::value& schema, std::vector<std::string>& references) {
  std::vector<const json::value*> open{&schema};
  while (!open.empty()) {
    const json::value& next = *open.back();
    open.pop_back();
    if (const auto* const array = next.if_array()) {
      std::for_each(array->begin(), array->end(), [&](const auto& each) { open.push_back(&each); });
    } else if (const auto* const object = next.if_object()) {
      for (const auto& member : *object) {
        open.push_back(&member.value());
        if (member.key() == "$ref" && member.value().is_string()) {
          const std::string place(member.value().get_string());
          if (std::find(references.begin(), references.end(), place) == references.end()) {
            references.push_back(place);
          }
        }
      }
    }
  }
}

}  // namespace

ArgumentSchemas::ArgumentSchemas(const std::string& schema) : whole_(schema_json(schema)) {}

const json::value* ArgumentSchemas::at(const std::string& property) const {
  const auto* const root = whole_.if_object();
  const auto* const properties = root == nullptr ? nullptr : root->if_contains("properties");
  return properties == nullptr || !properties->is_object()
             ? nullptr
             : properties->get_object().if_contains(property);
}

std::optional<std::string> ArgumentSchemas::property(const std::string& name) {
  const json::value* const inner = at(name);
  if (inner == nullptr) {
    return std::nullopt;
  }
  std::vector<std::string> references;
  add_references(*inner, references);
  json::value made = *inner;
  for (std::size_t i = 0; i < references.size(); ++i) {
    const auto kind = std::find_if(definitions.begin(), definitions.end(), [&](const auto& word) {
      return references[i].starts_with("#/" + std::string(word) + "/");
    });
    if (kind == definitions.end()) {
      return std::nullopt;
    }
    const std::string definition = references[i].substr(kind->size() + 3);
    const auto* const known = whole_.get_object().if_contains(*kind);
    const auto* const found = known == nullptr || !known->is_object()
                                  ? nullptr
                                  : known->get_object().if_contains(definition);
    if (found == nullptr || (i == 0 && made.get_object().contains(*kind))) {
      return std::nullopt;  // A path into a definition, or definitions of its own.
    }
    auto& kept = made.get_object()[*kind];
    if (!kept.is_object()) {
      kept.emplace_object();
    }
    kept.get_object().emplace(definition, *found);
    add_references(*found, references);
  }
  std::string text = json::serialize(made);
  given_bytes_ += text.size();
  return given_bytes_ > given_bytes_max ? std::nullopt : std::optional(std::move(text));
}

bool ArgumentSchemas::narrows_text(const std::string& name) const {
  const auto* const inner = at(name) == nullptr ? nullptr : at(name)->if_object();
  if (inner == nullptr) {
    return false;
  }
  const bool says_more = std::any_of(inner->begin(), inner->end(), [](const auto& keyword) {
    return keyword.key() != "type" && !is_remark(keyword.key());
  });
  const auto* const type = inner->if_contains("type");
  const auto* const types = type == nullptr ? nullptr : type->if_array();
  const auto says = [&](std::string_view word) {
    return std::find(types->begin(), types->end(), json::value(word)) != types->end();
  };
  // What looks like a number is read as one where numbers may stand, as 1.5 for an integer.
  return says_more || (types != nullptr && says("integer") && !says("number"));
}

std::vector<std::string> ArgumentSchemas::of_the_whole() const {
  std::vector<std::string> found;
  const auto* const root = whole_.if_object();
  for (std::size_t i = 0; root != nullptr && i < root->size(); ++i) {
    const auto& member = *(root->begin() + static_cast<std::ptrdiff_t>(i));
    const std::string_view keyword = member.key();
    if (keyword == "required") {
      const auto* const names = member.value().if_array();
      if (names != nullptr && std::any_of(names->begin(), names->end(), [&](const auto& each) {
            return each.is_string() && at(std::string(each.get_string())) == nullptr;
          })) {
        found.emplace_back(keyword);
      }
    } else if (!is_remark(keyword) &&
               !is_any_of(keyword, {"type", "properties", "additionalProperties", "$defs",
                                    "definitions", "$schema", "$id"})) {
      found.emplace_back(keyword);
    }
  }
  return found;
}

}  // namespace engine::llama

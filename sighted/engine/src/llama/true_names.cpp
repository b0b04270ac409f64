#include "true_names.hpp"

#include <utility>

namespace engine::llama {
namespace {

namespace json = boost::json;

constexpr std::string_view mark = "mains";

}  // namespace

std::vector<ToolOutline> renamed(std::vector<ToolOutline> tools) {
  for (std::size_t i = 0; i < tools.size(); ++i) {
    tools[i].name = "mainsfn" + std::to_string(i) + "z";
    for (std::size_t k = 0; k < tools[i].properties.size(); ++k) {
      tools[i].properties[k].name = "mainsarg" + std::to_string(i) + "x" + std::to_string(k) + "z";
    }
  }
  return tools;
}

TrueNames::TrueNames(const std::vector<ToolOutline>& tools) {
  const auto others = renamed(tools);
  for (std::size_t i = 0; i < tools.size(); ++i) {
    names_.emplace(others[i].name, tools[i].name);
    for (std::size_t k = 0; k < tools[i].properties.size(); ++k) {
      names_.emplace(others[i].properties[k].name, tools[i].properties[k].name);
    }
  }
}

std::string TrueNames::in(std::string_view text) const {
  std::string made;
  std::size_t told = 0;
  for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at)) {
    const std::size_t end = std::min(text.find('z', at), text.size() - 1) + 1;
    const auto known = names_.find(text.substr(at, end - at));
    if (known != names_.end()) {
      made.append(text.substr(told, at - told)).append(known->second);
      told = end;
    }
    at = end;
  }
  return made.append(text.substr(told));
}

void TrueNames::put_in(json::value& part) const {
  if (auto* const text = part.if_string()) {
    *text = in(*text);
  } else if (auto* const array = part.if_array()) {
    std::for_each(array->begin(), array->end(), [&](json::value& each) { put_in(each); });
  } else if (auto* const object = part.if_object()) {
    for (auto& member : *object) {
      if (member.key() == "literal" || member.key() == "delimiters" || member.key() == "parsers") {
        put_in(member.value());
      }
    }
  }
}

}  // namespace engine::llama

#include "parser_arena.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace engine::llama {
namespace {

namespace json = boost::json;

constexpr std::string_view stub_mark = "\xEE\x80\x80";  // A code point of nobody's.

/// llama-common's names for the places where it puts schemas.
std::map<std::string, SchemaStub> stub_names(const std::vector<ToolOutline>& tools) {
  std::map<std::string, SchemaStub> names;
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const std::string& tool = tools[i].name;
    names.emplace("tool-" + tool + "-schema", SchemaStub{{}, i, std::nullopt});
    for (std::size_t k = 0; k < tools[i].properties.size(); ++k) {
      const std::string& property = tools[i].properties[k].name;
      for (const std::string& name : {"tool-" + tool + "-arg-" + property + "-schema",
                                      "ling3-arg-" + tool + "-" + property + "-schema"}) {
        names.emplace(name, SchemaStub{{}, i, k});
      }
    }
  }
  return names;
}

}  // namespace

std::vector<SchemaStub> ParserArena::put_stubs(const std::vector<ToolOutline>& tools) {
  const auto names = stub_names(tools);
  std::vector<SchemaStub> stubs;
  for (json::value& parser : parsers()) {
    if (type(parser) != "schema") {
      continue;
    }
    const std::string name(parser.at("name").as_string());
    const auto known = names.find(name);
    SchemaStub stub = known == names.end() ? SchemaStub{} : known->second;
    stub.text = std::string(stub_mark) + std::to_string(stubs.size()) + std::string(stub_mark);
    parser = {{"type", "literal"}, {"literal", stub.text}};
    stubs.push_back(std::move(stub));
  }
  return stubs;
}

void ParserArena::settle() {
  for (json::value& parser : parsers()) {
    if (type(parser) != "repetition" || number(parser, "min_count") != 0 ||
        number(parser, "max_count") != 1) {
      continue;
    }
    const auto child = parser.at("child").to_number<std::size_t>();
    const bool free = holds(child, [&](std::size_t each) { return type(at(each)) == "until"; });
    const auto tagged = [&](std::string_view tag) {
      return holds(child, [&](std::size_t each) {
        return type(at(each)) == "tag" && at(each).at("tag").as_string() == tag;
      });
    };
    if (tagged("tool-arg") || tagged("tool-open") || tagged("tool-name")) {
      continue;
    }
    if (free) {
      parser = {{"type", "epsilon"}};
    } else if (tagged("tool-id")) {
      parser.at("min_count") = 1;
    }
  }
}

void ParserArena::order_arguments(const std::vector<ToolOutline>& tools) {
  const std::size_t count = parsers().size();
  for (std::size_t rule = 0; rule < count; ++rule) {
    if (type(at(rule)) != "rule") {
      continue;
    }
    const std::string_view name = at(rule).at("name").as_string();
    const auto tool = std::find_if(tools.begin(), tools.end(), [&](const ToolOutline& each) {
      return name.ends_with("tool-" + each.name);
    });
    if (tool == tools.end()) {
      continue;
    }
    const auto repetition = first(at(rule).at("child").to_number<std::size_t>(), [&](auto& each) {
      return type(each) == "repetition" && number(each, "min_count") == 0 &&
             number(each, "max_count") == -1;
    });
    if (repetition) {
      order(*repetition, *tool);
    }
  }
}

void ParserArena::name_recipient(const std::string& mark) {
  for (json::value& parser : parsers()) {
    if (type(parser) == "until" && parser.at("delimiters") == json::value(json::array{mark})) {
      parser = {{"type", "literal"}, {"literal", "functions"}};
    }
  }
}

bool ParserArena::has_tags() {
  return std::any_of(parsers().begin(), parsers().end(), [](const json::value& parser) {
    return type(parser) == "tag" && parser.at("tag").as_string() == "tool-arg-open";
  });
}

std::string ParserArena::calls() {
  std::string found;
  for (const json::value& parser : parsers()) {
    if (type(parser) == "rule" && parser.at("trigger").as_bool()) {
      const std::string name(parser.at("name").as_string());
      found = found.empty() || name == "tool-calls" ? name : found;
    }
  }
  return found;
}

std::string ParserArena::one_call(const std::string& calls) {
  for (json::value& parser : parsers()) {
    if (type(parser) != "rule" || parser.at("name").as_string() != calls) {
      continue;
    }
    json::value& body = at(parser.at("child").to_number<std::size_t>());
    if (type(body) == "repetition") {
      body.at("max_count") = 1;
      return triggers("tool-call") ? "tool-call" : calls;
    }
  }
  return calls;
}

std::vector<std::size_t> ParserArena::missable(std::size_t tool, const ToolOutline& outline,
                                               const std::vector<SchemaStub>& stubs) {
  std::set<std::string> always;
  for (std::size_t id = 0; id < parsers().size(); ++id) {
    if (type(at(id)) == "rule" && at(id).at("name").as_string().ends_with("tool-" + outline.name)) {
      std::set<std::size_t> within;
      always = literals_of(id, within);
    }
  }
  const auto whole = std::find_if(stubs.begin(), stubs.end(), [&](const SchemaStub& stub) {
    return stub.tool == tool && !stub.property && always.contains(stub.text);
  });
  std::vector<std::size_t> found;
  for (std::size_t k = 0; k < outline.properties.size() && whole == stubs.end(); ++k) {
    const auto& property = outline.properties[k];
    if (property.required && !always.contains(property.name)) {
      found.push_back(k);
    }
  }
  return found;
}

std::set<std::string> ParserArena::literals_of(std::size_t id, std::set<std::size_t>& within) {
  std::set<std::string> found;
  if (!within.insert(id).second) {
    return found;  // A rule within itself: whatever it has was found around it.
  }
  const std::string_view kind = type(at(id));
  const json::object& parser = at(id).as_object();
  if (kind == "literal") {
    found.emplace(parser.at("literal").as_string());
  } else if (kind == "ref") {
    const auto* const rule =
        root_.at("rules").as_object().if_contains(std::string_view(parser.at("name").as_string()));
    found = rule == nullptr ? found : literals_of(rule->to_number<std::size_t>(), within);
  } else if (kind == "sequence") {
    for (const json::value& child : parser.at("children").as_array()) {
      found.merge(literals_of(child.to_number<std::size_t>(), within));
    }
  } else if (kind == "choice") {
    found = common_literals(parser.at("children").as_array(), within);
  } else if (kind == "rule" || kind == "atomic" || kind == "tag" || kind == "ac" ||
             (kind == "repetition" && number(at(id), "min_count") > 0)) {
    found = literals_of(parser.at("child").to_number<std::size_t>(), within);
  }
  within.erase(id);
  return found;
}

std::set<std::string> ParserArena::common_literals(const json::array& choices,
                                                   std::set<std::size_t>& within) {
  std::set<std::string> found;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    std::set<std::string> each = literals_of(choices[i].to_number<std::size_t>(), within);
    if (i == 0) {
      found = std::move(each);
    } else {
      std::erase_if(found, [&](const std::string& literal) { return !each.contains(literal); });
    }
  }
  return found;
}

std::int64_t ParserArena::number(const json::value& parser, std::string_view name) {
  return parser.at(name).to_number<std::int64_t>();
}

template <class Such>
bool ParserArena::holds(std::size_t id, const Such& such) {
  std::vector<std::size_t> open{id};
  std::set<std::size_t> seen;
  while (!open.empty()) {
    const std::size_t next = open.back();
    open.pop_back();
    if (!seen.insert(next).second) {
      continue;
    }
    if (such(next)) {
      return true;
    }
    const json::object& parser = at(next).as_object();
    if (const auto* const child = parser.if_contains("child")) {
      open.push_back(child->to_number<std::size_t>());
    }
    if (const auto* const children = parser.if_contains("children")) {
      for (std::size_t i = children->as_array().size(); i > 0; --i) {
        open.push_back(children->as_array()[i - 1].to_number<std::size_t>());
      }
    }
  }
  return false;
}

bool ParserArena::triggers(std::string_view name) {
  return std::any_of(parsers().begin(), parsers().end(), [&](const json::value& parser) {
    return type(parser) == "rule" && parser.at("trigger").as_bool() &&
           parser.at("name").as_string() == name;
  });
}

template <class Such>
std::optional<std::size_t> ParserArena::first(std::size_t id, const Such& such) {
  std::optional<std::size_t> found;
  holds(id, [&](std::size_t each) {
    found = such(at(each)) ? std::optional(each) : std::nullopt;
    return found.has_value();
  });
  return found;
}

std::string ParserArena::argument_name(std::size_t id) {
  const auto tag = first(id, [](const json::value& each) {
    return type(each) == "tag" && each.at("tag").as_string() == "tool-arg-name";
  });
  const auto word =
      tag ? first(*tag, [](const json::value& each) { return type(each) == "literal"; })
          : std::nullopt;
  return word ? std::string(at(*word).at("literal").as_string()) : std::string();
}

void ParserArena::order(std::size_t repetition, const ToolOutline& tool) {
  const auto choice = first(at(repetition).at("child").to_number<std::size_t>(),
                            [](const json::value& each) { return type(each) == "choice"; });
  const auto is_argument = [&](const json::value& id) {
    return type(at(id.to_number<std::size_t>())) == "ref" ||
           first(id.to_number<std::size_t>(), [](const json::value& each) {
             return type(each) == "tag" && each.at("tag").as_string() == "tool-arg";
           }).has_value();
  };
  if (!choice || !std::all_of(at(*choice).at("children").as_array().begin(),
                              at(*choice).at("children").as_array().end(), is_argument)) {
    return;
  }
  const json::array arguments = at(*choice).at("children").as_array();
  json::array ordered;
  for (const json::value& each : arguments) {
    const std::string name = argument_name(each.to_number<std::size_t>());
    const bool required =
        std::any_of(tool.properties.begin(), tool.properties.end(),
                    [&](const auto& known) { return known.required && known.name == name; });
    ordered.emplace_back(parsers().size());
    parsers().push_back({{"type", "repetition"},
                         {"child", each},
                         {"min_count", required ? 1 : 0},
                         {"max_count", 1}});
  }
  at(repetition) = {{"type", "sequence"}, {"children", std::move(ordered)}};
}

}  // namespace engine::llama

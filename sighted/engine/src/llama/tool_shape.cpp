#include "tool_shape.hpp"

#include <json-schema-to-grammar.h>
#include <peg-parser.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace engine::llama {
namespace {

namespace json = boost::json;

constexpr std::string_view stub_mark = "\xEE\x80\x80";  // A code point of nobody's.

const json::value* resolved(const json::value& root, const json::value* schema) {
  for (int hops = 0; hops < 8; ++hops) {
    const auto* const object = schema->if_object();
    const auto* const reference = object == nullptr ? nullptr : object->if_contains("$ref");
    if (reference == nullptr || !reference->is_string() ||
        !reference->get_string().starts_with("#/")) {
      return schema;
    }
    boost::system::error_code failed;
    const auto* const target =
        root.find_pointer(std::string_view(reference->get_string()).substr(1), failed);
    if (target == nullptr) {
      return schema;
    }
    schema = target;
  }
  return schema;
}

bool may_be_text(const json::value& root, const json::value& any, int depth = 0) {
  const auto* const object = resolved(root, &any)->if_object();
  if (object == nullptr || depth > 8) {
    return true;
  }
  const auto has_text = [](const json::value& values) {
    const auto* const array = values.if_array();
    return array == nullptr || std::any_of(array->begin(), array->end(),
                                           [](const auto& each) { return each.is_string(); });
  };
  if (const auto* const constant = object->if_contains("const")) {
    return constant->is_string();
  }
  if (const auto* const values = object->if_contains("enum")) {
    return has_text(*values);
  }
  if (const auto* const type = object->if_contains("type")) {
    if (type->is_string()) {
      return type->get_string() == "string";
    }
    const auto* const types = type->if_array();
    return types == nullptr ||
           std::find(types->begin(), types->end(), json::value("string")) != types->end();
  }
  for (const char* const keyword : {"anyOf", "oneOf"}) {
    if (const auto* const choices = object->if_contains(keyword); choices && choices->is_array()) {
      return std::any_of(
          choices->get_array().begin(), choices->get_array().end(),
          [&](const json::value& each) { return may_be_text(root, each, depth + 1); });
    }
  }
  return true;
}

/// The tools under names of ours. llama-common makes rules' names of tools' and arguments' names,
/// and writes all but letters and digits as dashes: rules of `a_b` and `a-b`, of two arguments in
/// Chinese, or of a tool named `call` would be one rule.
std::vector<ToolOutline> renamed(std::vector<ToolOutline> tools) {
  for (std::size_t i = 0; i < tools.size(); ++i) {
    tools[i].name = "mainsfn" + std::to_string(i) + "z";
    for (std::size_t k = 0; k < tools[i].properties.size(); ++k) {
      tools[i].properties[k].name = "mainsarg" + std::to_string(i) + "x" + std::to_string(k) + "z";
    }
  }
  return tools;
}

/// The true names where renamed() put others.
class TrueNames {
 public:
  explicit TrueNames(const std::vector<ToolOutline>& tools) {
    const auto others = renamed(tools);
    for (std::size_t i = 0; i < tools.size(); ++i) {
      names_.emplace(others[i].name, tools[i].name);
      for (std::size_t k = 0; k < tools[i].properties.size(); ++k) {
        names_.emplace(others[i].properties[k].name, tools[i].properties[k].name);
      }
    }
  }

  [[nodiscard]] std::string in(std::string_view text) const {
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

  /// In all that a saved parser reads; names of rules stay.
  void put_in(json::value& part) const {
    if (auto* const text = part.if_string()) {
      *text = in(*text);
    } else if (auto* const array = part.if_array()) {
      std::for_each(array->begin(), array->end(), [&](json::value& each) { put_in(each); });
    } else if (auto* const object = part.if_object()) {
      for (auto& member : *object) {
        if (member.key() == "literal" || member.key() == "delimiters" ||
            member.key() == "parsers") {
          put_in(member.value());
        }
      }
    }
  }

 private:
  static constexpr std::string_view mark = "mains";
  std::map<std::string, std::string, std::less<>> names_;
};

std::string stub_schema(const ToolOutline& tool) {
  json::object properties;
  json::array required;
  for (const auto& property : tool.properties) {
    properties[property.name] = {{"type", property.text ? "string" : "integer"}};
    if (property.required) {
      required.emplace_back(property.name);
    }
  }
  return json::serialize(json::object{{"type", "object"},
                                      {"properties", std::move(properties)},
                                      {"required", std::move(required)}});
}

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

/// A parser of llama-common's, as the JSON text it saves.
class Arena {
 public:
  explicit Arena(const std::string& saved) : root_(json::parse(saved)) {}

  /// Puts a literal in each place of a schema, and tells which schema it was.
  std::vector<SchemaStub> put_stubs(const std::vector<ToolOutline>& tools) {
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

  /// Has calls written in one way where the parser takes several: names of calls where they have a
  /// place, unless they are free text, and no free text that is neither a call nor of one.
  void settle() {
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

  /// See order(). Parsers know arguments by reference to a rule, or have them within the tool's.
  void order_arguments(const std::vector<ToolOutline>& tools) {
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

  /// A recipient that is free text and means nothing.
  void name_recipient(const std::string& mark) {
    for (json::value& parser : parsers()) {
      if (type(parser) == "until" && parser.at("delimiters") == json::value(json::array{mark})) {
        parser = {{"type", "literal"}, {"literal", "functions"}};
      }
    }
  }

  /// Arguments are written one by one, between tags.
  [[nodiscard]] bool has_tags() {
    return std::any_of(parsers().begin(), parsers().end(), [](const json::value& parser) {
      return type(parser) == "tag" && parser.at("tag").as_string() == "tool-arg-open";
    });
  }

  /// The outermost rule of calls, empty where there is none.
  std::string calls() {
    std::string found;
    for (const json::value& parser : parsers()) {
      if (type(parser) == "rule" && parser.at("trigger").as_bool()) {
        const std::string name(parser.at("name").as_string());
        found = found.empty() || name == "tool-calls" ? name : found;
      }
    }
    return found;
  }

  /// Where calls are repeated as such, there is but one.
  std::string one_call(const std::string& calls) {
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

  /// Required arguments that a call may leave out. `stubs`: what put_stubs() gave.
  std::vector<std::size_t> missable(std::size_t tool, const ToolOutline& outline,
                                    const std::vector<SchemaStub>& stubs) {
    std::set<std::string> always;
    for (std::size_t id = 0; id < parsers().size(); ++id) {
      if (type(at(id)) == "rule" &&
          at(id).at("name").as_string().ends_with("tool-" + outline.name)) {
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

  void name_truly(const TrueNames& names) { names.put_in(root_); }
  [[nodiscard]] std::string text() const { return json::serialize(root_); }

 private:
  /// The literals in all that a parser reads.
  std::set<std::string> literals_of(std::size_t id, std::set<std::size_t>& within) {
    std::set<std::string> found;
    if (!within.insert(id).second) {
      return found;  // A rule within itself: whatever it has was found around it.
    }
    const std::string_view kind = type(at(id));
    const json::object& parser = at(id).as_object();
    if (kind == "literal") {
      found.emplace(parser.at("literal").as_string());
    } else if (kind == "ref") {
      const auto* const rule = root_.at("rules").as_object().if_contains(
          std::string_view(parser.at("name").as_string()));
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

  std::set<std::string> common_literals(const json::array& choices, std::set<std::size_t>& within) {
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

  json::array& parsers() { return root_.at("parsers").as_array(); }
  json::value& at(std::size_t id) { return parsers().at(id); }
  static std::string_view type(const json::value& parser) { return parser.at("type").as_string(); }
  static std::int64_t number(const json::value& parser, std::string_view name) {
    return parser.at(name).to_number<std::int64_t>();
  }

  /// Whether a parser, or one within it, is such a one. Rules that it refers to are not looked at.
  template <class Such>
  bool holds(std::size_t id, const Such& such) {
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

  bool triggers(std::string_view name) {
    return std::any_of(parsers().begin(), parsers().end(), [&](const json::value& parser) {
      return type(parser) == "rule" && parser.at("trigger").as_bool() &&
             parser.at("name").as_string() == name;
    });
  }

  /// The first parser within another that is such a one.
  template <class Such>
  std::optional<std::size_t> first(std::size_t id, const Such& such) {
    std::optional<std::size_t> found;
    holds(id, [&](std::size_t each) {
      found = such(at(each)) ? std::optional(each) : std::nullopt;
      return found.has_value();
    });
    return found;
  }

  /// The name of the argument that a parser reads, where it says so itself.
  std::string argument_name(std::size_t id) {
    const auto tag = first(id, [](const json::value& each) {
      return type(each) == "tag" && each.at("tag").as_string() == "tool-arg-name";
    });
    const auto word =
        tag ? first(*tag, [](const json::value& each) { return type(each) == "literal"; })
            : std::nullopt;
    return word ? std::string(at(*word).at("literal").as_string()) : std::string();
  }

  /// Arguments that come in any order and any number come in one order, each once.
  void order(std::size_t repetition, const ToolOutline& tool) {
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

  json::value root_;
};

/// The grammar's rules with another root, and with blanks that are short: parsers look ahead, so
/// that they do not take all that their own grammar gives.
std::string rooted(const std::string& gbnf, const std::string& root, bool tags) {
  std::string made = "root ::= " + root + "\nspace ::= " + (tags ? "\"\"" : "\" \"?") + "\n";
  for (std::size_t at = 0; at < gbnf.size();) {
    const std::size_t end = std::min(gbnf.find('\n', at), gbnf.size());
    const std::string_view line = std::string_view(gbnf).substr(at, end - at);
    if (!line.starts_with("root ::=") && !line.starts_with("space ::=")) {
      made.append(line).append("\n");
    }
    at = end + 1;
  }
  return made;
}

bool has(const std::vector<std::string>& all, std::string_view text) {
  return std::find(all.begin(), all.end(), text) != all.end();
}
void add_triggers(const std::vector<ToolOutline>& tools, ToolShape& shape) {
  bool by_pattern = false;
  for (const auto& trigger : shape.params.grammar_triggers) {
    std::string word = trigger.value;
    if (trigger.type != COMMON_GRAMMAR_TRIGGER_TYPE_WORD) {
      by_pattern = true;
      continue;
    }
    word.erase(word.find_last_not_of(" \n\r\t") + 1);  // The grammar asks for what follows.
    if (!word.empty()) {
      shape.trigger_words.push_back(std::move(word));
    }
  }
  if (by_pattern && has(shape.params.preserved_tokens, "<|channel|>")) {
    shape.trigger_words = {"<|channel|>commentary to=functions",
                           "<|channel|>analysis to=functions"};
  } else if (by_pattern && has(shape.params.preserved_tokens, ">>>all")) {
    for (const ToolOutline& tool : tools) {
      shape.opening_words.push_back(tool.name + "\n");
    }
  } else if (shape.trigger_words.empty() && !by_pattern) {
    shape.opening_words = {R"({"name")", R"({ "name")", R"({"type": "function")",
                           R"({"type":"function")"};
  }
}

/// Leaves one way to write a call, and finds what it may leave out.
void settle_calls(Arena& arena, const std::vector<ToolOutline>& tools, ToolShape& shape) {
  arena.settle();
  if (has(shape.params.preserved_tokens, "<atem:function_calls>")) {
    arena.name_recipient("<|message|>");
  }
  const bool tags = arena.has_tags();
  if (tags) {
    arena.order_arguments(tools);
  }
  shape.arguments.resize(tools.size());
  for (std::size_t i = 0; i < tools.size(); ++i) {
    shape.arguments[i] = {tags, arena.missable(i, tools[i], shape.stubs)};
  }
}

}  // namespace

ToolOutline outline_of(const content::Tool& tool) {
  ToolOutline outline;
  outline.name = tool.name;
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = 256;
  const json::value schema = json::parse(tool.parameters, failed, {}, options);
  const auto* const object = schema.if_object();
  const auto* const properties = object == nullptr ? nullptr : object->if_contains("properties");
  if (failed || properties == nullptr || !properties->is_object()) {
    return outline;
  }
  std::set<std::string_view> required;
  if (const auto* const names = object->if_contains("required"); names && names->is_array()) {
    for (const json::value& name : names->get_array()) {
      if (name.is_string()) {
        required.insert(name.get_string());
      }
    }
  }
  for (const auto& property : properties->get_object()) {
    outline.properties.push_back({std::string(property.key()),
                                  may_be_text(schema, property.value()),
                                  required.contains(property.key())});
  }
  return outline;
}

ToolShape shape_of(const common_chat_templates* templates, common_chat_templates_inputs inputs,
                   const std::vector<ToolOutline>& tools) {
  common_chat_msg question;
  question.role = "user";
  question.content = "x";
  inputs.messages = {question};
  inputs.continue_final_message = COMMON_CHAT_CONTINUATION_NONE;
  inputs.add_generation_prompt = true;
  inputs.json_schema.clear();
  inputs.grammar.clear();
  inputs.tools.clear();
  const std::vector<ToolOutline> others = renamed(tools);
  const TrueNames names(tools);
  for (const ToolOutline& tool : others) {
    inputs.tools.push_back({tool.name, {}, stub_schema(tool)});
  }
  // No prompt is made of it: the template writes one tool, however many there are.
  inputs.chat_template_kwargs["tools"] =
      R"([{"type":"function","function":{"name":"x","description":"","parameters":)"
      R"({"type":"object","properties":{"y":{"type":"string"}},"required":["y"]}}}])";
  ToolShape shape;
  shape.params = common_chat_templates_apply(templates, inputs);
  for (auto& trigger : shape.params.grammar_triggers) {
    trigger.value = names.in(trigger.value);
  }
  add_triggers(tools, shape);
  // The grammar is that of a call which must be made; whether it must be is another matter.
  std::string saved = shape.params.parser;
  if (inputs.tool_choice != COMMON_CHAT_TOOL_CHOICE_REQUIRED) {
    inputs.tool_choice = COMMON_CHAT_TOOL_CHOICE_REQUIRED;
    saved = common_chat_templates_apply(templates, inputs).parser;
  }
  if (!shape.params.parser.empty()) {
    Arena reader(shape.params.parser);
    reader.name_truly(names);
    shape.params.parser = reader.text();
  }
  shape.params.grammar.clear();
  Arena arena(saved);
  std::string calls = arena.calls();
  if (calls.empty()) {
    return shape;
  }
  shape.stubs = arena.put_stubs(others);
  settle_calls(arena, others, shape);
  if (!inputs.parallel_tool_calls) {
    calls = arena.one_call(calls);
  }
  const bool tags = arena.has_tags();
  arena.name_truly(names);
  common_peg_arena rules;
  rules.load(arena.text());
  shape.gbnf = rooted(build_grammar([&](const common_grammar_builder& builder) {
                        rules.build_grammar(builder, true);
                      }),
                      calls, tags);
  // A schema whose place is in no rule is not enforced; what has no stub counts as that.
  std::erase_if(shape.stubs, [&](const SchemaStub& stub) {
    return shape.gbnf.find(stub.text) == std::string::npos;
  });
  return shape;
}

}  // namespace engine::llama

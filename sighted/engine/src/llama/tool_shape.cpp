#include "tool_shape.hpp"

#include <json-schema-to-grammar.h>
#include <peg-parser.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "parser_arena.hpp"
#include "schema_json.hpp"
#include "true_names.hpp"

namespace engine::llama {
namespace {

namespace json = boost::json;

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
void settle_calls(ParserArena& arena, const std::vector<ToolOutline>& tools, ToolShape& shape) {
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
  const json::value schema = schema_json(tool.parameters);
  const auto* const object = schema.if_object();
  const auto* const properties = object == nullptr ? nullptr : object->if_contains("properties");
  if (properties == nullptr || !properties->is_object()) {
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
    ParserArena reader(shape.params.parser);
    reader.name_truly(names);
    shape.params.parser = reader.text();
  }
  shape.params.grammar.clear();
  ParserArena arena(saved);
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

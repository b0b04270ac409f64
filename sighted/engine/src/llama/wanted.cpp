#include "wanted.hpp"

#include <boost/json.hpp>
#include <string_view>
#include <utility>

#include "schema_json.hpp"

namespace engine::llama {
namespace {

namespace json = boost::json;

/// Arguments are an object, whether the schema says so or not.
std::string object_schema(const std::string& parameters) {
  const json::value schema = schema_json(parameters.empty() ? "{}" : parameters);
  const auto* const object = schema.if_object();
  if (schema.is_bool() && schema.get_bool()) {
    return R"({"type":"object"})";
  }
  if (object == nullptr || object->contains("type")) {
    return parameters;
  }
  if (object->empty()) {
    return R"({"type":"object"})";
  }
  return R"({"type":"object",)" + parameters.substr(parameters.find('{') + 1);
}

ConstraintFault::Kind kind_of(grammar::Refusal::Kind kind) {
  switch (kind) {
    case grammar::Refusal::Kind::malformed: return ConstraintFault::Kind::malformed;
    case grammar::Refusal::Kind::unsatisfiable: return ConstraintFault::Kind::unsatisfiable;
    case grammar::Refusal::Kind::unsupported: return ConstraintFault::Kind::unsupported;
    case grammar::Refusal::Kind::too_large: break;
  }
  return ConstraintFault::Kind::too_large;
}

base::Result<base::Done, Unrendered> add_answer(const content::Chat& chat, SchemaCache& cache,
                                                Wanted& wanted) {
  if (!chat.grammar.empty()) {
    auto compiled = cache.gbnf(chat.grammar);
    if (!compiled.ok()) {
      return base::Fail{refused(compiled.error(), ConstraintPlace::Of::grammar)};
    }
    wanted.answer = std::move(compiled).value();
    wanted.answer_name = "g" + hash_of(chat.grammar);
  } else if (!chat.json_schema.empty()) {
    const std::string text = schema_json(chat.json_schema) == json::value(json::object())
                                 ? std::string(R"({"type":"object"})")
                                 : chat.json_schema;
    auto compiled = cache.schema(
        text, chat.schema_strict ? grammar::SchemaMode::strict : grammar::SchemaMode::lenient);
    if (!compiled.ok()) {
      return base::Fail{refused(compiled.error(), ConstraintPlace::Of::schema)};
    }
    wanted.answer = compiled->grammar;
    wanted.answer_name = (chat.schema_strict ? "s" : "l") + hash_of(text);
    for (std::string& path : compiled->unenforced) {
      wanted.unenforced.push_back({ConstraintPlace::Of::schema, 0, std::move(path)});
    }
  }
  return base::Done{};
}

}  // namespace

Unrendered refused(const grammar::Refusal& refusal, ConstraintPlace::Of of, std::uint32_t tool) {
  return Unrendered(ConstraintFault{
      kind_of(refusal.kind), {of, tool, refusal.path}, refusal.keyword, refusal.limit});
}

base::Result<Wanted, Unrendered> wanted_of(const content::Chat& chat, SchemaCache& cache) {
  Wanted wanted;
  if (const auto done = add_answer(chat, cache, wanted); !done.ok()) {
    return base::Fail{done.error()};
  }
  for (std::uint32_t i = 0; i < chat.tools.size(); ++i) {
    const content::Tool& tool = chat.tools[i];
    WantedTool made{&tool, i, object_schema(tool.parameters), nullptr};
    auto compiled = cache.schema(
        made.schema, tool.strict ? grammar::SchemaMode::strict : grammar::SchemaMode::lenient);
    if (!compiled.ok()) {
      return base::Fail{refused(compiled.error(), ConstraintPlace::Of::tool, i)};
    }
    made.arguments = compiled->grammar;
    for (std::string& path : compiled->unenforced) {
      wanted.unenforced.push_back({ConstraintPlace::Of::tool, i, std::move(path)});
    }
    const bool callable = chat.forced_tool.empty() || tool.name == chat.forced_tool;
    if (callable && chat.tool_choice != content::ToolChoice::none) {
      wanted.tools.push_back(std::move(made));
    }
  }
  if (chat.tool_choice == content::ToolChoice::required && wanted.tools.empty()) {
    return base::Fail{Unrendered(Error::bad_template_input)};
  }
  return wanted;
}

}  // namespace engine::llama

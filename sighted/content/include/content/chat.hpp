// A conversation, as people write it: the only types that carry text, with tokens.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace content {

/// A call that the assistant made. `arguments` is JSON text.
struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;
};

/// One turn. role: system, user, assistant or tool (developer is read as system).
struct Message {
  std::string role;
  std::string text;
  std::string reasoning;
  std::vector<ToolCall> tool_calls;  ///< assistant only
  std::string tool_call_id;          ///< tool only
  std::string tool_name;             ///< tool only, may be empty
};

/// A tool the assistant may call. `parameters` is a JSON schema as text.
struct Tool {
  std::string name;
  std::string description;
  std::string parameters;
  bool strict = false;  ///< All of the schema is enforced, or the request is refused.
};

/// Whether the model is to think before it answers.
enum class Thinking {
  unsaid,   ///< As the template does by itself.
  avoid,    ///< Off where the template can.
  forbid,   ///< Off, or the request is refused.
  welcome,  ///< On where the template can.
  demand,   ///< On, or the request is refused.
};

/// Wishes of a client about thinking.
struct ThinkingWish {
  Thinking thinking = Thinking::unsaid;
  std::string effort;                       ///< For templates that read one: "low", "high" ...
  std::optional<std::uint32_t> tokens_max;  ///< Tokens of thought before it is ended.
  std::string_view field;                   ///< Path of the field that said so; a literal.
};

enum class ToolChoice { automatic, required, none };

/// A conversation to go on with. Rendered by the model's own template.
struct Chat {
  std::vector<Message> messages;
  std::vector<Tool> tools;
  ToolChoice tool_choice = ToolChoice::automatic;
  std::string forced_tool;  ///< With ToolChoice::required: only this one, when not empty.
  bool parallel_tool_calls = false;
  std::string json_schema;    ///< JSON text; empty = free text; "{}" = any JSON object.
  bool schema_strict = true;  ///< All of json_schema is enforced, or the request is refused.
  std::string grammar;        ///< GBNF that the answer obeys; empty = none. Not with json_schema.
  std::string form_field;     ///< The path of the request's field that gave either of them.
  ThinkingWish thinking;
  /// Values from the client for the template: names and JSON text. None of Mains' own names.
  std::vector<std::pair<std::string, std::string>> template_values;
  bool continue_last = false;  ///< The last message is the assistant's and is to be continued.
};

}  // namespace content

#include "openai_messages.hpp"

#include "request_fields.hpp"

namespace wire {

namespace {

constexpr std::string_view text_only = "is not supported: this server takes text parts only.";
constexpr std::string_view functions_only = "is not supported unless it is 'function'.";

/// A string, or an array of text parts.
std::string read_content(Reader& message, std::string_view name) {
  if (message.type(name) != JsonType::array) {
    if (message.has(name) && message.type(name) != JsonType::string) {
      message.fail(name, ErrorKind::wrong_type, "must be a string or an array of content parts.");
    }
    return message.optional_string(name, any_length).value_or("");
  }
  Items parts = *message.optional_array(name, parts_max);
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Reader part = parts.object(i);
    const auto type = part.required_word("type", {"text", "refusal"}, text_only);
    join_part(text, part.required_string(type == 1 ? "refusal" : "text", any_length, 0));
  }
  return text;
}

std::vector<content::ToolCall> read_tool_calls(Reader& message) {
  std::vector<content::ToolCall> calls;
  auto items = message.optional_array("tool_calls", tools_max);
  for (std::size_t i = 0; items && i < items->size(); ++i) {
    Reader item = items->object(i);
    content::ToolCall call;
    call.id = item.optional_string("id", call_id_max).value_or("");
    item.optional_word("type", {"function"}, functions_only);
    Reader function = item.required_object("function");
    call.name = function.required_string("name", tool_name_max);
    // Any text: an answer that was cut ends in the middle of its arguments.
    call.arguments = function.optional_string("arguments", any_length).value_or("");
    calls.push_back(std::move(call));
  }
  return calls;
}

void read_assistant(Reader& reader, content::Message& message, CallNames& names) {
  message.text = read_content(reader, "content");
  message.reasoning = reader.optional_string("reasoning_content", any_length).value_or("");
  const auto reasoning = reader.optional_string("reasoning", any_length);
  if (reasoning && message.reasoning.empty()) {
    message.reasoning = *reasoning;
  }
  message.tool_calls = read_tool_calls(reader);
  for (const content::ToolCall& call : message.tool_calls) {
    names[call.id] = call.name;
  }
  if (auto refusal = reader.optional_string("refusal", any_length)) {
    join_part(message.text, *refusal);
  }
  for (const std::string_view field : {"audio", "function_call"}) {
    if (reader.has(field)) {
      reader.unsupported(field);
    }
  }
}

content::Message read_message(Reader reader, CallNames& names) {
  constexpr std::string_view roles[] = {"system", "user", "assistant", "tool"};
  content::Message message;
  const auto role =
      reader.required_word("role", {"system", "user", "assistant", "tool", "developer"});
  if (!role) {
    return message;
  }
  message.role = *role == 4 ? "system" : roles[*role];
  reader.optional_string("name", any_length);
  if (message.role == "assistant") {
    read_assistant(reader, message, names);
    return message;
  }
  message.text = read_content(reader, "content");
  if (!reader.has("content") && message.role != "tool") {
    reader.fail("content", ErrorKind::missing, "is required.");
  }
  if (message.role == "tool") {
    message.tool_call_id = reader.required_string("tool_call_id", call_id_max);
    message.tool_name = called_name(names, message.tool_call_id);
  }
  return message;
}

}  // namespace

std::vector<content::Message> read_openai_messages(Reader& root) {
  Items items = root.required_array("messages", messages_max);
  std::vector<content::Message> messages;
  messages.reserve(items.size());
  CallNames names;
  for (std::size_t i = 0; i < items.size(); ++i) {
    messages.push_back(read_message(items.object(i), names));
  }
  return messages;
}

}  // namespace wire

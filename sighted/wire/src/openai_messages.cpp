#include "openai_messages.hpp"

#include <algorithm>

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
    call.id = item.required_string("id", call_id_max);
    item.optional_word("type", {"function"}, functions_only);
    Reader function = item.required_object("function");
    call.name = function.required_string("name", tool_name_max);
    call.arguments = function.required_string("arguments", any_length, 0);
    calls.push_back(std::move(call));
  }
  return calls;
}

void read_assistant(Reader& reader, content::Message& message, CallNames& names) {
  message.text = read_content(reader, "content");
  message.reasoning = reader.optional_string("reasoning_content", any_length).value_or("");
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
  if (!reader.has("content") && !reader.has("refusal") && message.tool_calls.empty()) {
    reader.fail("content", ErrorKind::missing, "is required where there are no 'tool_calls'.");
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
  if (!reader.has("content")) {
    reader.fail("content", ErrorKind::missing, "is required.");
  }
  if (message.role == "tool") {
    message.tool_call_id = reader.required_string("tool_call_id", call_id_max);
    message.tool_name = called_name(names, message.tool_call_id);
  }
  return message;
}

content::Tool read_tool(Reader item) {
  content::Tool tool;
  item.required_word("type", {"function"}, functions_only);
  Reader function = item.required_object("function");
  tool.name = function.required_string("name", tool_name_max);
  tool.description = function.optional_string("description", any_length).value_or("");
  tool.parameters =
      function.optional_object_text("parameters").value_or(R"({"type":"object","properties":{}})");
  function.optional_bool("strict");
  return tool;
}

std::string read_named_tool(Reader& holder, const content::Chat& chat) {
  Reader function = holder.required_object("function");
  std::string name = function.required_string("name", tool_name_max);
  if (!has_tool(chat, name)) {
    function.fail("name", ErrorKind::out_of_range, "must be the name of one of 'tools'.");
  }
  return name;
}

/// Only the named tools may be called: the others are not shown to the model.
void read_allowed_tools(Reader& choice, content::Chat& chat) {
  Reader allowed = choice.required_object("allowed_tools");
  if (allowed.required_word("mode", {"auto", "required"}).value_or(0) == 1) {
    chat.tool_choice = content::ToolChoice::required;
  }
  Items items = allowed.required_array("tools", tools_max);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < items.size(); ++i) {
    Reader item = items.object(i);
    item.required_word("type", {"function"}, functions_only);
    names.push_back(read_named_tool(item, chat));
  }
  std::erase_if(chat.tools, [&](const content::Tool& tool) {
    return std::find(names.begin(), names.end(), tool.name) == names.end();
  });
}

void read_tool_choice(Reader& root, content::Chat& chat) {
  if (root.type("tool_choice") != JsonType::object) {
    const auto word = root.optional_word("tool_choice", {"auto", "required", "none"});
    constexpr content::ToolChoice choices[] = {
        content::ToolChoice::automatic, content::ToolChoice::required, content::ToolChoice::none};
    chat.tool_choice = choices[word.value_or(0)];
    if (chat.tool_choice == content::ToolChoice::required && chat.tools.empty()) {
      root.fail("tool_choice", ErrorKind::out_of_range, "needs 'tools'.");
    }
    return;
  }
  Reader choice = *root.optional_object("tool_choice");
  const auto type = choice.required_word("type", {"function", "allowed_tools"},
                                         "is not supported: use 'function' or 'allowed_tools'.");
  if (type == 0) {
    chat.tool_choice = content::ToolChoice::required;
    chat.forced_tool = read_named_tool(choice, chat);
  } else if (type == 1) {
    read_allowed_tools(choice, chat);
  }
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

void read_openai_tools(Reader& root, content::Chat& chat) {
  for (const std::string_view field : {"functions", "function_call"}) {
    if (root.has(field)) {
      root.unsupported(field, "is not supported: use 'tools' and 'tool_choice'.");
    }
  }
  if (auto items = root.optional_array("tools", tools_max)) {
    for (std::size_t i = 0; i < items->size(); ++i) {
      chat.tools.push_back(read_tool(items->object(i)));
    }
  }
  read_tool_choice(root, chat);
  chat.parallel_tool_calls = root.optional_bool("parallel_tool_calls").value_or(true);
}

void read_response_format(Reader& root, content::Chat& chat) {
  auto format = root.optional_object("response_format");
  if (!format) {
    return;
  }
  const auto type = format->required_word("type", {"text", "json_object", "json_schema"});
  if (type == 1) {
    chat.json_schema = "{}";
  } else if (type == 2) {
    Reader schema = format->required_object("json_schema");
    schema.optional_string("name", any_length);
    schema.optional_bool("strict");
    chat.json_schema = schema.optional_object_text("schema").value_or("{}");
  }
}

}  // namespace wire

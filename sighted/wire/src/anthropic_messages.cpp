#include "anthropic_messages.hpp"

#include "request_fields.hpp"

namespace wire {

namespace {

constexpr std::string_view text_only = "is not supported: this server takes text only.";

/// A string, or an array of text blocks. Null or absent is empty.
std::string read_text(Reader& holder, std::string_view name) {
  if (holder.type(name) != JsonType::array) {
    if (holder.has(name) && holder.type(name) != JsonType::string) {
      holder.fail(name, ErrorKind::wrong_type, "must be a string or an array of content blocks.");
    }
    return holder.optional_string(name, any_length).value_or("");
  }
  Items blocks = *holder.optional_array(name, parts_max);
  std::string text;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    Reader block = blocks.object(i);
    block.required_word("type", {"text"}, text_only);
    join_part(text, block.required_string("text", any_length, 0));
  }
  return text;
}

/// One of Anthropic's messages, which may be several of the house's: each tool result is one.
class Turn {
 public:
  Turn(content::Chat& chat, CallNames& names, std::string role)
      : chat_(chat), names_(names), before_(chat.messages.size()) {
    message_.role = std::move(role);
  }

  void read(Reader block) {
    const auto type = block.required_word(
        "type", {"text", "thinking", "redacted_thinking", "tool_use", "tool_result"}, text_only);
    if (!type) {
      return;
    }
    switch (*type) {
      case 0: join_part(message_.text, block.required_string("text", any_length, 0)); return;
      case 1: thinking(block); return;
      case 2: only_of(block, "assistant"); return;
      case 3: tool_use(block); return;
      default: tool_result(block); return;
    }
  }

  void read_text_only(std::string text) { message_.text = std::move(text); }

  /// What was read and is not in the chat yet goes there; a message gives at least one.
  void finish() {
    const bool empty =
        message_.text.empty() && message_.reasoning.empty() && message_.tool_calls.empty();
    if (!empty || chat_.messages.size() == before_) {
      chat_.messages.push_back(std::move(message_));
    }
  }

 private:
  void only_of(Reader& block, std::string_view role) {
    if (message_.role != role) {
      block.fail("type", ErrorKind::out_of_range,
                 role == "user" ? "is allowed in messages of role 'user' only."
                                : "is allowed in messages of role 'assistant' only.");
    }
  }

  void thinking(Reader& block) {
    only_of(block, "assistant");
    join_part(message_.reasoning, block.required_string("thinking", any_length, 0));
  }

  void tool_use(Reader& block) {
    only_of(block, "assistant");
    content::ToolCall call;
    call.id = block.required_string("id", call_id_max);
    call.name = block.required_string("name", tool_name_max);
    call.arguments = block.required_object_text("input");
    names_[call.id] = call.name;
    message_.tool_calls.push_back(std::move(call));
  }

  void tool_result(Reader& block) {
    only_of(block, "user");
    content::Message result;
    result.role = "tool";
    result.tool_call_id = block.required_string("tool_use_id", call_id_max);
    result.tool_name = called_name(names_, result.tool_call_id);
    result.text = read_text(block, "content");
    if (block.optional_bool("is_error").value_or(false)) {
      result.text.insert(0, result.text.empty() ? "Error" : "Error: ");
    }
    if (!message_.text.empty()) {  // Text in front of the result stays in front of it.
      chat_.messages.push_back(message_);
      message_.text.clear();
    }
    chat_.messages.push_back(std::move(result));
  }

  content::Chat& chat_;
  CallNames& names_;
  content::Message message_;
  std::size_t before_;
};

void read_turn(Reader reader, content::Chat& chat, CallNames& names) {
  const auto role = reader.required_word("role", {"user", "assistant"});
  Turn turn(chat, names, role.value_or(0) == 0 ? "user" : "assistant");
  if (!reader.has("content")) {
    reader.fail("content", ErrorKind::missing, "is required.");
  } else if (reader.type("content") == JsonType::array) {
    Items blocks = *reader.optional_array("content", parts_max);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      turn.read(blocks.object(i));
    }
  } else {
    turn.read_text_only(read_text(reader, "content"));
  }
  turn.finish();
}

}  // namespace

void read_anthropic_messages(Reader& root, content::Chat& chat) {
  if (root.has("system")) {
    content::Message system;
    system.role = "system";
    system.text = read_text(root, "system");
    if (!system.text.empty()) {
      chat.messages.push_back(std::move(system));
    }
  }
  Items items = root.required_array("messages", messages_max);
  CallNames names;
  for (std::size_t i = 0; i < items.size(); ++i) {
    read_turn(items.object(i), chat, names);
  }
  if (items.size() == 0 || chat.messages.back().role != "assistant") {
    return;
  }
  chat.continue_last = true;
  if (!chat.messages.back().tool_calls.empty()) {
    root.fail("messages", ErrorKind::out_of_range,
              "must not end with a 'tool_use': its 'tool_result' is missing.");
  }
}

}  // namespace wire

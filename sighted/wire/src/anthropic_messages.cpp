#include "anthropic_messages.hpp"

#include "request_fields.hpp"

namespace wire {

namespace {

constexpr std::string_view text_only = "is not supported: this server takes text only.";

/// Reads one block of a text. Blocks of other types are refused by name.
using ReadBlock = std::string (*)(Reader& block);

/// A string, or an array of blocks, joined. Null or absent is empty.
std::string read_text(Reader& holder, std::string_view name, ReadBlock read) {
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
    join_part(text, read(block));
  }
  return text;
}

std::string read_text_block(Reader& block) {
  block.required_word("type", {"text"}, text_only);
  return block.required_string("text", any_length, 0);
}

/// What cites its sources is another answer, which no model here gives.
void refuse_citations(Reader& block) {
  auto citations = block.optional_object("citations");
  if (citations && citations->optional_bool("enabled").value_or(false)) {
    citations->unsupported("enabled", "is not supported: this server makes no citations.");
  }
}

std::string read_document(Reader& block) {
  refuse_citations(block);
  std::string text = block.optional_string("title", any_length).value_or("");
  join_part(text, block.optional_string("context", any_length).value_or(""));
  Reader source = block.required_object("source");
  const auto type = source.required_word(
      "type", {"text", "content"}, "is not supported: this server takes documents of text only.");
  if (type == 0) {
    join_part(text, source.required_string("data", any_length, 0));
  } else if (type == 1) {
    join_part(text, read_text(source, "content", read_text_block));
  }
  return text;
}

std::string read_search_result(Reader& block) {
  refuse_citations(block);
  std::string text = block.optional_string("title", any_length).value_or("");
  join_part(text, block.optional_string("source", any_length).value_or(""));
  join_part(text, read_text(block, "content", read_text_block));
  return text;
}

/// A part of what a tool gave back. A reference names a tool that was found; all are at hand.
std::string read_result_block(Reader& block) {
  const auto type = block.required_word(
      "type", {"text", "document", "search_result", "tool_reference"}, text_only);
  switch (type.value_or(0)) {
    case 0: return block.required_string("text", any_length, 0);
    case 1: return read_document(block);
    case 2: return read_search_result(block);
    default: return block.required_string("tool_name", tool_name_max);
  }
}

/// One of Anthropic's messages, which may be several of the house's: each tool result is one.
class Turn {
 public:
  Turn(content::Chat& chat, CallNames& names, std::string role)
      : chat_(chat), names_(names), before_(chat.messages.size()) {
    message_.role = std::move(role);
  }

  void read(Reader block) {
    const auto type = block.required_word("type",
                                          {"text", "thinking", "redacted_thinking", "tool_use",
                                           "tool_result", "document", "search_result"},
                                          text_only);
    if (!type) {
      return;
    }
    switch (*type) {
      case 0: join_part(message_.text, block.required_string("text", any_length, 0)); return;
      case 1: thinking(block); return;
      case 2: only_of(block, "assistant"); return;
      case 3: tool_use(block); return;
      case 4: tool_result(block); return;
      case 5: attachment(block, read_document); return;
      default: attachment(block, read_search_result); return;
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

  void attachment(Reader& block, ReadBlock text_of) {
    only_of(block, "user");
    join_part(message_.text, text_of(block));
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
    call.arguments = block.optional_object_text("input").value_or("{}");
    names_[call.id] = call.name;
    message_.tool_calls.push_back(std::move(call));
  }

  void tool_result(Reader& block) {
    only_of(block, "user");
    content::Message result;
    result.role = "tool";
    result.tool_call_id = block.required_string("tool_use_id", call_id_max);
    result.tool_name = called_name(names_, result.tool_call_id);
    result.text = read_text(block, "content", read_result_block);
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

void read_system(Reader& holder, std::string_view name, content::Chat& chat) {
  content::Message system;
  system.role = "system";
  system.text = read_text(holder, name, read_text_block);
  if (!system.text.empty()) {
    chat.messages.push_back(std::move(system));
  }
}

void read_turn(Reader reader, content::Chat& chat, CallNames& names) {
  const auto role = reader.required_word("role", {"user", "assistant", "system", "developer"});
  const bool user = role.value_or(0) == 0;
  if (!reader.has("content") && role != 1) {
    reader.fail("content", ErrorKind::missing, "is required.");
    return;
  }
  if (role.value_or(0) > 1) {
    read_system(reader, "content", chat);
    return;
  }
  Turn turn(chat, names, user ? "user" : "assistant");
  if (reader.type("content") == JsonType::array) {
    Items blocks = *reader.optional_array("content", parts_max);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      turn.read(blocks.object(i));
    }
  } else {
    turn.read_text_only(read_text(reader, "content", read_text_block));
  }
  turn.finish();
}

/// An assistant's turn without anything in it.
bool is_empty_turn(const content::Message& message) {
  return message.role == "assistant" && message.text.empty() && message.reasoning.empty() &&
         message.tool_calls.empty();
}

}  // namespace

void read_anthropic_messages(Reader& root, content::Chat& chat) {
  if (root.has("system")) {
    read_system(root, "system", chat);
  }
  Items items = root.required_array("messages", messages_max);
  CallNames names;
  for (std::size_t i = 0; i < items.size(); ++i) {
    read_turn(items.object(i), chat, names);
  }
  // An empty last turn is begun anew, as if it was not there.
  if (!chat.messages.empty() && is_empty_turn(chat.messages.back())) {
    chat.messages.pop_back();
  }
  if (chat.messages.empty() || chat.messages.back().role != "assistant") {
    return;
  }
  chat.continue_last = true;
  if (!chat.messages.back().tool_calls.empty()) {
    root.fail("messages", ErrorKind::out_of_range,
              "must not end with a 'tool_use': its 'tool_result' is missing.");
  }
}

}  // namespace wire

#include <wire/anthropic_stream.hpp>
#include <wire/anthropic_write.hpp>

#include "anthropic_parts.hpp"
#include "reply_parts.hpp"

namespace wire {

namespace {

/// Begins the data line of an event whose type is also its name.
JsonWriter begin_event(std::string_view type) {
  std::string event = "event: ";
  event.append(type).append("\ndata: ");
  JsonWriter json(std::move(event));
  json.object().field("type", type);
  return json;
}

void end_event(std::string& events, JsonWriter json) {
  json.end_object();
  events += std::move(json).text();
  events += "\n\n";
}

void add_piece(std::string& events, std::uint64_t index, std::string_view type,
               std::string_view field, std::string_view piece) {
  JsonWriter json = begin_event("content_block_delta");
  json.field("index", index).key("delta").object().field("type", type).field(field, piece);
  json.end_object();
  end_event(events, std::move(json));
}

}  // namespace

std::string AnthropicStream::start(const terms::Usage& known) {
  JsonWriter json = begin_event("message_start");
  json.key("message").object().field("id", "msg_" + head_.receipt_id).field("type", "message");
  json.field("role", "assistant").field("model", head_.model);
  json.key("content").array().end_array().null_field("stop_reason").null_field("stop_sequence");
  json.key("usage");
  write_anthropic_usage(json, {known, "", "", ""});
  json.end_object();
  std::string events;
  end_event(events, std::move(json));
  return events += keep_alive();
}

void AnthropicStream::open(std::string& events, Block block) {
  close(events);
  block_ = block;
  JsonWriter json = begin_event("content_block_start");
  json.field("index", index_).key("content_block").object();
  if (block == Block::thinking) {
    json.field("type", "thinking").field("thinking", "").field("signature", "");
  } else {
    json.field("type", "text").field("text", "");
  }
  json.end_object();
  end_event(events, std::move(json));
}

void AnthropicStream::close(std::string& events) {
  if (block_ == Block::none) {
    return;
  }
  JsonWriter json = begin_event("content_block_stop");
  json.field("index", index_);
  end_event(events, std::move(json));
  block_ = Block::none;
  ++index_;
}

void AnthropicStream::add_tool(std::string& events, const content::ReplyDelta::ToolPiece& piece) {
  if (piece.index >= tools_begun_) {
    close(events);
    block_ = Block::tool;
    tools_begun_ = piece.index + 1;
    JsonWriter json = begin_event("content_block_start");
    json.field("index", index_).key("content_block").object().field("type", "tool_use");
    json.field("id", tool_call_id(head_, 0, piece.index, piece.id)).field("name", piece.name);
    json.key("input").object().end_object().end_object();
    end_event(events, std::move(json));
  } else if (block_ != Block::tool || piece.index + 1 != tools_begun_) {
    return;
  }
  if (!piece.arguments.empty()) {
    add_piece(events, index_, "input_json_delta", "partial_json", piece.arguments);
  }
}

std::string AnthropicStream::delta(const content::ReplyDelta& delta) {
  std::string events;
  if (!delta.reasoning.empty()) {
    if (block_ != Block::thinking) {
      open(events, Block::thinking);
    }
    add_piece(events, index_, "thinking_delta", "thinking", delta.reasoning);
  }
  if (!delta.text.empty()) {
    if (block_ != Block::text) {
      open(events, Block::text);
    }
    add_piece(events, index_, "text_delta", "text", delta.text);
  }
  for (const content::ReplyDelta::ToolPiece& piece : delta.tools) {
    add_tool(events, piece);
  }
  return events;
}

std::string AnthropicStream::end(const Finish& finish, const UsageNote& usage) {
  std::string events;
  close(events);
  JsonWriter json = begin_event("message_delta");
  json.key("delta").object();
  write_stop(json, finish);
  json.end_object().key("usage");
  write_anthropic_usage(json, usage);
  json.field("receipt_id", head_.receipt_id);
  end_event(events, std::move(json));
  end_event(events, begin_event("message_stop"));
  return events;
}

std::string AnthropicStream::error(const ApiError& error) {
  return "event: error\ndata: " + anthropic_error(error) + "\n\n";
}

}  // namespace wire

#include <wire/anthropic_write.hpp>

#include "anthropic_parts.hpp"
#include "reply_parts.hpp"

namespace wire {

void write_anthropic_usage(JsonWriter& json, const UsageNote& usage) {
  const std::uint64_t cached = usage.tokens.cached.value;
  const std::uint64_t input = usage.tokens.input.value;
  json.object().field("input_tokens", input > cached ? input - cached : 0);
  json.field("cache_creation_input_tokens", std::uint64_t{0});
  json.field("cache_read_input_tokens", cached);
  json.field("output_tokens", std::uint64_t{usage.tokens.output.value});
  write_cost(json, usage);
  json.end_object();
}

void write_stop(JsonWriter& json, const Finish& finish) {
  json.field("stop_reason", stop_reason(finish)).key("stop_sequence");
  if (stop_reason(finish) == "stop_sequence") {
    json.string(finish.stop_sequence);
  } else {
    json.null();
  }
}

std::string message(const ReplyHead& head, const Answer& answer, const UsageNote& usage) {
  JsonWriter json;
  json.object().field("id", "msg_" + head.receipt_id).field("type", "message");
  json.field("role", "assistant").field("model", head.model).key("content").array();
  if (!answer.reasoning.empty()) {
    json.object().field("type", "thinking").field("thinking", answer.reasoning);
    json.field("signature", "").end_object();
  }
  if (!answer.text.empty()) {
    json.object().field("type", "text").field("text", answer.text).end_object();
  }
  for (std::size_t i = 0; i < answer.tools.size(); ++i) {
    const content::ToolCall& call = answer.tools[i];
    json.object().field("type", "tool_use").field("id", tool_call_id(head, 0, i, call.id));
    json.field("name", call.name).key("input");
    // Arguments that were cut off by a limit are no object any more; the stop reason tells.
    json.raw(is_json_object(call.arguments) ? std::string_view(call.arguments) : "{}");
    json.end_object();
  }
  json.end_array();
  write_stop(json, answer.finish);
  json.key("usage");
  write_anthropic_usage(json, usage);
  json.field("receipt_id", head.receipt_id).end_object();
  return std::move(json).text();
}

std::string token_count(std::uint64_t input_tokens) {
  JsonWriter json;
  json.object().field("input_tokens", input_tokens).end_object();
  return std::move(json).text();
}

std::string anthropic_error(const ApiError& error) {
  JsonWriter json;
  json.object().field("type", "error").key("error").object();
  json.field("type", anthropic_error_type(error.status)).field("message", error.message);
  json.end_object();
  if (!error.request_id.empty()) {
    json.field("request_id", error.request_id);
  }
  json.end_object();
  return std::move(json).text();
}

std::string_view stop_reason(const Finish& finish) {
  switch (finish.reason) {
    case terms::EndReason::stop:
    case terms::EndReason::done:
      if (finish.called_tool) {
        return "tool_use";
      }
      return finish.stop_sequence.empty() ? "end_turn" : "stop_sequence";
    case terms::EndReason::length:
      return finish.context_full ? "model_context_window_exceeded" : "max_tokens";
    default: return "max_tokens";
  }
}

}  // namespace wire

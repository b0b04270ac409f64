#include <base/invariant.hpp>
#include <wire/openai_stream.hpp>
#include <wire/openai_write.hpp>

#include "reply_parts.hpp"

namespace wire {

namespace {

std::string made_prefix(const ReplyHead& head, OpenAiStream::Form form) {
  const bool chat = form == OpenAiStream::Form::chat;
  JsonWriter json("data: ");
  json.object().field("id", (chat ? "chatcmpl-" : "cmpl-") + head.receipt_id);
  json.field("object", chat ? "chat.completion.chunk" : "text_completion");
  json.key("created").integer(head.created_s).field("model", head.model);
  return std::move(json).text() + ',';
}

/// The text of a completion's choice is a field of the choice itself.
std::string text_field(std::string_view text) {
  std::string field = "\"text\":";
  append_json_string(field, text);
  return field;
}

}  // namespace

OpenAiStream::OpenAiStream(ReplyHead head, Options options)
    : head_(std::move(head)),
      options_(options),
      prefix_(made_prefix(head_, options.form)),
      choices_(options.choices),
      open_(options.choices) {}

OpenAiStream::Choice& OpenAiStream::choice_at(std::uint32_t choice) {
  base::invariant(choice < choices_.size(), "a delta belongs to a choice that was asked for");
  return choices_[choice];
}

std::string OpenAiStream::chunk(std::uint32_t choice, std::string_view delta,
                                std::string_view logprobs, std::string_view reason,
                                bool last) const {
  std::string event = prefix_;
  event.append("\"choices\":[{\"index\":").append(std::to_string(choice)).append(",");
  event.append(delta).append(",\"logprobs\":").append(logprobs).append(",\"finish_reason\":");
  event.append(reason).append("}]");
  if (options_.include_usage) {
    event += ",\"usage\":null";
  } else if (last) {
    event += ",\"receipt_id\":";
    append_json_string(event, head_.receipt_id);
  }
  return event += "}\n\n";
}

std::string OpenAiStream::begin(std::uint32_t choice) {
  Choice& state = choice_at(choice);
  if (state.begun) {
    return {};
  }
  state.begun = true;
  if (options_.form == Form::completion) {
    return {};
  }
  return chunk(choice, R"("delta":{"role":"assistant","content":""})", "null", "null", false);
}

std::string OpenAiStream::echo(std::uint32_t choice, std::string_view prompt) {
  if (options_.form == Form::chat || prompt.empty()) {
    return {};
  }
  choice_at(choice).text_offset += character_count(prompt);
  return chunk(choice, text_field(prompt), "null", "null", false);
}

std::string OpenAiStream::chat_delta(std::uint32_t choice, const content::ReplyDelta& delta) {
  Choice& state = choice_at(choice);
  JsonWriter json("\"delta\":");
  json.object();
  if (!delta.reasoning.empty()) {
    json.field("reasoning_content", delta.reasoning);
  }
  if (!delta.text.empty()) {
    json.field("content", delta.text);
  }
  if (!delta.tools.empty()) {
    json.key("tool_calls").array();
    for (const auto& piece : delta.tools) {
      if (piece.index >= state.tools.size()) {
        state.tools.resize(std::size_t{piece.index} + 1);
      }
      const bool known = state.tools[piece.index];
      state.tools[piece.index] = true;
      json.object().field("index", std::uint64_t{piece.index});
      if (!known) {
        json.field("id", tool_call_id(head_, choice, piece.index, piece.id));
        json.field("type", "function");
      }
      json.key("function").object();
      if (!piece.name.empty()) {
        json.field("name", piece.name);
      }
      json.field("arguments", piece.arguments).end_object().end_object();
    }
    json.end_array();
  }
  json.end_object();
  return std::move(json).text();
}

std::string OpenAiStream::delta(std::uint32_t choice, const content::ReplyDelta& delta) {
  Choice& state = choice_at(choice);
  if (delta.empty() || state.finished) {
    return {};
  }
  std::string event = begin(choice);
  const bool chat = options_.form == Form::chat;
  std::string logprobs = "null";
  if (options_.logprobs && !delta.logprobs.empty()) {
    JsonWriter json;
    if (chat) {
      write_chat_logprobs(json, delta.logprobs);
    } else {
      state.text_offset = write_text_logprobs(json, delta.logprobs, state.text_offset);
    }
    logprobs = std::move(json).text();
  }
  const std::string part = chat ? chat_delta(choice, delta) : text_field(delta.text);
  return event += chunk(choice, part, logprobs, "null", false);
}

std::string OpenAiStream::finish(std::uint32_t choice, const Finish& finish) {
  Choice& state = choice_at(choice);
  if (state.finished) {
    return {};
  }
  std::string event = begin(choice);
  state.finished = true;
  --open_;
  std::string reason;
  append_json_string(reason, finish_reason(finish));
  const bool chat = options_.form == Form::chat;
  return event +=
         chunk(choice, chat ? R"("delta":{})" : R"("text":"")", "null", reason, open_ == 0);
}

std::string OpenAiStream::end(const UsageNote& usage) {
  std::string event;
  if (options_.include_usage) {
    JsonWriter json;
    write_openai_usage(json, usage, true);
    event = prefix_ + "\"choices\":[],\"usage\":" + std::move(json).text() + ",\"receipt_id\":";
    append_json_string(event, head_.receipt_id);
    event += "}\n\n";
  }
  return event += "data: [DONE]\n\n";
}

std::string OpenAiStream::error(const ApiError& error) {
  return "data: " + openai_error(error) + "\n\n";
}

}  // namespace wire

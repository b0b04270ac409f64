#include <bit>
#include <boost/beast/core/detail/base64.hpp>
#include <wire/openai_write.hpp>

#include "reply_parts.hpp"

namespace wire {

namespace {

void write_message(JsonWriter& json, const ReplyHead& head, std::uint32_t index,
                   const Answer& answer) {
  json.object().field("role", "assistant");
  if (answer.text.empty() && !answer.tools.empty()) {
    json.null_field("content");
  } else {
    json.field("content", answer.text);
  }
  json.null_field("refusal");
  if (!answer.reasoning.empty()) {
    json.field("reasoning_content", answer.reasoning);
  }
  if (!answer.tools.empty()) {
    json.key("tool_calls").array();
    for (std::size_t i = 0; i < answer.tools.size(); ++i) {
      const content::ToolCall& call = answer.tools[i];
      json.object().field("id", tool_call_id(head, index, i, call.id)).field("type", "function");
      json.key("function").object().field("name", call.name);
      json.field("arguments", call.arguments).end_object().end_object();
    }
    json.end_array();
  }
  json.end_object();
}

JsonWriter begin_completion(const ReplyHead& head, std::string_view id, std::string_view object) {
  JsonWriter json;
  json.object().field("id", std::string(id) + head.receipt_id).field("object", object);
  json.key("created").integer(head.created_s).field("model", head.model);
  json.key("choices").array();
  return json;
}

std::string end_completion(JsonWriter json, const ReplyHead& head, const UsageNote& usage) {
  json.end_array().key("usage");
  write_openai_usage(json, usage, true);
  json.field("receipt_id", head.receipt_id).end_object();
  return std::move(json).text();
}

std::string base64_of(const std::vector<float>& numbers) {
  namespace base64 = boost::beast::detail::base64;
  std::string bytes;
  bytes.reserve(numbers.size() * 4);
  for (const float number : numbers) {
    const auto bits = std::bit_cast<std::uint32_t>(number);
    for (unsigned shift = 0; shift < 32; shift += 8) {
      bytes += static_cast<char>(static_cast<unsigned char>(bits >> shift));
    }
  }
  std::string text(base64::encoded_size(bytes.size()), '\0');
  text.resize(base64::encode(text.data(), bytes.data(), bytes.size()));
  return text;
}

void write_model(JsonWriter& json, const ModelEntry& model) {
  json.object().field("id", model.id).field("object", "model");
  json.key("created").integer(model.created_s).field("owned_by", model.owned_by);
  json.field("type", "model").field("display_name", model.id);
  json.field("created_at", model.created_at);
  if (model.context != 0) {
    json.field("context_length", std::uint64_t{model.context});
    json.field("max_model_len", std::uint64_t{model.context});
  }
  json.end_object();
}

}  // namespace

std::string chat_completion(const ReplyHead& head, std::span<const Answer> choices, bool logprobs,
                            const UsageNote& usage) {
  JsonWriter json = begin_completion(head, "chatcmpl-", "chat.completion");
  for (std::uint32_t i = 0; i < choices.size(); ++i) {
    const Answer& answer = choices[i];
    json.object().field("index", std::uint64_t{i}).key("message");
    write_message(json, head, i, answer);
    json.key("logprobs");
    if (logprobs) {
      write_chat_logprobs(json, answer.logprobs);
    } else {
      json.null();
    }
    json.field("finish_reason", finish_reason(answer.finish)).end_object();
  }
  return end_completion(std::move(json), head, usage);
}

std::string text_completion(const ReplyHead& head, std::span<const Answer> choices, bool logprobs,
                            const UsageNote& usage) {
  JsonWriter json = begin_completion(head, "cmpl-", "text_completion");
  for (std::uint32_t i = 0; i < choices.size(); ++i) {
    const Answer& answer = choices[i];
    json.object().field("index", std::uint64_t{i}).field("text", answer.echo + answer.text);
    json.key("logprobs");
    if (logprobs) {
      write_text_logprobs(json, answer.logprobs, character_count(answer.echo));
    } else {
      json.null();
    }
    json.field("finish_reason", finish_reason(answer.finish)).end_object();
  }
  return end_completion(std::move(json), head, usage);
}

std::string embeddings(const ReplyHead& head, std::span<const std::vector<float>> vectors,
                       bool base64, const UsageNote& usage) {
  JsonWriter json;
  json.object().field("object", "list").key("data").array();
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    json.object().field("object", "embedding").field("index", std::uint64_t{i}).key("embedding");
    if (base64) {
      json.string(base64_of(vectors[i]));
    } else {
      json.array();
      for (const float number : vectors[i]) {
        json.number(number);
      }
      json.end_array();
    }
    json.end_object();
  }
  json.end_array().field("model", head.model).key("usage");
  write_openai_usage(json, usage, false);
  json.field("receipt_id", head.receipt_id).end_object();
  return std::move(json).text();
}

std::string models_list(std::span<const ModelEntry> models) {
  JsonWriter json;
  json.object().field("object", "list").key("data").array();
  for (const ModelEntry& model : models) {
    write_model(json, model);
  }
  json.end_array().field("has_more", false);
  json.key("first_id").string_or_null(models.empty() ? "" : models.front().id);
  json.key("last_id").string_or_null(models.empty() ? "" : models.back().id);
  json.end_object();
  return std::move(json).text();
}

std::string model_object(const ModelEntry& model) {
  JsonWriter json;
  write_model(json, model);
  return std::move(json).text();
}

std::string openai_error(const ApiError& error) {
  JsonWriter json;
  json.object().key("error").object();
  json.field("message", error.message).field("type", openai_error_type(error.status));
  json.key("param").string_or_null(error.param).key("code").string_or_null(error.code);
  json.end_object().end_object();
  return std::move(json).text();
}

std::string_view finish_reason(const Finish& finish) {
  switch (finish.reason) {
    case terms::EndReason::stop:
    case terms::EndReason::done: return finish.called_tool ? "tool_calls" : "stop";
    default: return "length";
  }
}

}  // namespace wire

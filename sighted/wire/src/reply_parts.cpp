#include "reply_parts.hpp"

#include <algorithm>
#include <cmath>
#include <wire/json.hpp>

namespace wire {

namespace {

/// JSON has no infinity; -9999.0 is what the protocol's clients know for "never".
float finite_logprob(float logprob) {
  return std::isfinite(logprob) ? logprob : -9999.0F;
}

void write_token(JsonWriter& json, std::string_view piece, float logprob) {
  json.field("token", piece).key("logprob").number(finite_logprob(logprob));
  json.key("bytes").array();
  for (const char byte : piece) {
    json.unsigned_integer(static_cast<unsigned char>(byte));
  }
  json.end_array();
}

/// Completions have no bytes beside a token: what is no text is written as `bytes:\xe2\x82`.
std::string token_text(std::string_view piece) {
  if (is_utf8(piece)) {
    return std::string(piece);
  }
  constexpr char hex[] = "0123456789abcdef";
  std::string text = "bytes:";
  for (const char byte : piece) {
    const auto bits = static_cast<unsigned char>(byte);
    text += "\\x";
    text += hex[bits >> 4U];
    text += hex[bits & 15U];
  }
  return text;
}

}  // namespace

void write_chat_logprobs(JsonWriter& json, std::span<const content::TokenLogprob> logprobs) {
  json.object().key("content").array();
  for (const content::TokenLogprob& token : logprobs) {
    json.object();
    write_token(json, token.piece, token.logprob);
    json.key("top_logprobs").array();
    for (const auto& [piece, logprob] : token.top) {
      json.object();
      write_token(json, piece, logprob);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().null_field("refusal").end_object();
}

std::size_t write_text_logprobs(JsonWriter& json, std::span<const content::TokenLogprob> logprobs,
                                std::size_t text_offset) {
  json.object().key("tokens").array();
  for (const content::TokenLogprob& token : logprobs) {
    json.string(token_text(token.piece));
  }
  json.end_array().key("token_logprobs").array();
  for (const content::TokenLogprob& token : logprobs) {
    json.number(finite_logprob(token.logprob));
  }
  json.end_array().key("top_logprobs").array();
  for (const content::TokenLogprob& token : logprobs) {
    json.object();
    for (const auto& [piece, logprob] : token.top) {
      json.key(token_text(piece)).number(finite_logprob(logprob));
    }
    json.end_object();
  }
  json.end_array().key("text_offset").array();
  for (const content::TokenLogprob& token : logprobs) {
    json.unsigned_integer(text_offset);
    text_offset += character_count(token.piece);
  }
  json.end_array().end_object();
  return text_offset;
}

void write_cost(JsonWriter& json, const UsageNote& usage) {
  if (!usage.cost.empty()) {
    // A number's digits may be as many as the amount has: no double is in between.
    json.key("cost").raw(usage.cost).field("cost_nano", usage.cost_nano);
    json.field("currency", usage.currency);
  }
}

void write_openai_usage(JsonWriter& json, const UsageNote& usage, bool completion) {
  const std::uint64_t input = usage.tokens.input.value;
  const std::uint64_t output = usage.tokens.output.value;
  json.object().field("prompt_tokens", input);
  if (completion) {
    json.field("completion_tokens", output);
  }
  json.field("total_tokens", input + output);
  if (completion) {
    json.key("prompt_tokens_details").object();
    json.field("cached_tokens", std::uint64_t{usage.tokens.cached.value}).end_object();
  }
  write_cost(json, usage);
  json.end_object();
}

std::string tool_call_id(const ReplyHead& head, std::uint32_t choice, std::size_t index,
                         std::string_view given) {
  if (!given.empty()) {
    return std::string(given);
  }
  return "call_" + head.receipt_id + '_' + std::to_string(choice) + '_' + std::to_string(index);
}

std::string_view openai_error_type(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 402: return "insufficient_quota";
    case 403: return "permission_error";
    case 429: return "rate_limit_error";
    default: return status >= 500 ? "server_error" : "invalid_request_error";
  }
}

std::string_view anthropic_error_type(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 402: return "billing_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 503:
    case 529: return "overloaded_error";
    case 504: return "timeout_error";
    default: return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  }));
}

bool is_json_object(std::string_view text) {
  return !text.starts_with(byte_order_mark) && !Document(text).failed();
}

void Answer::add(content::ReplyDelta delta) {
  text += delta.text;
  reasoning += delta.reasoning;
  for (content::ReplyDelta::ToolPiece& piece : delta.tools) {
    if (piece.index >= tools.size()) {
      tools.resize(std::size_t{piece.index} + 1);
    }
    content::ToolCall& call = tools[piece.index];
    call.id += piece.id;
    call.name += piece.name;
    call.arguments += piece.arguments;
  }
  std::move(delta.logprobs.begin(), delta.logprobs.end(), std::back_inserter(logprobs));
}

ApiError ApiError::of(const ParseError& error) {
  return {400, error.message, error.param, std::string(error_code(error.kind))};
}

}  // namespace wire

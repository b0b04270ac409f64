// Pieces of answers that several writers share.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <wire/answer.hpp>
#include <wire/json_writer.hpp>

namespace wire {

/// Chat: {"content":[...],"refusal":null}.
void write_chat_logprobs(JsonWriter& json, std::span<const content::TokenLogprob> logprobs);

/// Completions: four parallel arrays. text_offset: where the first token's text begins, in
/// characters of the whole text; returns where the last one's ends.
std::size_t write_text_logprobs(JsonWriter& json, std::span<const content::TokenLogprob> logprobs,
                                std::size_t text_offset);

/// The object's fields from prompt_tokens to currency. completion: false for embeddings.
void write_openai_usage(JsonWriter& json, const UsageNote& usage, bool completion);

void write_cost(JsonWriter& json, const UsageNote& usage);

/// The tool call's id, or one made of the receipt where the model's format has none.
std::string tool_call_id(const ReplyHead& head, std::uint32_t choice, std::size_t index,
                         std::string_view given);

std::string_view openai_error_type(int status);
std::string_view anthropic_error_type(int status);

/// UTF-8 characters that begin in `text`.
std::size_t character_count(std::string_view text);

/// True when `text` is one whole JSON object.
bool is_json_object(std::string_view text);

}  // namespace wire

// Anthropic's answers. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <wire/answer.hpp>

namespace wire {

/// A message object: thinking, text and tool_use blocks, in this order.
std::string message(const ReplyHead& head, const Answer& answer, const UsageNote& usage);

/// {"input_tokens": n}
std::string token_count(std::uint64_t input_tokens);

/// {"type": "error", "error": {...}}. The type follows from the status.
std::string anthropic_error(const ApiError& error);

/// `end_turn`, `max_tokens`, `model_context_window_exceeded`, `stop_sequence` or `tool_use`; see
/// finish_reason().
std::string_view stop_reason(const Finish& finish);

}  // namespace wire

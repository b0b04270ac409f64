// Fields that nobody reads: those that would change the answer are refused by name.
#pragma once

#include <cstdint>

#include <content/request.hpp>
#include <wire/json.hpp>

namespace wire {

/// Kinds of bodies, as bits.
enum Body : std::uint32_t {
  chat_body = 1,
  completion_body = 2,
  embedding_body = 4,
  messages_body = 8,
};

/// Refuses what some server or vendor gives a meaning that changes the answer and we do not offer,
/// unless its value asks for nothing (`store: false`, `mirostat: 0`). Checks the types of `user`
/// and `metadata`, so that a mistake is reported. Everything else is harmless and ignored, such as
/// user, metadata, safety_identifier, prompt_cache_key, prediction, cache_prompt, keep_alive,
/// request_id, priority, cache_control, context_management, betas.
void check_other_fields(Reader& root, Body body);

/// repeat_last_n has a meaning with a penalty only; the penalties here look at the whole answer.
void check_penalty_window(Reader& root, const content::Sampling& sampling);

}  // namespace wire

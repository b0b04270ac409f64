// A tokenizer of a few hundred tokens that can say anything.
#pragma once

#include <gguf.h>

#include <cstdint>

namespace engine::random_model {

/// Byte-level BPE: all bytes, a few merges (some across the bytes of a character), ChatML marks,
/// and unreachable filler tokens up to tokens_min.
void set_byte_vocabulary(gguf_context* gguf, std::uint32_t tokens_min);

/// ChatML with Hermes tool calls.
[[nodiscard]] const char* chat_template();

}  // namespace engine::random_model

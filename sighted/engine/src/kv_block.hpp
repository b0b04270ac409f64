// How a KV cache is cut.
#pragma once

#include <cstddef>

namespace engine {

/// Tokens of a block of the KV cache.
inline constexpr std::size_t kv_block_tokens = 16;

}  // namespace engine

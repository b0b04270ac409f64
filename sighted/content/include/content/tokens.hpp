// Tokens: text in the model's own pieces.
#pragma once

#include <cstdint>
#include <vector>

namespace content {

/// An index into a model's vocabulary.
using TokenId = std::int32_t;
using TokenIds = std::vector<TokenId>;

}  // namespace content

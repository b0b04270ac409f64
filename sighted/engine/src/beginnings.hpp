// Which open jobs have which prompts, so that what two have in common is computed once and counted
// once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>

#include <content/tokens.hpp>
#include <terms/ids.hpp>
#include <terms/work.hpp>

#include "kv_block.hpp"

namespace engine {

/// Engine thread only.
class Beginnings {
 public:
  using Prompt = std::span<const content::TokenId>;

  /// So many of a prompt's first tokens can be another's: whole blocks, and never the last token,
  /// for somebody must compute what comes after it.
  [[nodiscard]] static Prompt shareable(Prompt prompt) {
    return prompt.first((prompt.size() - 1) / kv_block_tokens * kv_block_tokens);
  }

  /// A job opens, of whose prompt so much is kept. The prompt stays where it is until leave().
  /// Costs a look at each open prompt of the space.
  terms::Prefix come(terms::JobId job, std::uint64_t space, Prompt prompt, std::uint32_t kept) {
    terms::Prefix prefix{{kept}, {}, {}};
    for (const auto& [other, beginning] : open_) {
      const std::uint32_t same = beginning.space == space ? common(prompt, beginning.prompt) : 0;
      if (same > prefix.coming.value) {  // Of two that are as good, the one that came first.
        prefix.coming = {same};
        prefix.from = other;
      }
    }
    open_.emplace(job, Beginning{space, prompt});
    return prefix;
  }
  /// Unknown: ignored.
  void leave(terms::JobId job) { open_.erase(job); }

 private:
  struct Beginning {
    std::uint64_t space;
    Prompt prompt;
  };

  static std::uint32_t common(Prompt a, Prompt b) {
    const Prompt whole = shareable(a);
    const auto differs = std::ranges::mismatch(whole, b).in1;
    const auto same = static_cast<std::size_t>(differs - whole.begin());
    return static_cast<std::uint32_t>(same / kv_block_tokens * kv_block_tokens);
  }

  std::map<terms::JobId, Beginning> open_;
};

}  // namespace engine

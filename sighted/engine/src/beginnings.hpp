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
#include "spaces.hpp"

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
  /// Costs a look at each open prompt of its spaces, at all of it only where it is better than
  /// those before.
  terms::Prefix come(terms::JobId job, const Spaces& spaces, Prompt prompt, std::uint32_t kept) {
    terms::Prefix prefix{{kept}, {}, {}};
    bool own = false;
    const Beginning coming{spaces, prompt};
    for (const auto& [other, beginning] : open_) {
      // Of two that are as good, one of its own space, and then the one that came first.
      const bool also_own = beginning.spaces.own == spaces.own;
      if (!(also_own && !own) && !reaches(coming.prompt, beginning.prompt, prefix.coming.value)) {
        continue;
      }
      const std::uint32_t same = common(coming, beginning);
      if (same > prefix.coming.value ||
          (same > 0 && same == prefix.coming.value && also_own > own)) {
        prefix.coming = {same};
        prefix.from = other;
        own = also_own;
      }
      if (own && prefix.coming.value == shareable(prompt).size()) {
        break;  // None can be better.
      }
    }
    open_.emplace(job, coming);
    return prefix;
  }
  /// Unknown: ignored.
  void leave(terms::JobId job) { open_.erase(job); }

 private:
  struct Beginning {
    Spaces spaces;
    Prompt prompt;
  };

  /// Whether two may have more in common than their first `tokens`: a look at the block behind.
  static bool reaches(Prompt a, Prompt b, std::size_t tokens) {
    const std::size_t end = tokens + kv_block_tokens;
    return a.size() >= end && b.size() >= end &&
           std::ranges::equal(a.subspan(tokens, kv_block_tokens),
                              b.subspan(tokens, kv_block_tokens));
  }

  static std::uint32_t common(const Beginning& a, const Beginning& b) {
    if (a.spaces.of(0) != b.spaces.of(0)) {
      return 0;
    }
    const bool all = a.spaces.own == b.spaces.own;
    const Prompt whole = shareable(a.prompt);
    const auto differs = std::ranges::mismatch(whole, b.prompt).in1;
    const auto same = static_cast<std::size_t>(differs - whole.begin()) / kv_block_tokens;
    const std::size_t blocks = all ? same : std::min(same, a.spaces.opened_blocks());
    return static_cast<std::uint32_t>(blocks * kv_block_tokens);
  }

  std::map<terms::JobId, Beginning> open_;
};

}  // namespace engine

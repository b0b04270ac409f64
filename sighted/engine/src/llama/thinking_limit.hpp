// The end of a thinking that takes too many tokens.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sampler.hpp"
#include "vocabulary.hpp"

namespace engine::llama {

/// How long an answer may think, and the marks by which its template writes that.
struct ThinkingLimit {
  std::string start;
  std::vector<std::string> ends;  ///< The first is what ends it.
  std::string begun;              ///< What the template put in front of the answer.
  std::uint32_t tokens_max = 0;

  [[nodiscard]] bool can_hold() const { return !start.empty() && !ends.empty(); }
};

/// Ends each thinking of the answer after limit.tokens_max tokens, by its end mark: the marks'
/// tokens do not count. Returns `inner` where there is nothing to limit. The vocabulary must
/// outlive it.
[[nodiscard]] std::unique_ptr<Sampler> limit_thinking(std::unique_ptr<Sampler> inner,
                                                      const Vocabulary& vocabulary,
                                                      const ThinkingLimit* limit);

}  // namespace engine::llama

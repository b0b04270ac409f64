// Whom the blocks of a prompt belong to.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include <engine/engine.hpp>

#include "kv_block.hpp"

namespace engine {

/// Blocks are found by who looks in the same space for the same tokens.
struct Space {
  std::uint64_t keeper = 0;  ///< Who has them in its part of the cache.
  std::uint64_t opened = 0;  ///< The number of a beginning that the keeper opened; 0 = not opened.
  friend constexpr auto operator<=>(const Space&, const Space&) = default;
};

/// The spaces that a prompt's blocks lie in, one after the other: first an opened beginning, if
/// there is one, then its own.
struct Spaces {
  [[nodiscard]] std::size_t opened_blocks() const {
    return opened.number == 0 ? 0 : opened.tokens / kv_block_tokens;
  }
  [[nodiscard]] Space of(std::size_t block) const {
    return block < opened_blocks() ? Space{opened.owner, opened.number} : Space{own, 0};
  }

  std::uint64_t own = 0;
  Opened opened = {};
};

[[nodiscard]] inline Spaces spaces_of(const JobSpec& spec) {
  return {spec.prefix_space, spec.opened};
}

}  // namespace engine

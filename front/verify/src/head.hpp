// Checkpoints, and what hangs from them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <verify/verify.hpp>

namespace verify {

using Step = base::Result<base::Done, std::string>;

/// That the customer's earlier checkpoint, where there is one, is the beginning of this tree: by
/// the proof that came with the file, else by tiles.
[[nodiscard]] Step check_since(const Head& head, const Trust& trust,
                               const std::optional<Since>& proof);

/// That `entry` is leaf number `leaf` of the tree.
[[nodiscard]] Step check_included(const Head& head, std::uint64_t leaf,
                                  std::span<const std::uint8_t> entry, const receipt::Proof& proof);

/// What one receipt says by itself: its charge is what its tokens and prices make.
[[nodiscard]] Step check_arithmetic(const ledger::Receipt& receipt);

/// " included in the log ... of size ...", with witnesses, for the end of a line.
[[nodiscard]] std::string log_words(const Head& head, const std::optional<std::uint64_t>& since);

}  // namespace verify

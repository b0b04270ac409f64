// What a log says about itself: its name, its size and the root of its tree (tlog-checkpoint).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <note/note.hpp>
#include <terms/ids.hpp>

namespace note {

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;  ///< Leaves.
  terms::Digest root;

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// The text of the note, three lines. Pure.
[[nodiscard]] std::string to_text(const Checkpoint& checkpoint);

/// Reads such a text. Lines after the third are allowed when they are not empty, and not read: the
/// signature covers them. Pure.
[[nodiscard]] Read<Checkpoint> parse_checkpoint(std::string_view text);

/// A decimal number without leading zeros, 0 .. 2^63-1: sizes and indexes. Pure.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace note

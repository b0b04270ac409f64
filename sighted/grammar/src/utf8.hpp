// Ranges of code points as ranges of bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <grammar/builder.hpp>

namespace grammar {

struct ByteRange {
  std::uint8_t low = 0;
  std::uint8_t high = 0;
};

/// One to four ranges of bytes in a row; each combination is one code point.
struct Utf8Sequence {
  std::array<ByteRange, 4> bytes{};
  std::size_t size = 0;

  [[nodiscard]] Utf8Sequence without_first() const {
    Utf8Sequence rest;
    rest.size = size - 1;
    for (std::size_t i = 0; i < rest.size; ++i) {
      rest.bytes[i] = bytes[i + 1];
    }
    return rest;
  }
  /// Of at most three ranges: another number for each sequence.
  [[nodiscard]] std::uint64_t key() const {
    std::uint64_t key = size;
    for (std::size_t i = 0; i < size; ++i) {
      key = (key << 16) | (std::uint64_t{bytes[i].low} << 8) | bytes[i].high;
    }
    return key;
  }
};

/// The ranges in order, joined where they touch, without surrogates and what is beyond 0x10FFFF.
[[nodiscard]] std::vector<Range> normalized(std::span<const Range> ranges);
/// All code points but those.
[[nodiscard]] std::vector<Range> complement(std::span<const Range> ranges);
[[nodiscard]] std::vector<Utf8Sequence> utf8_sequences(std::span<const Range> ranges);

}  // namespace grammar

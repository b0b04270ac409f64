#include "utf8.hpp"

#include <algorithm>

namespace grammar {
namespace {

constexpr std::uint32_t last_code_point = 0x10FFFF;
constexpr Range surrogates{0xD800, 0xDFFF};
/// The last code point of one, two, three and four bytes.
constexpr std::array<std::uint32_t, 4> last_of_size{0x7F, 0x7FF, 0xFFFF, last_code_point};

std::array<std::uint8_t, 4> encode(std::uint32_t point, std::size_t size) {
  constexpr std::array<std::uint32_t, 4> leads{0x00, 0xC0, 0xE0, 0xF0};
  std::array<std::uint8_t, 4> bytes{};
  for (std::size_t i = size; i-- > 1;) {
    bytes[i] = static_cast<std::uint8_t>(0x80 | (point & 0x3F));
    point >>= 6;
  }
  bytes[0] = static_cast<std::uint8_t>(leads[size - 1] | point);
  return bytes;
}

/// Of code points of one size. Cuts where a byte's range is not the whole of what may follow.
void add_sequences(std::uint32_t low, std::uint32_t high, std::size_t size,
                   std::vector<Utf8Sequence>& sequences) {
  for (std::size_t tail = 1; tail < size; ++tail) {
    const std::uint32_t rest = (1U << (6 * tail)) - 1;
    if ((low & ~rest) == (high & ~rest)) {
      continue;
    }
    if ((low & rest) != 0) {
      add_sequences(low, low | rest, size, sequences);
      add_sequences((low | rest) + 1, high, size, sequences);
      return;
    }
    if ((high & rest) != rest) {
      add_sequences(low, (high & ~rest) - 1, size, sequences);
      add_sequences(high & ~rest, high, size, sequences);
      return;
    }
  }
  const auto from = encode(low, size);
  const auto to = encode(high, size);
  Utf8Sequence sequence;
  sequence.size = size;
  for (std::size_t i = 0; i < size; ++i) {
    sequence.bytes[i] = {from[i], to[i]};
  }
  sequences.push_back(sequence);
}

}  // namespace

std::vector<Range> normalized(std::span<const Range> ranges) {
  std::vector<Range> parts;
  for (Range range : ranges) {
    range.high = std::min(range.high, last_code_point);
    if (range.low > range.high) {
      continue;
    }
    if (range.high < surrogates.low || range.low > surrogates.high) {
      parts.push_back(range);
      continue;
    }
    if (range.low < surrogates.low) {
      parts.push_back({range.low, surrogates.low - 1});
    }
    if (range.high > surrogates.high) {
      parts.push_back({surrogates.high + 1, range.high});
    }
  }
  std::sort(parts.begin(), parts.end(), [](Range a, Range b) { return a.low < b.low; });
  std::vector<Range> joined;
  for (const Range& part : parts) {
    if (!joined.empty() && part.low <= joined.back().high + 1) {
      joined.back().high = std::max(joined.back().high, part.high);
    } else {
      joined.push_back(part);
    }
  }
  return joined;
}

std::vector<Range> complement(std::span<const Range> ranges) {
  std::vector<Range> rest;
  std::uint32_t next = 0;
  for (const Range& range : normalized(ranges)) {
    if (range.low > next) {
      rest.push_back({next, range.low - 1});
    }
    next = range.high + 1;
  }
  if (next <= last_code_point) {
    rest.push_back({next, last_code_point});
  }
  return normalized(rest);
}

std::vector<Utf8Sequence> utf8_sequences(std::span<const Range> ranges) {
  std::vector<Utf8Sequence> sequences;
  for (const Range& range : normalized(ranges)) {
    std::uint32_t low = range.low;
    for (std::size_t size = 1; size <= last_of_size.size() && low <= range.high; ++size) {
      const std::uint32_t high = std::min(range.high, last_of_size[size - 1]);
      if (low <= high) {
        add_sequences(low, high, size, sequences);
        low = high + 1;
      }
    }
  }
  return sequences;
}

}  // namespace grammar

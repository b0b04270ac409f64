// Names for tool calls.
#pragma once

#include <cstdint>
#include <string>

namespace engine {

/// "call_" and 24 letters and digits, the same for the same arguments.
inline std::string call_id(std::uint64_t seed, std::uint32_t index) {
  constexpr char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string id = "call_";
  std::uint64_t state = seed + 0x9E3779B97F4A7C15ULL * (index + 1ULL);
  for (int i = 0; i < 24; ++i) {
    // SplitMix64 (Steele, Lea, Flood 2014).
    state += 0x9E3779B97F4A7C15ULL;
    std::uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
    id += digits[((mixed ^ (mixed >> 31U)) >> 20U) % 36];
  }
  return id;
}

}  // namespace engine

// The one source of chance in a simulation: the same seed, the same world.
#pragma once

#include <cstdint>

#include <base/ports.hpp>

namespace sim {

/// SplitMix64 (Steele, Lea, Flood 2014). Not thread-safe.
class Dice final : public base::Random {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  [[nodiscard]] std::uint64_t next() override {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }
  /// 0 .. end - 1
  [[nodiscard]] std::uint64_t below(std::uint64_t end) { return next() % end; }
  [[nodiscard]] std::uint32_t below32(std::uint32_t end) {
    return static_cast<std::uint32_t>(next() % end);
  }
  /// True with a chance of per_mille / 1000.
  [[nodiscard]] bool chance(std::uint64_t per_mille) { return below(1000) < per_mille; }

 private:
  std::uint64_t state_;
};

}  // namespace sim

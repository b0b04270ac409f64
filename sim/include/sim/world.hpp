// The money path in a scripted world: servers that crash, a store that fails, customers that come
// and go, clocks that jump. No threads, no time but the world's own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <sim/auditor.hpp>
#include <sim/sabotage.hpp>

namespace sim {

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t commands = 20'000;  ///< To the books; then the world comes to rest.
  std::uint32_t servers = 3;
  Sabotage sabotage = Sabotage::none;
};

struct Report {
  std::optional<std::string> wrong;  ///< The first thing that is wrong, if anything is.
  Sums sums;
  std::uint64_t commands = 0;     ///< Holds, settlements, voids, credits; repeated ones too.
  std::uint64_t refused = 0;      ///< By the rules: money, caps, limits, idempotency.
  std::uint64_t unavailable = 0;  ///< By a store that failed.
  std::uint64_t crashes = 0;
  std::uint64_t lost_replies = 0;  ///< Commits that were done and reported as failed.

  Report& operator+=(const Report& more);
};

/// One world from its beginning to its rest. The same options give the same world. Stops at the
/// first thing that is wrong. Cost: memory linear in `commands`.
[[nodiscard]] Report run(const Options& options);

/// The same of the whole house: the real hall, engine loop and books of each server around the
/// scripted engine, with readers that are slow or leave, keys that are revoked, and drains.
/// `commands` are requests here, and there is no sabotage.
[[nodiscard]] Report run_house(const Options& options);

}  // namespace sim

// The two things no room may take for itself: the time and the dice. Someone above brings them.
#pragma once

#include <cstdint>

#include <base/quantity.hpp>

namespace base {

/// Tells the time. Implementations are safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall time, UTC. May step when an operator sets the clock.
  [[nodiscard]] virtual UnixNs now() const = 0;
  /// Time since some fixed start; never goes back. For durations only.
  [[nodiscard]] virtual SpanNs since_start() const = 0;
};

/// Brings random numbers. The production one is the system's (cryptographically strong); the
/// tests' is seeded. Implementations are safe to call from any thread.
class Random {
 public:
  virtual ~Random() = default;
  [[nodiscard]] virtual std::uint64_t next() = 0;
};

}  // namespace base

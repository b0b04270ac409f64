// The real clock and the real dice.
#pragma once

#include <base/ports.hpp>

namespace app {

class SystemClock final : public base::Clock {
 public:
  [[nodiscard]] base::UnixNs now() const override;
  [[nodiscard]] base::SpanNs since_start() const override;
};

/// The kernel's random numbers, some hundred at a time for each thread.
class SystemRandom final : public base::Random {
 public:
  [[nodiscard]] std::uint64_t next() override;
};

}  // namespace app

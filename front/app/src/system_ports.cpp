#include <app/system_ports.hpp>

#include <sys/random.h>

#include <array>
#include <chrono>
#include <cstddef>

#include <base/invariant.hpp>

namespace app {

base::UnixNs SystemClock::now() const {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

base::SpanNs SystemClock::since_start() const {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(
              std::chrono::steady_clock::now().time_since_epoch())
              .count()};
}

std::uint64_t SystemRandom::next() {
  constexpr std::size_t words = 32;  // getrandom() never gives less than 256 bytes at once.
  thread_local std::array<std::uint64_t, words> pool{};
  thread_local std::size_t left = 0;
  if (left == 0) {
    const auto got = getrandom(pool.data(), sizeof(pool), 0);
    base::invariant(got == static_cast<ssize_t>(sizeof(pool)), "the kernel has random numbers");
    left = words;
  }
  return pool[--left];
}

}  // namespace app

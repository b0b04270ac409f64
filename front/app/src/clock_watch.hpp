// Looks whether this machine's clock and the database's agree, as long as the server runs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <thread>

#include <vault/clock.hpp>

namespace app {

/// A thread of its own, from start() until it is destroyed.
class ClockWatch {
 public:
  ClockWatch(const std::string& url, const base::Clock& clock) : database_(url, clock) {}

  /// Before start(): one look. Nothing: it cannot be told.
  [[nodiscard]] std::optional<std::chrono::milliseconds> look() { return database_.ahead(); }
  void start();

  /// Any thread. True also while it cannot be told.
  [[nodiscard]] bool right() const { return right_; }
  [[nodiscard]] double ahead_s() const { return static_cast<double>(ahead_ms_.load()) / 1'000; }

  /// Whether a server may run with a clock that is so far ahead.
  [[nodiscard]] static bool may_be(std::chrono::milliseconds ahead) {
    return std::chrono::abs(ahead) <= vault::clock_difference_max;
  }

 private:
  void watch(const std::stop_token& stop);

  vault::DatabaseClock database_;
  std::atomic<bool> right_ = true;
  std::atomic<std::int64_t> ahead_ms_ = 0;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace app

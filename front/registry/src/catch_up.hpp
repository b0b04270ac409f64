// Looks at what other servers have changed: regularly, and sooner where somebody waits for it.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "crypto.hpp"

namespace registry {

/// Any thread. One look serves all that wait; there are at most twenty a second, so whoever sends
/// wrong names makes nothing dearer.
class CatchUp {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds between_looks_max{250};
  static constexpr std::chrono::milliseconds between_looks_min{50};
  static constexpr std::chrono::milliseconds forgotten_after{250};
  static constexpr int allowed_a_second = 40;

  /// The number of the next look that begins after now.
  std::uint64_t ask() {
    const std::lock_guard lock(mutex_);
    asked_ = begun_ + 1;
    changed_.notify_all();
    return asked_;
  }
  [[nodiscard]] bool is_over(std::uint64_t look) {
    const std::lock_guard lock(mutex_);
    return over_ >= look || stop_;
  }
  /// False: it took too long.
  bool wait(std::uint64_t look, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return over_ >= look || stop_; });
  }

  /// For the watcher: blocks until the next look is due. Nothing: it is to end.
  std::optional<std::uint64_t> next() {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, begun_at_ + between_looks_min, [&] { return stop_; });
    changed_.wait_until(lock, begun_at_ + between_looks_max,
                        [&] { return stop_ || asked_ > begun_; });
    if (stop_) {
      return std::nullopt;
    }
    begun_at_ = Clock::now();
    return ++begun_;
  }
  void done(std::uint64_t look) {
    const std::lock_guard lock(mutex_);
    over_ = look;
    changed_.notify_all();
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }

  /// Whether this secret may be looked for: it was not missed a moment ago, and there were not too
  /// many others.
  bool allows(const Hash& hash) {
    const std::lock_guard lock(mutex_);
    const Missed& missed = missed_.at(hash[0]);
    if (missed.hash == hash && Clock::now() - missed.at < forgotten_after) {
      return false;
    }
    const auto now = Clock::now();
    if (now - second_ >= std::chrono::seconds(1)) {
      second_ = now;
      allowed_ = 0;
    }
    return ++allowed_ <= allowed_a_second;
  }
  void missed(const Hash& hash) {
    const std::lock_guard lock(mutex_);
    missed_.at(hash[0]) = {hash, Clock::now()};
  }

 private:
  struct Missed {
    Hash hash{};
    Clock::time_point at;
  };
  std::mutex mutex_;
  std::condition_variable changed_;
  Clock::time_point begun_at_ = Clock::now();
  std::uint64_t asked_ = 0;
  std::uint64_t begun_ = 0;
  std::uint64_t over_ = 0;
  bool stop_ = false;
  std::array<Missed, 256> missed_;
  Clock::time_point second_;
  int allowed_ = 0;
};

}  // namespace registry

// Work that nobody pays for, bounded by the minute for each tenant and key.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include <api/api.hpp>
#include <base/quantity.hpp>

namespace api {

/// The tenant and the key of a request that nobody pays for.
struct UnpaidCaller {
  std::uint64_t tenant = 0;
  std::uint64_t key = 0;
  std::uint64_t key_requests_max = 0;  ///< The key's own requests per minute; 0: none is set.
};

/// Which bound was reached, and how long to wait.
struct UnpaidWait {
  base::SpanNs wait;
  bool of_key = false;  ///< The key's own bound; else the one of its tenant.
};

/// Counts, in seconds of the last minute, what each tenant asked for without paying, with all of
/// its keys, so that ten keys are not ten bounds; and what each key that has a limit of its own
/// asked, so that one key never uses up another's. Thread-safe; no waiting.
class UnpaidWork {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  explicit UnpaidWork(UnpaidLimits limits) : limits_(limits) {}

  /// Counts one request that nobody pays for. Nothing: it may run; else it is not counted.
  [[nodiscard]] std::optional<UnpaidWait> ask(const UnpaidCaller& caller, Instant now);
  /// The same for a request that will be paid if it is sound: it is not counted.
  [[nodiscard]] std::optional<UnpaidWait> wait_for(const UnpaidCaller& caller, Instant now);
  /// A request that was refused after work was done for it.
  void refused(const UnpaidCaller& caller, Instant now);
  /// Processor time that nobody paid for.
  void worked(const UnpaidCaller& caller, std::chrono::nanoseconds cpu, Instant now);
  /// Requests of a key with a limit of its own within the last minute.
  [[nodiscard]] std::uint64_t requests_of_key(std::uint64_t key, Instant now) const;

 private:
  static constexpr std::int64_t window_s = 60;
  struct Second {
    std::int64_t second = -1;
    std::uint32_t requests = 0;
    std::int64_t cpu_ns = 0;
  };
  using Minute = std::array<Second, window_s>;
  using Minutes = std::unordered_map<std::uint64_t, Minute>;

  [[nodiscard]] static std::int64_t second_of(Instant now);
  [[nodiscard]] static Second& current(Minutes& minutes, std::uint64_t id, Instant now);
  [[nodiscard]] static std::optional<base::SpanNs> wait_of(const Minutes& minutes, std::uint64_t id,
                                                           std::uint64_t requests_max,
                                                           std::int64_t cpu_ns_max, Instant now);
  [[nodiscard]] std::optional<UnpaidWait> wait_locked(const UnpaidCaller& caller,
                                                      Instant now) const;
  void count_locked(const UnpaidCaller& caller, Instant now);
  void forget_idle(Instant now);

  const UnpaidLimits limits_;
  mutable std::mutex mutex_;
  Minutes tenants_;
  Minutes keys_;  ///< Of keys with a limit of their own.
  std::int64_t swept_ = 0;
};

}  // namespace api

// Work that nobody pays for, bounded by the minute for each tenant.
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

/// Counts, in seconds of the last minute, what each tenant asked for without paying. A key's own
/// limit of requests per minute bounds what the whole tenant asks, so that ten keys are not ten
/// bounds. Thread-safe; no waiting.
class UnpaidWork {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  explicit UnpaidWork(UnpaidLimits limits) : limits_(limits) {}

  /// Counts one request that nobody pays for. Nothing: it may run; else how long to wait, and it is
  /// not counted.
  /// key_requests_max   the key's requests per minute; 0: none is set.
  [[nodiscard]] std::optional<base::SpanNs> ask(std::uint64_t tenant,
                                                std::uint64_t key_requests_max, Instant now);
  /// The same for a request that will be paid if it is sound: it is not counted.
  [[nodiscard]] std::optional<base::SpanNs> wait_for(std::uint64_t tenant,
                                                     std::uint64_t key_requests_max, Instant now);
  /// A request that was refused after work was done for it.
  void refused(std::uint64_t tenant, Instant now);
  /// Processor time that nobody paid for.
  void worked(std::uint64_t tenant, std::chrono::nanoseconds cpu, Instant now);
  /// Requests of the last minute.
  [[nodiscard]] std::uint64_t requests(std::uint64_t tenant, Instant now);

 private:
  static constexpr std::int64_t window_s = 60;
  struct Second {
    std::int64_t second = -1;
    std::uint32_t requests = 0;
    std::int64_t cpu_ns = 0;
  };
  using Minute = std::array<Second, window_s>;

  [[nodiscard]] static std::int64_t second_of(Instant now);
  [[nodiscard]] Second& current(std::uint64_t tenant, Instant now);
  [[nodiscard]] std::optional<base::SpanNs> wait_locked(std::uint64_t tenant,
                                                        std::uint64_t key_requests_max,
                                                        Instant now) const;
  void forget_idle(std::int64_t second);

  const UnpaidLimits limits_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Minute> tenants_;
  std::int64_t swept_ = 0;
};

}  // namespace api

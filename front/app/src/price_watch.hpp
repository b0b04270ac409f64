// Looks whether every served model has a price, now and on the lists to come.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <base/ports.hpp>
#include <registry/registry.hpp>

namespace app {

/// Faults in the prices of one moment.
struct PriceGaps {
  std::size_t served = 0;
  std::vector<std::string> unpriced;  ///< Served names that the list in force lacks.
  struct Coming {
    std::uint64_t version = 0;
    base::UnixNs valid_from;
    std::vector<std::string> lacks;
  };
  std::vector<Coming> coming;  ///< Lists to come that lack served names.
  std::int64_t clock_behind_s = 0;

  [[nodiscard]] bool none_priced() const { return served > 0 && unpriced.size() == served; }
  /// A line each, for people: with the models' names for the log, without them for everyone.
  [[nodiscard]] std::vector<std::string> lines(bool with_names) const;
};

/// From the registry's snapshot: no SQL.
[[nodiscard]] PriceGaps price_gaps(const registry::Registry& registry, base::UnixNs now,
                                   const std::vector<std::string>& served);

/// A thread of its own, from start() until it is destroyed: says each gap once, when it opens.
class PriceWatch {
 public:
  /// Registry and clock must outlive it.
  PriceWatch(const registry::Registry& registry, const base::Clock& clock,
             std::vector<std::string> served)
      : registry_(registry), clock_(clock), served_(std::move(served)) {}

  void start();
  /// Of this moment. Any thread.
  [[nodiscard]] PriceGaps gaps() const { return price_gaps(registry_, clock_.now(), served_); }

 private:
  void watch(const std::stop_token& stop);

  const registry::Registry& registry_;
  const base::Clock& clock_;
  const std::vector<std::string> served_;
  std::vector<std::string> said_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace app

// The number of open holds, read in the background, so that no scrape waits for the ledger.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include <ledger/reader.hpp>

namespace app {

/// A thread that reads the number twice a second. `reader` outlives it.
class HoldsWatch {
 public:
  explicit HoldsWatch(ledger::Reader& reader)
      : reader_(reader), thread_([this](const std::stop_token& stop) { watch(stop); }) {}

  /// -1: the last reading failed, or there is none yet. Any thread; never waits.
  [[nodiscard]] std::int64_t open() const { return open_; }

 private:
  void watch(const std::stop_token& stop);

  ledger::Reader& reader_;
  std::atomic<std::int64_t> open_ = -1;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace app

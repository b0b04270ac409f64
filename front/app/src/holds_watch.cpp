#include "holds_watch.hpp"

#include <chrono>

namespace app {
namespace {

constexpr std::chrono::milliseconds between_readings{500};

}  // namespace

void HoldsWatch::watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto holds = reader_.open_holds();
    open_ = holds.ok() ? static_cast<std::int64_t>(*holds) : -1;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, between_readings, [] { return false; });
  }
}

}  // namespace app

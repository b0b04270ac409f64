#include "clock_watch.hpp"

#include <string>

#include "fence.hpp"

namespace app {
namespace {

constexpr std::chrono::seconds between_looks{2};

}  // namespace

void ClockWatch::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

void ClockWatch::watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (const auto ahead = look()) {
      ahead_ms_ = ahead->count();
      const bool right = may_be(*ahead);
      if (right_.exchange(right) != right) {
        say(config::LogLevel::warn,
            "mains: " + (right ? std::string("the clock of this machine is right again")
                               : vault::clock_words(*ahead)));
      }
    }
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, between_looks, [] { return false; });
  }
}

}  // namespace app

#include <app/retention.hpp>

#include <ledger/month.hpp>
#include <settle/retention.hpp>

namespace app {
namespace {

constexpr std::chrono::hours pause{1};
constexpr std::chrono::seconds pause_after_failure{10};

}  // namespace

void Retention::start() {
  if (days_ > 0) {
    thread_ = std::thread(&Retention::loop, this);
  }
}

void Retention::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

bool Retention::stopping() {
  const std::lock_guard lock(mutex_);
  return stop_;
}

bool Retention::sweep() {
  const base::UnixNs before{clock_.now().value - days_ * ledger::one_day.value};
  const auto execute = [this](const settle::Command& command) -> settle::Outcome {
    if (stopping()) return settle::Refused{};
    return money_.execute(command);
  };
  return settle::prune_all(reader_, execute, before).ok();
}

void Retention::loop() {
  while (!stopping()) {
    const std::chrono::seconds wait = sweep() ? pause : pause_after_failure;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, wait, [this] { return stop_; });
  }
}

}  // namespace app

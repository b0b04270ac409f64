#include <app/retention.hpp>

#include <string>

#include <ledger/month.hpp>
#include <settle/retention.hpp>

#include "fence.hpp"

namespace app {
namespace {

constexpr std::chrono::hours pause{1};
constexpr std::chrono::seconds pause_after_failure{10};
constexpr const char* may_not =
    "receipts_days is set, but the database role may not remove receipts, so all are kept; as the "
    "owner of the tables: GRANT INSERT, UPDATE ON mains_ledger.pruned TO the_role; GRANT DELETE ON "
    "mains_ledger.receipts TO the_role (docs/postgresql.md, Roles). Looked at again every hour";

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

std::chrono::seconds Retention::sweep() {
  const auto may = reader_.may_prune();
  if (!may.ok()) return pause_after_failure;
  if (!*may && !told_) {
    say(config::LogLevel::warn, std::string("mains: ") + may_not);
  }
  told_ = !*may;
  if (!*may) return pause;
  const base::UnixNs before{clock_.now().value - days_ * ledger::one_day.value};
  const auto execute = [this](const settle::Command& command) -> settle::Outcome {
    if (stopping()) return settle::Refused{};
    return money_.execute(command);
  };
  return settle::prune_all(reader_, execute, before).ok() ? pause : pause_after_failure;
}

void Retention::loop() {
  while (!stopping()) {
    const std::chrono::seconds wait = sweep();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, wait, [this] { return stop_; });
  }
}

}  // namespace app

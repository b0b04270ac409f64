#include "pool.hpp"

#include <base/invariant.hpp>

namespace engine::native {
namespace {

constexpr std::uint64_t item_mask = (1ULL << 20U) - 1;
constexpr int spins_before_sleep = 20000;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

Pool::Pool(std::uint32_t threads) {
  for (std::uint32_t i = 1; i < threads; ++i) {
    workers_.emplace_back([this] { live(); });
  }
}

Pool::~Pool() {
  stop_ = true;
  ticket_.fetch_add(1ULL << 40U);  // Another task, without items.
  ticket_.notify_all();
  for (auto& worker : workers_) {
    worker.join();
  }
}

void Pool::share(std::size_t items, Task task) {
  base::invariant(items <= item_mask, "a task has fewer than 2^20 items");
  task_ = task;
  done_.store(0, std::memory_order_relaxed);
  const std::uint64_t number = (ticket_.load(std::memory_order_relaxed) >> 40U) + 1;
  ticket_.store(number << 40U | static_cast<std::uint64_t>(items) << 20U);
  if (asleep_.load() > 0) {
    ticket_.notify_all();
  }
  help();
  await(static_cast<std::uint32_t>(items));
}

/// Spins for a moment, then sleeps: the worker that holds the last item may need this very core,
/// and a yield does not give it away on every scheduler (100 ms were seen on Linux 6.18).
void Pool::await(std::uint32_t items) {
  for (int spins = 0; spins < spins_before_sleep; ++spins) {
    if (done_.load(std::memory_order_acquire) == items) {
      return;
    }
    relax();
  }
  // The worker counts its item and then reads `awaited_`; this thread sets it and then reads the
  // count. Both are sequentially consistent, so one of them sees the other.
  awaited_.store(true);
  for (std::uint32_t done = done_.load(); done != items; done = done_.load()) {
    done_.wait(done);
  }
  awaited_.store(false);
}

bool Pool::help() {
  bool helped = false;
  std::uint64_t ticket = ticket_.load(std::memory_order_acquire);
  while ((ticket & item_mask) < (ticket >> 20U & item_mask)) {
    if (!ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
      continue;
    }
    const std::size_t item = ticket & item_mask;
    const auto items = static_cast<std::uint32_t>(ticket >> 20U & item_mask);
    task_.call(task_.work, item);
    if (done_.fetch_add(1) + 1 == items && awaited_.load()) {
      done_.notify_one();
    }
    helped = true;
    ticket = ticket_.load(std::memory_order_acquire);
  }
  return helped;
}

void Pool::live() {
  int spins = 0;
  while (!stop_.load(std::memory_order_relaxed)) {
    const std::uint64_t seen = ticket_.load();
    if (help()) {
      spins = 0;
    } else if (++spins < spins_before_sleep) {
      relax();
    } else {
      ++asleep_;
      ticket_.wait(seen);
      --asleep_;
      spins = 0;
    }
  }
}

}  // namespace engine::native

// A worker that is held up in the middle of an item holds the step no longer than itself: the
// caller sleeps meanwhile and leaves its core to whoever needs it.
#include <ctime>

#include <pthread.h>
#include <sched.h>

#include <array>
#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "native/pool.hpp"

namespace engine::native {
namespace {

std::chrono::nanoseconds cpu_time_of_this_thread() {
  std::timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void burn(std::chrono::milliseconds cpu_time) {
  const auto until = cpu_time_of_this_thread() + cpu_time;
  while (cpu_time_of_this_thread() < until) {
  }
}

/// The processor time that the caller spends while a worker needs `cpu_time` for its only item.
std::chrono::nanoseconds cost_of_waiting(Pool& pool, std::chrono::milliseconds cpu_time) {
  const std::thread::id caller = std::this_thread::get_id();
  std::atomic<bool> begun{false};
  const auto before = cpu_time_of_this_thread();
  pool.run(2, [&](std::size_t) {
    if (std::this_thread::get_id() == caller) {
      begun.wait(false);  // The other item must be the worker's.
    } else {
      begun = true;
      begun.notify_one();
      burn(cpu_time);
    }
  });
  return cpu_time_of_this_thread() - before;
}

TEST(Pool, CallerSleepsWhileAWorkerIsHeldUp) {
  Pool pool(2);
  EXPECT_LT(cost_of_waiting(pool, std::chrono::milliseconds(200)), std::chrono::milliseconds(50));
}

TEST(Pool, WorkerThatSharesTheCallersCoreGetsIt) {
  cpu_set_t before;
  ASSERT_EQ(pthread_getaffinity_np(pthread_self(), sizeof(before), &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int core = 0; core < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++core) {
    if (CPU_ISSET(core, &before)) {
      CPU_SET(core, &one);
    }
  }
  ASSERT_EQ(pthread_setaffinity_np(pthread_self(), sizeof(one), &one), 0);
  {
    Pool pool(2);  // Its worker inherits the one core.
    EXPECT_LT(cost_of_waiting(pool, std::chrono::milliseconds(200)), std::chrono::milliseconds(50));
  }
  pthread_setaffinity_np(pthread_self(), sizeof(before), &before);
}

TEST(Pool, EachItemIsDoneOnceHoweverTheThreadsSleep) {
  Pool pool(4);
  for (std::size_t round = 0; round < 3000; ++round) {
    std::array<std::atomic<int>, 9> done{};
    pool.run(1 + round % 9, [&](std::size_t i) {
      if (round % 100 == 0 && i == 1) {
        std::this_thread::sleep_for(std::chrono::milliseconds(3));  // Long enough to sleep over.
      }
      ++done.at(i);
    });
    for (std::size_t i = 0; i < done.size(); ++i) {
      ASSERT_EQ(done.at(i).load(), i <= round % 9 ? 1 : 0) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace engine::native

// The order of turns: a party that sends much delays the others by one job of its own at most.
#include "fair_pool.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <string>

namespace api::testing {
namespace {

/// Jobs that wait until they are let go, so that no test depends on how fast a thread is.
class Gate {
 public:
  void open() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    waiting_ += 1;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void until_waiting(int jobs) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= jobs; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

class Diary {
 public:
  void write(std::string line) {
    const std::scoped_lock lock(mutex_);
    lines_ += line;
  }
  std::string read() {
    const std::scoped_lock lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::string lines_;
};

TEST(FairPool, takes_turns_between_parties_not_between_jobs) {
  Diary diary;
  {
    Gate gate;
    FairPool pool({});
    ASSERT_TRUE(pool.submit(9, Weight::heavy, [&] { gate.pass(); }));
    gate.until_waiting(1);
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(pool.submit(1, Weight::heavy, [&] { diary.write("a"); }));
    }
    ASSERT_TRUE(pool.submit(2, Weight::heavy, [&] { diary.write("b"); }));
    ASSERT_TRUE(pool.submit(3, Weight::heavy, [&] { diary.write("c"); }));
    gate.open();
  }
  EXPECT_EQ(diary.read(), "abcaaaa");
}

TEST(FairPool, runs_light_jobs_while_every_other_thread_has_a_heavy_one) {
  Gate gate;
  FairPool pool({.threads = 3, .heavy_running_each_max = 2});
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(pool.submit(1, Weight::heavy, [&] { gate.pass(); }));
  }
  gate.until_waiting(2);
  std::latch ran(8);
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(pool.submit(2, Weight::light, [&] { ran.count_down(); }));
  }
  ran.wait();
  EXPECT_EQ(pool.waiting(), 2U) << "the reserved thread took no heavy job";
  gate.open();
}

TEST(FairPool, gives_one_party_no_more_than_its_share_of_the_threads) {
  Gate gate;
  FairPool pool({.threads = 4, .heavy_running_each_max = 1});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(pool.submit(1, Weight::heavy, [&] { gate.pass(); }));
  }
  gate.until_waiting(1);
  std::latch ran(2);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(pool.submit(2, Weight::heavy, [&] { ran.count_down(); }));
  }
  ran.wait();
  EXPECT_EQ(pool.waiting(), 2U);
  gate.open();
}

TEST(FairPool, refuses_a_party_that_has_too_much_waiting_and_takes_the_next) {
  Gate gate;
  FairPool pool({.heavy_waiting_each_max = 3, .waiting_max = 5});
  ASSERT_TRUE(pool.submit(1, Weight::heavy, [&] { gate.pass(); }));
  gate.until_waiting(1);
  int refused = 0;
  for (int i = 0; i < 5; ++i) {
    refused += pool.submit(1, Weight::heavy, [] {}) ? 0 : 1;
  }
  EXPECT_EQ(refused, 2);
  EXPECT_TRUE(pool.submit(2, Weight::heavy, [] {}));
  EXPECT_TRUE(pool.submit(3, Weight::heavy, [] {}));
  EXPECT_FALSE(pool.submit(4, Weight::heavy, [] {})) << "the pool as a whole is bounded";
  gate.open();
}

}  // namespace
}  // namespace api::testing

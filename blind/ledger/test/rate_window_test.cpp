#include <ledger/rate_window.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <random>
#include <utility>
#include <vector>

namespace ledger {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start = 1'700'000'000 * second;

base::UnixNs at(std::int64_t ns) {
  return {start + ns};
}

TEST(RateWindow, CountsTheLastMinute) {
  RateWindow window;
  window.add(at(0), 3);
  window.add(at(10 * second), 4);
  EXPECT_EQ(window.count(at(10 * second)), 7U);
  EXPECT_EQ(window.count(at(61 * second - 1)), 7U);
  EXPECT_EQ(window.count(at(61 * second)), 4U);
  EXPECT_EQ(window.count(at(71 * second)), 0U);
}

TEST(RateWindow, SaysToTheNanosecondWhenThereIsRoom) {
  RateWindow window;
  window.add(at(0), 3);
  window.add(at(10 * second), 4);
  const base::UnixNs now = at(20 * second + 7);
  EXPECT_EQ(window.wait(now, 3, 10).value, 0);
  EXPECT_EQ(window.wait(now, 4, 10).value, 41 * second - 7);
  EXPECT_EQ(window.wait(now, 6, 10).value, 41 * second - 7);
  EXPECT_EQ(window.wait(now, 8, 10).value, 51 * second - 7);
  EXPECT_EQ(window.wait(now, 11, 10), base::SpanNs::max()) << "never";
}

TEST(RateWindow, GivesBackWhatWasNotUsed) {
  RateWindow window;
  const base::UnixNs added = window.add(at(second / 2), 100);
  window.add(at(2 * second), 10);
  window.give_back(added, 60);
  EXPECT_EQ(window.count(at(2 * second)), 50U);
  window.give_back(added, 40);
  EXPECT_EQ(window.count(at(2 * second)), 10U);
  EXPECT_EQ(window.slots().size(), 1U) << "an empty slot is forgotten";
  window.give_back(added, 40);
  EXPECT_EQ(window.count(at(2 * second)), 10U) << "what is forgotten is not given back again";
}

TEST(RateWindow, AClockThatStepsBackALittleFreesNothing) {
  RateWindow window;
  window.add(at(30 * second), 5);
  window.add(at(10 * second), 5);
  EXPECT_EQ(window.count(at(10 * second)), 10U);
  EXPECT_EQ(window.slots().size(), 1U);
}

TEST(RateWindow, AClockThatWasWrongIsForgiven) {
  RateWindow window;
  window.add(at(86'400 * second), 5);
  EXPECT_EQ(window.count(at(0)), 0U);
  EXPECT_EQ(window.wait(at(0), 1, 1).value, 0);
  window.add(at(0), 1);
  EXPECT_EQ(window.count(at(0)), 1U);
  EXPECT_EQ(window.slots().size(), 1U);
}

TEST(RateWindow, HugeCountsDoNotWrap) {
  constexpr std::uint64_t huge = std::numeric_limits<std::uint64_t>::max();
  RateWindow window;
  window.add(at(0), huge);
  window.add(at(second), huge);
  EXPECT_EQ(window.count(at(second)), huge);
  EXPECT_GT(window.wait(at(second), 1, huge).value, 0);
}

/// Any load, any limit: no 60 seconds have more than the limit, what is refused fits exactly when
/// it was told to, and little is refused that would have fit.
TEST(RateWindow, HoldsInEveryMinute) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 50; ++round) {
    const std::uint64_t limit = 1 + random() % 200;
    const auto pause = static_cast<std::int64_t>(1 + random() % 3) * second;
    RateWindow window;
    std::deque<std::pair<std::int64_t, std::uint64_t>> admitted;
    std::int64_t now = start;
    for (int i = 0; i < 400; ++i) {
      now += static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(pause));
      const std::uint64_t more = 1 + random() % std::max<std::uint64_t>(1, limit / 4);
      const auto in_minute = [&](std::int64_t span) {
        std::uint64_t sum = 0;
        for (const auto& [time, count] : admitted) {
          sum += time > now - span ? count : 0;
        }
        return sum;
      };
      const base::SpanNs wait = window.wait({now}, more, limit);
      if (wait.value > 0) {
        ASSERT_GT(in_minute(61 * second) + more, limit) << "refused although there is room";
        ASSERT_GT(window.wait({now + wait.value - 1}, more, limit).value, 0);
        ASSERT_EQ(window.wait({now + wait.value}, more, limit).value, 0);
        continue;
      }
      window.add({now}, more);
      admitted.emplace_back(now, more);
      ASSERT_LE(in_minute(60 * second), limit);
      ASSERT_LE(window.slots().size(), 62U);
      while (admitted.front().first < now - 100 * second) {
        admitted.pop_front();
      }
    }
  }
}

// Found by simulation: what came after the first jump stood under a second before it, and a second
// jump forgot it.
TEST(RateWindow, WhatCameAfterAClockWasSetBackCountsWhenItIsSetBackAgain) {
  RateWindow window;
  window.add(at(1'087 * second), 1);
  window.add(at(1'106 * second), 1);
  window.add(at(1'034 * second), 7);
  EXPECT_EQ(window.count(at(1'034 * second)), 7U);
  EXPECT_EQ(window.count(at(985 * second)), 7U);
}

}  // namespace
}  // namespace ledger

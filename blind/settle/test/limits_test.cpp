// Limits of a key: requests and tokens a minute, parallel requests, spending in a month.
#include <gtest/gtest.h>

#include <ledger/month.hpp>

#include "house.hpp"

namespace settle::testing {
namespace {

class Limited : public ::testing::TestWithParam<Kind> {
 protected:
  Limited() { testing::tell(books_, {credit(1, 1'000'000)}); }
  ~Limited() override { EXPECT_EQ(house_.wrong(), ""); }
  std::string tell(const Command& command) { return testing::tell(books_, {command}).front(); }
  Hold limited(std::uint64_t request, std::int64_t now, const Limits& limits) {
    Hold command = hold(request, now);
    command.limits = limits;
    return command;
  }

  House house_{GetParam()};
  Books books_{house_.journal()};
  const std::string held_ = "held output=50 amount=110";
};

TEST_P(Limited, RequestsAMinute) {
  const Limits limits{.requests_per_minute = 3};
  EXPECT_EQ(tell(limited(2, start, limits)), held_);
  EXPECT_EQ(tell(limited(3, start + 10 * second, limits)), held_);
  EXPECT_EQ(tell(limited(4, start + 10 * second, limits)), held_);
  const std::int64_t now = start + 20 * second + 1;
  EXPECT_EQ(tell(limited(5, now, limits)),
            "too_many_requests retry_after=" + std::to_string(41 * second - 1));
  tell(settle(2, 10));
  EXPECT_EQ(tell(limited(5, start + 61 * second - 1, limits)), "too_many_requests retry_after=1")
      << "a finished request was one all the same";
  EXPECT_EQ(tell(limited(5, start + 61 * second, limits)), held_);
  EXPECT_EQ(tell(limited(6, start + 61 * second, limits)),
            "too_many_requests retry_after=" + std::to_string(10 * second));
}

TEST_P(Limited, TokensAMinuteAreSetAsideAndGivenBack) {
  const Limits limits{.tokens_per_minute = 130};
  EXPECT_EQ(tell(limited(2, start, limits)), held_);
  EXPECT_EQ(tell(limited(3, start, limits)), held_);
  EXPECT_EQ(tell(limited(4, start + second, limits)),
            "too_many_tokens retry_after=" + std::to_string(60 * second))
      << "running requests count with what they may still use";
  tell(settle(2, 0, start + 2 * second));
  EXPECT_EQ(tell(limited(4, start + 3 * second, limits)), held_) << "50 were not used";
  EXPECT_EQ(tell(limited(5, start + 4 * second, limits)),
            "too_many_tokens retry_after=" + std::to_string(57 * second));
  tell(undo(4, start + 5 * second));
  EXPECT_EQ(tell(limited(5, start + 6 * second, limits)), held_);
}

TEST_P(Limited, TokensOfARequestWithoutALimitAreThoseOfTheMinute) {
  const Limits limits{.tokens_per_minute = 100};
  Hold open = limited(2, start, limits);
  open.output_asked = 0;
  open.output_max = {1'000'000};
  EXPECT_EQ(tell(open), "held output=90 amount=190");
  open.request = {1, 3};
  EXPECT_EQ(tell(open), "too_many_tokens retry_after=" + std::to_string(61 * second));
  open.input = {100};
  EXPECT_EQ(tell(open), "tokens_over_limit");
}

TEST_P(Limited, ParallelRequests) {
  const Limits limits{.parallel_requests = 2};
  EXPECT_EQ(tell(limited(2, start, limits)), held_);
  EXPECT_EQ(tell(limited(3, start, limits)), held_);
  EXPECT_EQ(tell(limited(4, start, limits)), "too_many_parallel");
  Hold by_other_key = limited(5, start, limits);
  by_other_key.key = {99};
  EXPECT_EQ(tell(by_other_key), held_);
  tell(settle(2, 10));
  EXPECT_EQ(tell(limited(4, start, limits)), held_);
  tell(undo(3));
  EXPECT_EQ(tell(limited(6, start, limits)), held_);
  EXPECT_EQ(tell(limited(7, start, limits)), "too_many_parallel");
}

TEST_P(Limited, AThousandErrorsLeakNothing) {
  const Limits limits{.parallel_requests = 1, .cap_per_month = {110}};
  for (std::uint64_t i = 0; i < 1'000; i += 2) {
    const auto outcomes = testing::tell(
        books_, {limited(100 + i, start, limits), limited(101 + i, start, limits), undo(100 + i)});
    ASSERT_EQ(outcomes, (Words{held_, "cap_reached", "voided"}));
  }
  EXPECT_EQ(house_.available(), 1'000'000);
}

TEST_P(Limited, SpendingInAMonth) {
  const Limits limits{.cap_per_month = {150}};
  EXPECT_EQ(tell(limited(2, start, limits)), held_);
  EXPECT_EQ(tell(limited(3, start, limits)), "cap_reached") << "what is held counts";
  tell(settle(2, 10));  // 30
  EXPECT_EQ(tell(limited(3, start, limits)), held_);
  tell(settle(3, 30));  // 70, together 100
  EXPECT_EQ(tell(limited(4, start, limits)), "cap_reached") << "what is spent counts";
  Hold open = limited(4, start, limits);
  open.output_asked = 0;
  EXPECT_EQ(tell(open), "held output=20 amount=50");
  EXPECT_EQ(house_.reader().month(key, ledger::month_of({start})).value(),
            (ledger::MonthRow{{100}, {50}}));
}

TEST_P(Limited, ANewMonthIsANewCap) {
  const Limits limits{.cap_per_month = {110}};
  const ledger::Month november = ledger::month_of({start});
  const std::int64_t december = ledger::start_of({november.value + 1}).value;
  EXPECT_EQ(tell(limited(2, december - 1, limits)), held_);
  EXPECT_EQ(tell(limited(3, december - 1, limits)), "cap_reached");
  EXPECT_EQ(tell(limited(3, december, limits)), held_);
  // Settled in December, but of the money that November's cap allowed.
  EXPECT_EQ(tell(settle(2, 50, december + 5 * second)),
            "settled charge=110 balance=999890 sequence=1");
  EXPECT_EQ(house_.reader().month(key, november).value(), (ledger::MonthRow{{110}, {0}}));
  EXPECT_EQ(house_.reader().month(key, {november.value + 1}).value(),
            (ledger::MonthRow{{0}, {110}}));
}

TEST_P(Limited, ARefusalCountsForNothing) {
  const Limits limits{.requests_per_minute = 1, .tokens_per_minute = 60};
  for (std::uint64_t i = 0; i < 10; ++i) {
    Hold dear = limited(10 + i, start, limits);
    dear.prices.input = {1'000'000'000'000};
    EXPECT_EQ(tell(dear), "insufficient_balance");
  }
  EXPECT_EQ(tell(limited(2, start, limits)), held_);
}

INSTANTIATE_TEST_SUITE_P(Stores, Limited, ::testing::Values(Kind::memory, Kind::sqlite),
                         [](const auto& test) { return name_of(test.param); });

}  // namespace
}  // namespace settle::testing

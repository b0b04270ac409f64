#include <ledger/month.hpp>

#include <gtest/gtest.h>

#include <array>

namespace ledger {
namespace {

constexpr std::int64_t second = 1'000'000'000;

Month month(int year, int number) {
  return {(year - 1970) * 12 + number - 1};
}

struct Case {
  std::int64_t unix_seconds;
  int year;
  int number;
};

// Seconds by `date -u -d ... +%s`.
constexpr std::array cases{
    Case{0, 1970, 1},
    Case{-1, 1969, 12},
    Case{2'678'399, 1970, 1},       // 1970-01-31T23:59:59
    Case{2'678'400, 1970, 2},       // 1970-02-01
    Case{951'782'400, 2000, 2},     // 2000-02-29: leap, although divisible by 100
    Case{951'868'800, 2000, 3},     // 2000-03-01
    Case{1'709'164'799, 2024, 2},   // 2024-02-28T23:59:59
    Case{1'709'164'800, 2024, 2},   // 2024-02-29
    Case{1'709'251'200, 2024, 3},   // 2024-03-01
    Case{1'740'787'200, 2025, 3},   // 2025-03-01, no 29th
    Case{1'761'440'400, 2025, 10},  // 2025-10-26T01:00Z: clocks go back in Europe
    Case{1'767'225'599, 2025, 12},  // 2025-12-31T23:59:59
    Case{1'767'225'600, 2026, 1},   // 2026-01-01
    Case{4'107'542'400, 2100, 3},   // 2100-03-01: not a leap year
    Case{4'107'542'399, 2100, 2},
};

TEST(Month, OfAMoment) {
  for (const Case& one : cases) {
    EXPECT_EQ(month_of({one.unix_seconds * second}), month(one.year, one.number))
        << one.unix_seconds;
  }
}

TEST(Month, StartsAndEndsWhereItsNeighboursDo) {
  for (int number = month(1900, 1).value; number <= month(2200, 12).value; ++number) {
    const base::UnixNs first = start_of({number});
    ASSERT_EQ(month_of(first).value, number);
    ASSERT_EQ(month_of({first.value - 1}).value, number - 1);
    const std::int64_t days = (start_of({number + 1}).value - first.value) / one_day.value;
    ASSERT_TRUE(days >= 28 && days <= 31) << number;
  }
}

TEST(FloorTo, RoundsDownOnBothSidesOfZero) {
  EXPECT_EQ(floor_to({7'199 * second}, one_hour).value, 3'600 * second);
  EXPECT_EQ(floor_to({7'200 * second}, one_hour).value, 7'200 * second);
  EXPECT_EQ(floor_to({-1}, one_hour).value, -one_hour.value);
  EXPECT_EQ(floor_to({-one_hour.value}, one_hour).value, -one_hour.value);
}

}  // namespace
}  // namespace ledger

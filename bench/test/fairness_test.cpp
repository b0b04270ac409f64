#include "fairness.hpp"

#include <gtest/gtest.h>

namespace load {
namespace {

TEST(fairness, all_alike_is_one_and_one_of_four_is_a_quarter) {
  EXPECT_DOUBLE_EQ(fairness({{3, 2}, {2, 3}, {5}, {0, 5}}).jain, 1);
  EXPECT_DOUBLE_EQ(fairness({{9}, {}, {}, {}}).jain, 0.25);
  EXPECT_NEAR(fairness({{1}, {3}}).jain, 16.0 / 20, 1e-12);
}

TEST(fairness, the_greatest_difference_may_be_before_the_end) {
  const Fairness even = fairness({{10, 0, 2}, {0, 10, 1}});
  EXPECT_DOUBLE_EQ(even.apart_most, 10);
  EXPECT_DOUBLE_EQ(even.apart_end, 1);
}

TEST(fairness, nobody_served_is_fair) {
  EXPECT_DOUBLE_EQ(fairness({{}, {}}).jain, 1);
  EXPECT_DOUBLE_EQ(fairness({{}, {}}).apart_most, 0);
}

}  // namespace
}  // namespace load

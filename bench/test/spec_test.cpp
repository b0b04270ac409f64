#include "spec.hpp"

#include <gtest/gtest.h>

namespace load {
namespace {

TEST(group, all_of_it) {
  const auto group = group_of("light:2:50:64:mk-secret,rate=1.5,shared=800,times=3,after=0.5");
  ASSERT_TRUE(group.has_value());
  EXPECT_EQ(group->name, "light");
  EXPECT_EQ(group->clients, 2);
  EXPECT_EQ(group->ask.words_in, 50);
  EXPECT_EQ(group->ask.tokens_out, 64);
  EXPECT_EQ(group->key, "mk-secret");
  EXPECT_EQ(group->rate_per_s, 1.5);
  EXPECT_EQ(group->ask.shared_words, 800);
  EXPECT_EQ(group->times, 3);
  EXPECT_EQ(group->after_s, 0.5);
  EXPECT_TRUE(group->open());
}

TEST(group, the_least_of_it) {
  const auto group = group_of("all:1:8:8");
  ASSERT_TRUE(group.has_value());
  EXPECT_EQ(group->key, "");
  EXPECT_FALSE(group->open());
}

TEST(group, what_is_not_one) {
  for (const char* text :
       {"", "all", "all:1:8", ":1:8:8", "all:0:8:8", "all:x:8:8", "all:1:8:8:key:more",
        "all:1:-8:8", "all:1:8:0", "all:1:8:8,", "all:1:8:8,rate", "all:1:8:8,rate=0",
        "all:1:8:8,rate=fast", "all:1:8:8,shared=1x", "all:1:8:8,colour=1", "all:99999:8:8"}) {
    EXPECT_FALSE(group_of(text).has_value()) << text;
  }
}

TEST(prices, three_numbers) {
  const auto prices = prices_of("0.2:0.05:1");
  ASSERT_TRUE(prices.has_value());
  EXPECT_EQ(prices->cached, 0.05);
  EXPECT_FALSE(prices_of("0.2:1").has_value());
  EXPECT_FALSE(prices_of("0.2:1:-1").has_value());
}

TEST(limits, two_numbers) {
  const auto limits = limits_of("500:0");
  ASSERT_TRUE(limits.has_value());
  EXPECT_EQ(limits->first_ms, 500);
  EXPECT_EQ(limits->per_token_ms, 0);
  EXPECT_FALSE(limits_of("500").has_value());
}

}  // namespace
}  // namespace load

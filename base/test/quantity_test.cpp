#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <unordered_set>

#include <base/id.hpp>
#include <base/quantity.hpp>
#include <base/result.hpp>

namespace {

using base::Nano;
using base::Tokens;

enum class Error { small, large };

base::Result<int, Error> half(int number) {
  if (number < 0) return base::Fail{Error::small};
  if (number > 100) return base::Fail{Error::large};
  return number / 2;
}

TEST(Quantity, sums_that_do_not_fit_are_nothing) {
  EXPECT_EQ(base::checked_add(Tokens{2}, Tokens{3}), Tokens{5});
  EXPECT_EQ(base::checked_add(Tokens::max(), Tokens{1}), std::nullopt);
  EXPECT_EQ(base::checked_add(Nano::max(), Nano{1}), std::nullopt);
  EXPECT_EQ(base::checked_add(Nano{std::numeric_limits<std::int64_t>::min()}, Nano{-1}),
            std::nullopt);
}

TEST(Quantity, differences_that_do_not_fit_are_nothing) {
  EXPECT_EQ(base::checked_sub(Nano{2}, Nano{3}), Nano{-1});
  EXPECT_EQ(base::checked_sub(Tokens{2}, Tokens{3}), std::nullopt) << "tokens are never negative";
  EXPECT_EQ(base::checked_sub(Nano{std::numeric_limits<std::int64_t>::min()}, Nano{1}),
            std::nullopt);
}

TEST(Id, zero_is_nobody) {
  using Id = base::Id<struct SomeTag>;
  using Wide = base::WideId<struct SomeTag>;
  EXPECT_FALSE(Id{}.valid());
  EXPECT_TRUE(Id{1}.valid());
  EXPECT_FALSE(Wide{}.valid());
  EXPECT_TRUE((Wide{1, 0}.valid()));
  EXPECT_TRUE((Wide{0, 1}.valid()));
  const std::unordered_set<Wide> seen{{1, 2}, {2, 1}, {1, 2}};
  EXPECT_EQ(seen.size(), 2U);
}

TEST(Result, holds_one_side) {
  EXPECT_EQ(half(8).value(), 4);
  EXPECT_EQ(half(-1).error(), Error::small);
  EXPECT_EQ(half(101).error(), Error::large);
}

TEST(ResultDeathTest, asking_for_the_other_side_stops_the_process) {
  EXPECT_DEATH((void)half(-1).value(), "Result has a value");
  EXPECT_DEATH((void)half(2).error(), "Result has an error");
}

}  // namespace

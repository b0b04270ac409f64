#include <gtest/gtest.h>

#include <cstdint>
#include <type_traits>

#include <terms/ids.hpp>
#include <terms/prices.hpp>
#include <terms/usage.hpp>
#include <terms/work.hpp>

namespace terms {
namespace {

TEST(Terms, ends_keep_the_numbers_that_receipts_were_written_with) {
  EXPECT_EQ(static_cast<std::uint32_t>(EndReason::stop), 1U);
  EXPECT_EQ(static_cast<std::uint32_t>(EndReason::length), 2U);
  EXPECT_EQ(static_cast<std::uint32_t>(EndReason::funds), 3U);
  EXPECT_EQ(static_cast<std::uint32_t>(EndReason::disconnect), 4U);
  EXPECT_EQ(static_cast<std::uint32_t>(EndReason::cancel), 5U);
  EXPECT_EQ(static_cast<std::uint32_t>(EndReason::error), 6U);
  EXPECT_EQ(static_cast<std::uint32_t>(EndReason::drain), 7U);
  EXPECT_EQ(static_cast<std::uint32_t>(EndReason::done), 8U);
}

TEST(Terms, all_that_crosses_the_wall_is_blind) {
  EXPECT_TRUE(base::Blind<WorkItem> && base::Blind<Lane> && base::Blind<StepEntry>);
  EXPECT_TRUE(base::Blind<ForkEntry> && base::Blind<LaneReport> && base::Blind<Usage>);
  EXPECT_TRUE(base::Blind<Prices> && base::Blind<Digest> && base::Blind<RequestId>);
}

TEST(Terms, ids_of_different_things_do_not_mix) {
  EXPECT_FALSE((std::is_convertible_v<TenantId, KeyId>));
  EXPECT_FALSE((std::is_convertible_v<JobId, ModelId>));
  EXPECT_FALSE((std::is_convertible_v<std::uint64_t, TenantId>));
}

TEST(Terms, a_digest_of_nothing_but_zeros_is_none) {
  EXPECT_FALSE(Digest{}.valid());
  for (std::size_t i = 0; i < 4; ++i) {
    Digest digest;
    digest.words[i] = 1;
    EXPECT_TRUE(digest.valid()) << i;
  }
}

TEST(Terms, a_plan_with_anything_in_it_is_not_empty) {
  EXPECT_TRUE(StepPlan{}.empty());
  StepPlan evicts;
  evicts.evict.push_back({JobId{1}, 0});
  EXPECT_FALSE(evicts.empty());
  StepPlan forks;
  forks.fork.push_back({{JobId{1}, 0}, {JobId{1}, 1}, {3}});
  EXPECT_FALSE(forks.empty());
}

}  // namespace
}  // namespace terms

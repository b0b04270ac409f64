// Usage of any span, grouped any way, is what the receipts of that span add up to, although the
// SQLite store answers from sums by the hour.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "rows.hpp"
#include "stores.hpp"

namespace store::testing {
namespace {

constexpr std::int64_t hour = 3'600'000'000'000;
constexpr std::int64_t start = 1'709'164'800'000'000'000;  // 2024-02-29, a leap day

class Usage : public ::testing::Test {
 protected:
  void write(std::mt19937_64& random, int receipts) {
    auto left = std::move(sqlite_.journal().begin()).value();
    auto right = std::move(memory_.journal().begin()).value();
    for (int i = 0; i < receipts; ++i) {
      ++sequence_;
      const auto offset = static_cast<std::int64_t>(random() % (40 * 24)) * hour / 8;
      // Many lie exactly on an hour or one nanosecond beside it.
      const std::int64_t edge = static_cast<std::int64_t>(random() % 3) - 1;
      ledger::Receipt receipt =
          receipt_row(sequence_, {1 + random() % 3}, sequence_, {start + offset + edge});
      receipt.model = {1 + random() % 3};
      receipt.key = {1 + random() % 3};
      receipt.price_list = {1 + random() % 2};
      receipt.usage.output = {static_cast<std::uint32_t>(random() % 1'000)};
      receipt.charge = {static_cast<std::int64_t>(random() % 1'000'000)};
      ASSERT_TRUE(left->insert(receipt).ok() && right->insert(receipt).ok());
    }
    ASSERT_TRUE(left->commit().ok() && right->commit().ok());
  }

  AnyStore sqlite_{Kind::sqlite};
  AnyStore memory_{Kind::memory};
  std::uint64_t sequence_ = 0;
};

TEST_F(Usage, IsTheSameFromEveryStore) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20; ++i)
    write(random, 50);
  const std::array buckets{ledger::Bucket::none, ledger::Bucket::hour, ledger::Bucket::day,
                           ledger::Bucket::month};
  for (int i = 0; i < 500; ++i) {
    const auto moment = [&random] {
      const auto units = static_cast<std::int64_t>(random() % (42 * 24 * 8));
      return base::UnixNs{start - hour + units * hour / 8 +
                          static_cast<std::int64_t>(random() % 3) - 1};
    };
    const ledger::Grouping grouping{buckets[random() % 4], random() % 2 == 0, random() % 2 == 0,
                                    random() % 2 == 0};
    const terms::TenantId tenant{1 + random() % 3};
    const auto [from, to] = std::minmax({moment(), moment()});
    const auto expected = memory_.reader().usage(tenant, from, to, grouping).value();
    const auto found = sqlite_.reader().usage(tenant, from, to, grouping).value();
    ASSERT_EQ(found, expected) << from.value << " .. " << to.value;
  }
}

TEST_F(Usage, OfAllTimeAndOfNone) {
  std::mt19937_64 random(1);
  write(random, 100);
  const base::UnixNs end = base::UnixNs::max();
  const base::UnixNs begin{std::numeric_limits<std::int64_t>::min()};
  EXPECT_EQ(sqlite_.reader().usage({1}, begin, end, {}).value(),
            memory_.reader().usage({1}, begin, end, {}).value());
  EXPECT_TRUE(sqlite_.reader().usage({1}, end, begin, {}).value().empty());
  EXPECT_TRUE(sqlite_.reader().usage({1}, {start}, {start}, {}).value().empty());
  EXPECT_TRUE(sqlite_.reader().usage({99}, begin, end, {}).value().empty());
}

}  // namespace
}  // namespace store::testing

// Looking while others write: what is seen is always the books between two batches.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "house.hpp"
#include "traffic.hpp"

namespace settle::testing {
namespace {

class Looking : public ::testing::TestWithParam<Kind> {};

TEST_P(Looking, SeesWholeBatchesOnly) {
  House house(GetParam());
  Books books(house.journal());
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> looks{0};
  std::vector<std::thread> lookers;
  for (int i = 0; i < 2; ++i) {
    lookers.emplace_back([&] {
      std::uint64_t receipts = 0;
      while (!done) {
        const ledger::Totals totals = house.reader().totals().value();
        EXPECT_EQ(totals.revenue.value + totals.outside.value + totals.available.value +
                      totals.held.value,
                  0);
        EXPECT_GE(totals.receipts, receipts) << "time does not go back";
        receipts = totals.receipts;
        EXPECT_TRUE(house.reader().usage(tenant, {0}, base::UnixNs::max(), {}).ok());
        ++looks;
      }
    });
  }
  Traffic traffic(1);
  for (int round = 0; round < 50 || looks < 20; ++round) {
    books.apply(traffic.batch(40));
  }
  done = true;
  for (std::thread& looker : lookers)
    looker.join();
  EXPECT_EQ(house.wrong(), "");
}

INSTANTIATE_TEST_SUITE_P(Stores, Looking, ::testing::Values(Kind::memory, Kind::sqlite),
                         [](const auto& test) { return name_of(test.param); });

}  // namespace
}  // namespace settle::testing

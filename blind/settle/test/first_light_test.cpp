// One request's money from credit to receipt, on SQLite.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include <settle/books.hpp>
#include <store/sqlite.hpp>

namespace settle {
namespace {

constexpr price::Prices prices{{150'000'000}, {75'000'000}, {600'000'000}};

class FirstLight : public ::testing::Test {
 protected:
  FirstLight() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~FirstLight() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) /
      ("books_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
  std::filesystem::path file_ = folder_ / "ledger.db";
};

TEST_F(FirstLight, HoldSettleReceipt) {
  auto journal = store::open_sqlite_journal(file_);
  ASSERT_TRUE(journal.ok());
  Books books(**journal);
  ASSERT_EQ(books.recover({1}).value(), 0U);
  const terms::TenantId tenant{7};
  const Command credit = Credit{{1, 1}, tenant, {5'000'000'000}, {10}};
  auto outcome = books.apply({&credit, 1});
  EXPECT_EQ(std::get<Credited>(outcome[0]).balance_after.value, 5'000'000'000);

  Hold hold{};
  hold.request = {2, 2};
  hold.tenant = tenant;
  hold.key = {3};
  hold.model = {4};
  hold.price_list = {1};
  hold.prices = prices;
  hold.now = {20};
  hold.input = {1000};
  hold.output_max = {500};
  hold.choices = 1;
  hold.output_asked = 1;
  const Command ask = hold;
  outcome = books.apply({&ask, 1});
  EXPECT_EQ(std::get<Held>(outcome[0]).amount.value, 150'000 + 300'000);

  Settle end{};
  end.request = hold.request;
  end.now = {30};
  end.usage = {{1000}, {0}, {100}};
  const Command settle = end;
  for (int again = 0; again < 2; ++again) {
    outcome = books.apply({&settle, 1});
    EXPECT_EQ(std::get<Settled>(outcome[0]).charge.value, 150'000 + 60'000);
    EXPECT_EQ(std::get<Settled>(outcome[0]).balance_after.value, 5'000'000'000 - 210'000);
    EXPECT_EQ(std::get<Settled>(outcome[0]).sequence, 1U);
  }

  auto reader = store::open_sqlite_reader(file_);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*reader)->balance(tenant).value().available.value, 5'000'000'000 - 210'000);
  EXPECT_EQ((*reader)->open_holds().value(), 0U);
  const auto receipt = (*reader)->receipt(hold.request).value();
  ASSERT_TRUE(receipt.has_value());
  EXPECT_EQ(receipt->usage.output.value, 100U);
  const auto usage = (*reader)->usage(tenant, {0}, {1'000}, {}).value();
  ASSERT_EQ(usage.size(), 1U);
  EXPECT_EQ(usage[0].charge.value, 210'000);
}

}  // namespace
}  // namespace settle

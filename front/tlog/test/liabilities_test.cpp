// The day's liabilities: everybody's balance is in the total, and everybody can see theirs.
#include <notation/id_text.hpp>

#include "world.hpp"

namespace tlog::testing {
namespace {

constexpr std::int64_t day_ns = 86'400'000'000'000;

std::string text_in(const std::string& document, const std::string& name) {
  const auto at = document.find("\"" + name + "\":\"") + name.size() + 4;
  return document.substr(at, document.find('"', at) - at);
}

TEST_F(World, TheDocumentSaysWhatIsOwed) {
  ledger->credit(7, 1'000);
  ledger->credit(8, 500);
  ledger->use(7, 10);  // 30 nano-units
  open();
  const PublishedDocument day = log->publish_liabilities().value();
  EXPECT_TRUE(day.document.starts_with("{\"accounts\":2,\"at_ns\":\"1795521600000000000\","));
  EXPECT_EQ(text_in(day.document, "day"), "2026-11-24");
  EXPECT_EQ(text_in(day.document, "format"), "mains.liabilities.v1");
  EXPECT_EQ(text_in(day.document, "total_nano"), "1470");
  EXPECT_EQ(log->leaf_of(day.document).value(), std::optional{day.leaf});
}

TEST_F(World, EveryAccountIsInTheTotal) {
  for (std::uint64_t tenant = 1; tenant <= 9; ++tenant)
    ledger->credit(tenant, static_cast<std::int64_t>(100 * tenant));
  ledger->use(9, 2);
  open();
  ASSERT_TRUE(log->turn().ok());
  for (std::uint64_t tenant = 1; tenant <= 9; ++tenant) {
    const OwnBalance own = log->own_balance(account_of({tenant})).value().value();
    EXPECT_EQ(own.balance.value, static_cast<std::int64_t>(100 * tenant) - (tenant == 9 ? 6 : 0));
    const auto root = receipt::sum_root(receipt::sum_leaf(own.salt, own.account, own.balance),
                                        own.index, 9, own.path);
    ASSERT_TRUE(root.has_value());
    EXPECT_EQ(text_in(own.document, "root_sha256"), notation::to_text(root->hash));
    EXPECT_EQ(text_in(own.document, "total_nano"), std::to_string(root->sum.value));
  }
  EXPECT_FALSE(log->own_balance({1, 1}).value().has_value());
}

TEST_F(World, TheDayIsPublishedOnceADay) {
  ledger->credit(7, 1'000);
  open();
  ASSERT_TRUE(log->turn().value());
  clock.time_ns += day_ns / 4;
  EXPECT_FALSE(log->turn().value());
  open();
  EXPECT_FALSE(log->turn().value()) << "nor at another start";
  clock.time_ns += day_ns / 2;  // past midnight, UTC
  EXPECT_TRUE(log->turn().value());
  EXPECT_EQ(log->size(), 2U);
  EXPECT_EQ(text_in(log->own_balance(account_of({7})).value()->document, "day"), "2026-11-25");
}

TEST_F(World, SaltsAreOfOneDay) {
  ledger->credit(7, 1'000);
  open();
  ASSERT_TRUE(log->turn().ok());
  const OwnBalance one = log->own_balance(account_of({7})).value().value();
  clock.time_ns += day_ns;
  ASSERT_TRUE(log->turn().ok());
  EXPECT_NE(log->own_balance(account_of({7})).value().value().salt, one.salt);
}

TEST_F(World, ABalanceOfNobodyIsNotAddedUp) {
  ledger->credit(7, 1'000);
  ledger->credit(8, 5);
  auto opened =
      Log::open(folder.path(), {},
                {ledger->reader(),
                 [this](const settle::Command& command) { return ledger->execute(command); },
                 [](terms::TenantId tenant) {
                   return tenant.value == 8 ? account_of(tenant) : terms::Pseudonym{};
                 },
                 clock, dice});
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened.value()->publish_liabilities().error(), Error::no_account);

  ledger->credit(7, -1'000);  // a deleted tenant, paid out
  const PublishedDocument day = opened.value()->publish_liabilities().value();
  EXPECT_TRUE(day.document.starts_with("{\"accounts\":1,")) << day.document;
}

}  // namespace
}  // namespace tlog::testing

// Receipts go when their time is over, and the books prove all the same what they were.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include <receipt/hash.hpp>
#include <settle/retention.hpp>

#include "house.hpp"

namespace settle::testing {
namespace {

using ledger::FindingKind;

class RetentionTest : public ::testing::TestWithParam<Kind> {
 protected:
  /// `count` requests of the tenant, one a minute, each settled at once.
  void serve(std::uint64_t count, terms::TenantId owner = tenant) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::int64_t now = start + static_cast<std::int64_t>(last_) * 60 * second;
      Hold asked = hold(++last_, now);
      asked.tenant = owner;
      asked.account = account_of(owner);
      tell(books_, {asked, settle(last_, 20, now)});
    }
  }
  static base::UnixNs minute(std::int64_t number) { return {start + number * 60 * second}; }
  std::uint64_t prune(base::UnixNs before) {
    const auto execute = [this](const Command& command) {
      commands_ += 1;
      return books_.apply({&command, 1}).at(0);
    };
    return prune_all(house_.reader(), execute, before).value();
  }
  std::vector<FindingKind> after(const std::function<void(ledger::Txn&)>& tamper) {
    auto txn = std::move(house_.journal().begin()).value();
    tamper(*txn);
    EXPECT_TRUE(txn->commit().ok());
    auto snapshot = std::move(house_.reader().snapshot()).value();
    std::vector<FindingKind> kinds;
    const ledger::CheckReport report = audit(*snapshot).value();
    for (const ledger::Finding& finding : report.findings) {
      kinds.push_back(finding.kind);
    }
    return kinds;
  }

  House house_{GetParam()};
  Books books_{house_.journal()};
  std::uint64_t last_ = 0;
  int commands_ = 0;
  using Kinds = std::vector<FindingKind>;
};

TEST_P(RetentionTest, TheOldGoTheYoungStayAndTheBooksAreRight) {
  tell(books_, {credit(1'000, 100'000), credit(1'001, 100'000, other_tenant)});
  serve(10);
  serve(5, other_tenant);
  const std::int64_t available = house_.available();
  EXPECT_EQ(prune(minute(4)), 4U);
  EXPECT_EQ(commands_, 1) << "the other tenant has none so old: no transaction";
  EXPECT_EQ(house_.wrong(), "");
  EXPECT_EQ(prune(minute(4)), 0U);
  const ledger::PrunedRow mark = house_.reader().pruned(tenant).value();
  EXPECT_EQ(mark.sequence, 4U);
  EXPECT_EQ(mark.logged, 4U);
  EXPECT_EQ(mark.charge.value, 4 * 50);
  EXPECT_EQ(mark.tokens, 4U * 30);
  EXPECT_EQ(mark.time, minute(3));
  const auto left = house_.reader().receipts_after(tenant, 0, 99).value();
  ASSERT_EQ(left.size(), 6U);
  EXPECT_EQ(left.front().previous, mark.chain) << "the chain goes on behind the mark";

  serve(3);
  EXPECT_EQ(prune(minute(99)), 6U + 3 + 5);
  EXPECT_EQ(house_.wrong(), "");
  EXPECT_EQ(house_.available(), available - 3 * 50);
  serve(2);
  EXPECT_EQ(house_.wrong(), "") << "and goes on when nothing is left";
  EXPECT_EQ(house_.reader().receipts_after(tenant, 0, 99).value().front().sequence, 14U);
}

TEST_P(RetentionTest, ManyGoInManySmallTransactions) {
  tell(books_, {credit(100'000, 1'000'000)});
  serve(prune_at_once + 20);
  EXPECT_EQ(prune(minute(1'000'000)), prune_at_once + 20U);
  EXPECT_EQ(commands_, 2);
  EXPECT_EQ(house_.wrong(), "");
}

TEST_P(RetentionTest, WhatIsYoungKeepsWhatComesAfterIt) {
  tell(books_, {credit(1'000, 100'000), hold(501), settle(501, 5, minute(50).value), hold(502),
                settle(502, 5, minute(1).value)});
  EXPECT_EQ(prune(minute(10)), 0U) << "a clock was set back: the first one is not old yet";
  EXPECT_EQ(prune(minute(51)), 2U);
  EXPECT_EQ(house_.wrong(), "");
}

TEST_P(RetentionTest, RequestsThatCostNothingOrWereVoidedOrRunAreNoTrouble) {
  tell(books_, {credit(1'000, 100'000), hold(501), hold(502), hold(503)});
  Settle nothing = settle(501, 0);
  nothing.usage = {};
  tell(books_, {nothing, undo(502)});
  EXPECT_EQ(prune(minute(1)), 1U);
  EXPECT_EQ(house_.wrong(), "");
}

TEST_P(RetentionTest, BrokenBooksKeepWhatTheyHave) {
  tell(books_, {credit(1'000, 100'000)});
  serve(3);
  after([](ledger::Txn& txn) {
    ledger::Receipt receipt = txn.receipt({1, 3}).value().value();
    receipt.id = {1, 99};
    receipt.sequence = 5;  // not 4
    EXPECT_TRUE(txn.insert(receipt).ok());
  });
  EXPECT_EQ(prune(minute(99)), 3U);
  EXPECT_NE(house_.wrong(), "");
}

TEST_P(RetentionTest, AMarkThatLiesIsFound) {
  tell(books_, {credit(1'000, 100'000)});
  serve(5);
  Kinds kinds = after([](ledger::Txn& txn) {
    const ledger::Receipt second_one = txn.receipt({1, 2}).value().value();
    EXPECT_TRUE(txn.prune(tenant, {.sequence = 2,
                                   .logged = 1,     // two
                                   .tokens = 61,    // 60
                                   .charge = {99},  // 100
                                   .time = second_one.time,
                                   .chain = {{1, 1, 1, 1}}})  // no
                    .ok());
  });
  // The balance of each receipt that is left; sums by month as well, where the store has them.
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  EXPECT_EQ(kinds, (Kinds{FindingKind::gone_differs, FindingKind::balance_differs,
                          FindingKind::usage_differs, FindingKind::chain_broken,
                          FindingKind::gone_leaves}));
}

TEST_P(RetentionTest, AMarkCoversNoReceiptButItsOwn) {
  tell(books_, {credit(1'000, 100'000)});
  serve(5);
  EXPECT_EQ(prune(minute(2)), 2U);
  const Kinds kinds = after([](ledger::Txn& txn) {
    // As if the third had gone with them, by another hand.
    ledger::PrunedRow mark = txn.pruned(tenant).value();
    mark.sequence = 3;
    EXPECT_TRUE(txn.prune(tenant, mark).ok());
  });
  EXPECT_FALSE(kinds.empty());
  EXPECT_EQ(kinds.front(), FindingKind::gone_differs);
}

INSTANTIATE_TEST_SUITE_P(Stores, RetentionTest, ::testing::Values(Kind::memory, Kind::sqlite),
                         [](const auto& test) { return name_of(test.param); });

}  // namespace
}  // namespace settle::testing

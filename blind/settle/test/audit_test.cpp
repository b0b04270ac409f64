// The audit finds every way in which books can be wrong. The memory store is asked to write what
// Books never would.
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include <receipt/hash.hpp>

#include "house.hpp"

namespace settle::testing {
namespace {

using ledger::AccountKind;
using ledger::FindingKind;
using ledger::PostingKind;

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    testing::tell(books_, {credit(1, 1'000), hold(2), hold(3), hold(4), settle(2, 20),
                           settle(3, 30), hold(5), undo(5)});
    EXPECT_EQ(house_.wrong(), "");
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

  static ledger::Posting posting(std::uint64_t request, PostingKind kind, AccountKind from,
                                 AccountKind to, std::int64_t amount) {
    const auto id = [](AccountKind account) {
      const bool own = account == AccountKind::available || account == AccountKind::held;
      return ledger::AccountId{account, 0, own ? tenant : terms::TenantId{}};
    };
    return {.request = {1, request},
            .from = id(from),
            .to = id(to),
            .amount = {amount},
            .time = {start},
            .kind = kind};
  }

  static void append(ledger::Txn& txn, const ledger::LeafRow& leaf) {
    ledger::HouseRow row = txn.house().value();
    row.leaves += 1;
    EXPECT_TRUE(txn.put(row).ok() && txn.insert(leaf).ok());
  }

  House house_{Kind::memory};
  Books books_{house_.journal()};
  using Kinds = std::vector<FindingKind>;
};

TEST_F(AuditTest, CountsWhatItSaw) {
  auto snapshot = std::move(house_.reader().snapshot()).value();
  const ledger::CheckReport report = audit(*snapshot).value();
  EXPECT_EQ(report.finding_count, 0U);
  EXPECT_EQ(report.receipts, 2U);
  EXPECT_EQ(report.tenants, 1U);
  EXPECT_EQ(report.open_holds, 1U);
  EXPECT_EQ(report.postings, 1U + 4 + 2 * 2 + 1);
}

TEST_F(AuditTest, ABalanceThatWasEdited) {
  const auto kinds = after([](ledger::Txn& txn) {
    ledger::TenantRow row = txn.tenant(tenant).value();
    row.available.value += 1;
    EXPECT_TRUE(txn.put(tenant, row).ok());
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::available_differs, FindingKind::sum_not_zero}));
}

TEST_F(AuditTest, MoneyMovedFromOneBalanceToAnother) {
  const auto kinds = after([](ledger::Txn& txn) {
    ledger::TenantRow row = txn.tenant(tenant).value();
    row.available.value -= 5;
    row.held.value += 5;
    EXPECT_TRUE(txn.put(tenant, row).ok());
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::available_differs, FindingKind::held_differs,
                          FindingKind::holds_differ}));
}

TEST_F(AuditTest, ATenantOutOfNothing) {
  const auto kinds = after([](ledger::Txn& txn) {
    EXPECT_TRUE(txn.put(terms::TenantId{99}, ledger::TenantRow{{1}, {0}, 0, {}}).ok());
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::available_differs, FindingKind::sum_not_zero}));
}

TEST_F(AuditTest, RevenueThatNobodyPaid) {
  const auto kinds = after([](ledger::Txn& txn) {
    ledger::HouseRow row = txn.house().value();
    row.revenue.value += 1;
    EXPECT_TRUE(txn.put(row).ok());
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::house_differs, FindingKind::sum_not_zero}));
}

TEST_F(AuditTest, APostingWithoutItsBalances) {
  const auto kinds = after([](ledger::Txn& txn) {
    EXPECT_TRUE(
        txn.insert(posting(9, PostingKind::credit, AccountKind::outside, AccountKind::available, 7))
            .ok());
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::house_differs, FindingKind::available_differs,
                          FindingKind::credited_differs}));
}

TEST_F(AuditTest, MoneyThatMovesAsNoneMay) {
  const auto kinds = after([](ledger::Txn& txn) {
    EXPECT_TRUE(
        txn.insert(posting(9, PostingKind::charge, AccountKind::available, AccountKind::revenue, 7))
            .ok());
  });
  EXPECT_EQ(kinds.front(), FindingKind::posting_malformed);
}

TEST_F(AuditTest, ABalanceThatWasBelowZeroForAWhile) {
  const auto kinds = after([](ledger::Txn& txn) {
    const auto out =
        posting(9, PostingKind::debit, AccountKind::available, AccountKind::outside, 5'000);
    const auto in =
        posting(10, PostingKind::credit, AccountKind::outside, AccountKind::available, 5'000);
    EXPECT_TRUE(txn.insert(out).ok() && txn.insert(in).ok());
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::went_below_zero}));
}

TEST_F(AuditTest, AHoldThatVanished) {
  const auto kinds = after([](ledger::Txn& txn) { EXPECT_TRUE(txn.remove_hold({1, 4}).ok()); });
  EXPECT_EQ(kinds,
            (Kinds{FindingKind::never_ended, FindingKind::end_differs, FindingKind::holds_differ}));
}

TEST_F(AuditTest, AHoldOutOfNothing) {
  const auto kinds = after([](ledger::Txn& txn) {
    ledger::HoldRow row = txn.hold({1, 4}).value().value();
    row.request = {1, 9};
    EXPECT_TRUE(txn.insert(row).ok());
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::hold_differs, FindingKind::holds_differ}));
}

TEST_F(AuditTest, AHoldThatEndedAndIsOpen) {
  const auto kinds = after([](ledger::Txn& txn) {
    EXPECT_TRUE(txn.insert(ledger::VoidRow{{1, 4}, tenant, {start}}).ok());
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::ended_twice}));
}

TEST_F(AuditTest, AReceiptOutOfNothing) {
  const auto kinds = after([](ledger::Txn& txn) {
    ledger::TenantRow row = txn.tenant(tenant).value();
    ledger::Receipt receipt = txn.receipt({1, 3}).value().value();
    receipt.id = {1, 9};
    receipt.sequence = row.sequence + 1;
    receipt.previous = row.chain;
    receipt.balance_after.value -= receipt.charge.value;
    receipt.leaf = 2;
    row.sequence = receipt.sequence;
    row.chain = receipt::marks_of(receipt).hash;
    EXPECT_TRUE(txn.insert(receipt).ok() && txn.put(tenant, row).ok());
    append(txn, {.index = 2, .value = receipt::marks_of(receipt).commitment});
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::receipt_differs}))
      << "perfect in its chain and in the log, and still nothing was posted for it";
}

TEST_F(AuditTest, TopUpsThatWereEdited) {
  const auto kinds = after([](ledger::Txn& txn) {
    ledger::TenantRow row = txn.tenant(tenant).value();
    row.credited.value += 1;
    EXPECT_TRUE(txn.put(tenant, row).ok());
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::credited_differs}));
}

TEST_F(AuditTest, ABalanceAfterThatDoesNotFollow) {
  const auto kinds = after([](ledger::Txn& txn) {
    ledger::TenantRow row = txn.tenant(tenant).value();
    ledger::Receipt receipt = txn.receipt({1, 3}).value().value();
    receipt.id = {1, 9};
    receipt.sequence = row.sequence + 1;
    receipt.previous = row.chain;
    receipt.leaf = 2;
    row.sequence = receipt.sequence;
    row.chain = receipt::marks_of(receipt).hash;
    EXPECT_TRUE(txn.insert(receipt).ok() && txn.put(tenant, row).ok());
    append(txn, {.index = 2, .value = receipt::marks_of(receipt).commitment});
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::receipt_differs, FindingKind::balance_differs}));
}

TEST_F(AuditTest, ALogEntryOutOfNothing) {
  const auto kinds = after([](ledger::Txn& txn) {
    append(txn, {.index = 2, .value = {{1, 2, 3, 4}}});
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::leaf_differs}));
}

TEST_F(AuditTest, AReceiptThatTheLogCommitsToOtherwise) {
  const auto kinds = after([](ledger::Txn& txn) {
    ledger::Receipt receipt = txn.receipt({1, 3}).value().value();
    receipt.id = {1, 9};
    receipt.leaf = 2;
    EXPECT_TRUE(txn.insert(receipt).ok());
    append(txn, {.index = 2, .value = receipt::marks_of(txn.receipt({1, 2}).value().value()).hash});
  });
  EXPECT_EQ(kinds.back(), FindingKind::leaf_differs);
}

TEST_F(AuditTest, ALogWithAGap) {
  const auto kinds = after([](ledger::Txn& txn) {
    append(txn, {.index = 3, .value = {{1, 2, 3, 4}}, .kind = ledger::LeafKind::document});
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::leaf_gap}));
}

TEST_F(AuditTest, ALogThatWasCutShort) {
  const auto kinds = after([](ledger::Txn& txn) {
    ledger::HouseRow row = txn.house().value();
    row.leaves -= 1;
    EXPECT_TRUE(txn.put(row).ok());
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::leaves_differ}));
}

TEST_F(AuditTest, AReceiptInAnothersPlace) {
  const auto kinds = after([](ledger::Txn& txn) {
    ledger::Receipt receipt = txn.receipt({1, 3}).value().value();
    receipt.id = {1, 9};
    receipt.sequence = 7;
    receipt.charge.value += 1;
    EXPECT_TRUE(txn.insert(receipt).ok());
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::receipt_differs, FindingKind::sequence_gap,
                          FindingKind::balance_differs, FindingKind::sequence_differs,
                          FindingKind::charge_wrong, FindingKind::chain_broken,
                          FindingKind::chain_broken, FindingKind::leaf_missing}));
}

TEST_F(AuditTest, AChargeWithoutAReceipt) {
  const auto kinds = after([](ledger::Txn& txn) {
    ledger::TenantRow row = txn.tenant(tenant).value();
    ledger::HouseRow house = txn.house().value();
    row.available.value -= 7;
    house.revenue.value += 7;
    EXPECT_TRUE(txn.put(tenant, row).ok() && txn.put(house).ok());
    EXPECT_TRUE(
        txn.insert(posting(9, PostingKind::hold, AccountKind::available, AccountKind::held, 7))
            .ok());
    EXPECT_TRUE(
        txn.insert(posting(9, PostingKind::charge, AccountKind::held, AccountKind::revenue, 7))
            .ok());
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::never_ended, FindingKind::receipt_missing}));
}

TEST_F(AuditTest, AHoldPostedTwice) {
  const auto kinds = after([](ledger::Txn& txn) {
    ledger::TenantRow row = txn.tenant(tenant).value();
    row.available.value -= 7;
    row.held.value += 7;
    EXPECT_TRUE(txn.put(tenant, row).ok());
    EXPECT_TRUE(
        txn.insert(posting(4, PostingKind::hold, AccountKind::available, AccountKind::held, 7))
            .ok());
  });
  EXPECT_EQ(kinds,
            (Kinds{FindingKind::held_twice, FindingKind::hold_differs, FindingKind::holds_differ}));
}

TEST_F(AuditTest, ARequestOfTwoTenants) {
  const auto kinds = after([](ledger::Txn& txn) {
    EXPECT_TRUE(txn.insert(ledger::VoidRow{{1, 2}, other_tenant, {start}}).ok());
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::owner_differs, FindingKind::ended_twice}));
}

TEST_F(AuditTest, AChainThatWasCutShort) {
  const auto kinds = after([](ledger::Txn& txn) {
    ledger::TenantRow row = txn.tenant(tenant).value();
    row.chain.words[3] ^= 1;
    EXPECT_TRUE(txn.put(tenant, row).ok());
  });
  EXPECT_EQ(kinds, (Kinds{FindingKind::chain_broken}));
}

TEST_F(AuditTest, KeepsAThousandFindingsAndCountsTheRest) {
  auto txn = std::move(house_.journal().begin()).value();
  for (std::uint64_t i = 0; i < 1'500; ++i) {
    EXPECT_TRUE(txn->put(terms::TenantId{100 + i}, ledger::TenantRow{{1}, {0}, 0, {}}).ok());
  }
  EXPECT_TRUE(txn->commit().ok());
  auto snapshot = std::move(house_.reader().snapshot()).value();
  const ledger::CheckReport report = audit(*snapshot).value();
  EXPECT_EQ(report.findings.size(), 1'000U);
  EXPECT_EQ(report.finding_count, 1'501U);
}

}  // namespace
}  // namespace settle::testing

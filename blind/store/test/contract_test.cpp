// What every store must do. A new store adds itself to stores.hpp and passes.
#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <ledger/month.hpp>

#include "rows.hpp"
#include "stores.hpp"

namespace store::testing {
namespace {

using ledger::StoreError;

class Contract : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (!available(GetParam())) GTEST_SKIP() << no_server;
  }
  std::unique_ptr<ledger::Txn> begin() { return std::move(store_.journal().begin()).value(); }
  template <class... Rows>
  void write(const Rows&... rows) {
    auto txn = begin();
    ASSERT_TRUE((txn->insert(rows).ok() && ...));
    ASSERT_TRUE(txn->commit().ok());
  }
  ledger::Reader& reader() { return store_.reader(); }

  AnyStore store_{GetParam()};
};

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr terms::TenantId tenant{7};
constexpr terms::TenantId highest_tenant{std::numeric_limits<std::uint64_t>::max()};
constexpr terms::KeyId key{8};
constexpr ledger::Month november{682};

TEST_P(Contract, RowsNeverPutAreZero) {
  auto txn = begin();
  EXPECT_EQ(txn->house().value(), ledger::HouseRow{});
  EXPECT_EQ(txn->tenant(tenant).value(), ledger::TenantRow{});
  EXPECT_EQ(txn->key(key).value(), ledger::KeyRow{});
  EXPECT_EQ(txn->month(key, november).value(), ledger::MonthRow{});
  EXPECT_FALSE(txn->hold({1, 1}).value().has_value());
  EXPECT_FALSE(txn->receipt({1, 1}).value().has_value());
  EXPECT_FALSE(txn->is_voided({1, 1}).value());
  EXPECT_FALSE(txn->top_up({1, 1}).value().has_value());
  EXPECT_FALSE(txn->claim(tenant, {{1, 2, 3, 4}}).value().has_value());
  EXPECT_FALSE(txn->document({{1, 2, 3, 4}}).value().has_value());
  EXPECT_TRUE(txn->open_holds({}, {}, 10).value().empty());
}

TEST_P(Contract, RowsComeBackAsTheyWerePut) {
  const ledger::HouseRow house{{most}, {-most}, most};
  const ledger::TenantRow row{{most - 1}, {1}, most, {{~0ULL, 1, 2, ~0ULL}}, {most}};
  ledger::KeyRow key_row{3, {}, {}};
  key_row.requests.add({5'000'000'000}, 2);
  key_row.tokens.add({5'000'000'000}, 7);
  key_row.tokens.add({6'000'000'000}, std::numeric_limits<std::uint64_t>::max());
  const ledger::MonthRow month{{most}, {0}};
  for (int round = 0; round < 2; ++round) {  // made the first time, changed the second
    auto txn = begin();
    ASSERT_TRUE(txn->put(house).ok());
    ASSERT_TRUE(txn->put(highest_tenant, row).ok());
    ASSERT_TRUE(txn->put(key, key_row).ok());
    ASSERT_TRUE(txn->put(key, {-3}, month).ok());
    EXPECT_EQ(txn->tenant(highest_tenant).value(), row) << "a transaction sees its own writing";
    ASSERT_TRUE(txn->commit().ok());
    txn.reset();
    txn = begin();
    EXPECT_EQ(txn->house().value(), house);
    EXPECT_EQ(txn->tenant(highest_tenant).value(), row);
    EXPECT_EQ(txn->key(key).value(), key_row);
    EXPECT_EQ(txn->month(key, {-3}).value(), month);
    EXPECT_EQ(txn->month(key, {-2}).value(), ledger::MonthRow{});
    key_row.requests = {};
    key_row.open += 1;
  }
  EXPECT_EQ(reader().balance(highest_tenant).value(), (ledger::Balance{{most - 1}, {1}}));
  EXPECT_EQ(reader().month(key, {-3}).value(), month);
  EXPECT_EQ(reader().balance(tenant).value(), ledger::Balance{});
}

TEST_P(Contract, WhatIsNotCommittedNeverHappened) {
  const ledger::HoldRow hold = hold_row(1);
  {
    auto txn = begin();
    ASSERT_TRUE(txn->put(tenant, ledger::TenantRow{{5}, {0}, 0, {}}).ok());
    ASSERT_TRUE(txn->put(ledger::HouseRow{{1}, {-6}}).ok());
    ASSERT_TRUE(txn->put(key, ledger::KeyRow{1, {}, {}}).ok());
    ASSERT_TRUE(txn->put(key, november, ledger::MonthRow{{1}, {1}}).ok());
    ASSERT_TRUE(txn->insert(hold).ok());
    ASSERT_TRUE(txn->insert(credit_row(2, tenant, 5, {1})).ok());
    ASSERT_TRUE(txn->insert(receipt_row(3, tenant, 1, {1})).ok());
    ASSERT_TRUE(txn->insert(ledger::VoidRow{{4, 4}, tenant, {1}}).ok());
    ASSERT_TRUE(txn->insert_claim(tenant, hold.idempotency, hold.request).ok());
    EXPECT_EQ(reader().balance(tenant).value(), ledger::Balance{}) << "others do not see it yet";
    EXPECT_EQ(reader().open_holds().value(), 0U);
  }
  EXPECT_EQ(reader().totals().value(), ledger::Totals{});
  auto txn = begin();
  EXPECT_EQ(txn->tenant(tenant).value(), ledger::TenantRow{});
  EXPECT_EQ(txn->house().value(), ledger::HouseRow{});
  EXPECT_EQ(txn->key(key).value(), ledger::KeyRow{});
  EXPECT_EQ(txn->month(key, november).value(), ledger::MonthRow{});
  EXPECT_FALSE(txn->hold(hold.request).value().has_value());
  EXPECT_FALSE(txn->top_up({2, 1}).value().has_value());
  EXPECT_FALSE(txn->receipt(receipt_row(3, tenant, 1, {1}).id).value().has_value());
  EXPECT_FALSE(txn->is_voided({4, 4}).value());
  EXPECT_FALSE(txn->claim(tenant, hold.idempotency).value().has_value());
  EXPECT_TRUE(reader().usage(tenant, {0}, {most}, {}).value().empty());
}

TEST_P(Contract, HoldsComeAndGo) {
  ledger::HoldRow bare = hold_row(2);
  bare.idempotency = {};
  bare.amount = {0};
  bare.reserved_at = {};
  write(hold_row(1), bare);
  EXPECT_EQ(reader().open_holds().value(), 2U);
  auto txn = begin();
  EXPECT_EQ(txn->hold(bare.request).value(), std::optional{bare});
  EXPECT_EQ(txn->hold(hold_row(1).request).value(), std::optional{hold_row(1)});
  ASSERT_TRUE(txn->remove_hold(bare.request).ok());
  EXPECT_FALSE(txn->hold(bare.request).value().has_value());
  ASSERT_TRUE(txn->commit().ok());
  EXPECT_EQ(reader().open_holds().value(), 1U);
}

TEST_P(Contract, OpenHoldsAreListedInOrderPageByPage) {
  const std::vector<std::uint64_t> ids{1, 2, 1ULL << 62, 1ULL << 63, ~0ULL};
  write(hold_row(ids[3]), hold_row(ids[0]), hold_row(ids[4]), hold_row(ids[2]), hold_row(ids[1]));
  auto txn = begin();
  std::vector<std::uint64_t> seen;
  terms::RequestId after{};
  for (;;) {
    const auto page = txn->open_holds({1}, after, 2).value();
    if (page.empty()) break;
    ASSERT_LE(page.size(), 2U);
    for (const ledger::HoldRow& row : page) {
      EXPECT_EQ(row, hold_row(row.request.high));
      seen.push_back(row.request.high);
    }
    after = page.back().request;
  }
  EXPECT_EQ(seen, ids);
}

TEST_P(Contract, HoldsAreListedByTheirServer) {
  ledger::HoldRow other = hold_row(2);
  other.server = {2};
  write(hold_row(1), other, hold_row(3));
  auto txn = begin();
  EXPECT_EQ(txn->open_holds({1}, {}, 9).value(), (std::vector{hold_row(1), hold_row(3)}));
  EXPECT_EQ(txn->open_holds({2}, {}, 9).value(), (std::vector{other}));
  EXPECT_EQ(txn->open_holds({}, {}, 9).value(), (std::vector{hold_row(1), other, hold_row(3)}));
}

TEST_P(Contract, TheLogIsReadInOrder) {
  using ledger::LeafKind;
  const std::vector<ledger::LeafRow> rows{leaf_row(0, LeafKind::document),
                                          leaf_row(1, LeafKind::receipt),
                                          leaf_row(2, LeafKind::receipt)};
  write(rows[0], rows[1]);
  write(rows[2]);
  EXPECT_EQ(reader().leaves(0, 10).value(), rows);
  EXPECT_EQ(reader().leaves(1, 1).value(), std::vector{rows[1]});
  EXPECT_TRUE(reader().leaves(3, 10).value().empty());
  EXPECT_EQ(reader().document(rows[0].value).value(), std::optional{rows[0]});
  EXPECT_FALSE(reader().document(rows[1].value).value().has_value()) << "a receipt's";
  auto txn = begin();
  EXPECT_EQ(txn->document(rows[0].value).value(), std::optional{rows[0]});
  EXPECT_FALSE(txn->document(rows[1].value).value().has_value());
}

TEST_P(Contract, AClaimBelongsToItsTenant) {
  const terms::Digest digest{{1, 2, 3, 4}};
  auto txn = begin();
  ASSERT_TRUE(txn->insert_claim(tenant, digest, {1, 1}).ok());
  ASSERT_TRUE(txn->insert_claim(highest_tenant, digest, {2, 2}).ok());
  ASSERT_TRUE(txn->commit().ok());
  txn.reset();
  txn = begin();
  EXPECT_EQ(txn->claim(tenant, digest).value(), (std::optional<terms::RequestId>{{1, 1}}));
  EXPECT_EQ(txn->claim(highest_tenant, digest).value(), (std::optional<terms::RequestId>{{2, 2}}));
  ASSERT_TRUE(txn->remove_claim(tenant, digest).ok());
  EXPECT_FALSE(txn->claim(tenant, digest).value().has_value());
  EXPECT_TRUE(txn->claim(highest_tenant, digest).value().has_value());
}

TEST_P(Contract, ReceiptsComeBackAsTheyWereWritten) {
  ledger::Receipt plain = receipt_row(1, tenant, 1, {10});
  plain.weights = plain.tokenizer = plain.output = plain.previous = plain.price_list_hash = {};
  plain.account = {};  // of before there was a log
  plain.salt = {};
  ledger::Receipt extreme = receipt_row(~0ULL, highest_tenant, most, {most});
  extreme.key = {~0ULL};
  extreme.model = {~0ULL};
  extreme.charge = extreme.balance_after = {most};
  extreme.credited = {most};
  extreme.leaf = most;
  extreme.usage = {{~0U}, {~0U}, {~0U}};
  write(plain, extreme, receipt_row(2, tenant, 2, {20}));
  for (const ledger::Receipt& receipt : {plain, extreme, receipt_row(2, tenant, 2, {20})}) {
    EXPECT_EQ(reader().receipt(receipt.id).value(), std::optional{receipt});
    EXPECT_EQ(begin()->receipt(receipt.id).value(), std::optional{receipt});
  }
  EXPECT_FALSE(reader().receipt({5, 5}).value().has_value());
}

TEST_P(Contract, OnlyCreditsAndDebitsAreFoundAsTopUps) {
  ledger::Posting hold = credit_row(3, tenant, 5, {3});
  hold.kind = ledger::PostingKind::hold;
  write(credit_row(1, tenant, 5, {1}), credit_row(2, tenant, -3, {2}), hold, hold);
  auto txn = begin();
  EXPECT_EQ(txn->top_up({1, 1}).value(), std::optional{credit_row(1, tenant, 5, {1})});
  EXPECT_EQ(txn->top_up({2, 1}).value(), std::optional{credit_row(2, tenant, -3, {2})});
  EXPECT_FALSE(txn->top_up({3, 1}).value().has_value());
}

TEST_P(Contract, WhatIsExpectedReadsAsItWouldOtherwise) {
  ledger::HoldRow hold = hold_row(1);
  hold.tenant = {5};
  hold.key = {6};
  auto txn = begin();
  ASSERT_TRUE(txn->put(tenant, ledger::TenantRow{{10}, {3}, 2, {}, {13}}).ok());
  ASSERT_TRUE(txn->put(hold.tenant, ledger::TenantRow{{1}, {2}, 3, {}, {3}}).ok());
  ASSERT_TRUE(txn->put(hold.key, ledger::KeyRow{4, {}, {}}).ok());
  ASSERT_TRUE(txn->put(hold.key, november, ledger::MonthRow{{5}, {6}}).ok());
  ASSERT_TRUE(txn->insert(hold).ok());
  ASSERT_TRUE(txn->insert_claim(tenant, hold.idempotency, hold.request).ok());
  ASSERT_TRUE(txn->insert(receipt_row(2, tenant, 1, {1})).ok());
  ASSERT_TRUE(txn->insert(ledger::VoidRow{{3, 3}, tenant, {1}}).ok());
  ASSERT_TRUE(txn->insert(credit_row(4, tenant, 13, {1})).ok());
  ASSERT_TRUE(txn->commit().ok());
  txn.reset();
  txn = begin();
  ledger::Expected expected;
  expected.requests = {hold.request, receipt_row(2, tenant, 1, {1}).id, {3, 3}, {9, 9}};
  expected.top_ups = {{4, 1}, {9, 9}};
  expected.tenants = {tenant, highest_tenant};
  expected.keys = {key};
  expected.claims = {{tenant, hold.idempotency}, {highest_tenant, hold.idempotency}};
  expected.month_from = november;
  ASSERT_TRUE(txn->expect(expected).ok());
  EXPECT_EQ(txn->hold(hold.request).value(), std::optional{hold});
  EXPECT_FALSE(txn->hold({9, 9}).value().has_value());
  EXPECT_EQ(txn->tenant(tenant).value().available.value, 10);
  EXPECT_EQ(txn->tenant(hold.tenant).value().available.value, 1) << "the hold's own";
  EXPECT_EQ(txn->tenant(highest_tenant).value(), ledger::TenantRow{});
  EXPECT_EQ(txn->key(hold.key).value().open, 4U);
  EXPECT_EQ(txn->key(key).value(), ledger::KeyRow{});
  EXPECT_EQ(txn->month(hold.key, november).value(), (ledger::MonthRow{{5}, {6}}));
  EXPECT_EQ(txn->month(key, november).value(), ledger::MonthRow{});
  EXPECT_TRUE(txn->receipt(receipt_row(2, tenant, 1, {1}).id).value().has_value());
  EXPECT_TRUE(txn->is_voided({3, 3}).value());
  EXPECT_FALSE(txn->is_voided({9, 9}).value());
  EXPECT_TRUE(txn->top_up({4, 1}).value().has_value());
  EXPECT_TRUE(txn->claim(tenant, hold.idempotency).value().has_value());
  EXPECT_FALSE(txn->claim(highest_tenant, hold.idempotency).value().has_value());
}

TEST_P(Contract, WhatIsMadeAndRemovedInOneTransactionLeavesNothing) {
  auto txn = begin();
  ASSERT_TRUE(txn->insert(hold_row(1)).ok());
  ASSERT_TRUE(txn->insert_claim(tenant, hold_row(1).idempotency, hold_row(1).request).ok());
  ASSERT_TRUE(txn->remove_hold(hold_row(1).request).ok());
  ASSERT_TRUE(txn->remove_claim(tenant, hold_row(1).idempotency).ok());
  EXPECT_TRUE(txn->open_holds({}, {}, 10).value().empty());
  ASSERT_TRUE(txn->insert_claim(tenant, hold_row(1).idempotency, {7, 7}).ok());
  ASSERT_TRUE(txn->commit().ok());
  EXPECT_EQ(reader().open_holds().value(), 0U);
  EXPECT_EQ(begin()->claim(tenant, hold_row(1).idempotency).value(),
            (std::optional<terms::RequestId>{{7, 7}}));
}

// What breaks a rule of the books is refused by the store as well, and the transaction with it.
template <class Write>
void expect_refused(ledger::Journal& journal, Write forbidden) {
  {
    auto txn = std::move(journal.begin()).value();
    ASSERT_TRUE(txn->put(tenant, ledger::TenantRow{{5}, {0}, 0, {}}).ok());
    auto refused = forbidden(*txn);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error(), StoreError::corrupt);
    EXPECT_FALSE(txn->commit().ok());
  }
  auto txn = std::move(journal.begin()).value();
  EXPECT_EQ(txn->tenant(tenant).value(), ledger::TenantRow{}) << "nothing of it happened";
}

TEST_P(Contract, WhatBreaksTheBooksIsRefused) {
  using Txn = ledger::Txn;
  write(hold_row(1), receipt_row(2, tenant, 1, {1}), credit_row(3, tenant, 5, {1}),
        ledger::VoidRow{{4, 4}, tenant, {1}}, leaf_row(0, ledger::LeafKind::document),
        leaf_row(1, ledger::LeafKind::receipt));
  const auto refused = [this](auto forbidden) { expect_refused(store_.journal(), forbidden); };
  refused([](Txn& txn) { return txn.put(tenant, ledger::TenantRow{{-1}, {0}, 0, {}}); });
  refused([](Txn& txn) { return txn.put(tenant, ledger::TenantRow{{0}, {-1}, 0, {}}); });
  refused([](Txn& txn) { return txn.put(ledger::HouseRow{{-1}, {0}}); });
  refused([](Txn& txn) { return txn.put(ledger::HouseRow{{0}, {1}}); });
  refused([](Txn& txn) { return txn.put(key, november, ledger::MonthRow{{-1}, {0}}); });
  refused([](Txn& txn) { return txn.put(tenant, ledger::TenantRow{{0}, {0}, 0, {}, {-1}}); });
  refused([](Txn& txn) { return txn.insert(leaf_row(1, ledger::LeafKind::receipt)); });
  refused([](Txn& txn) {
    ledger::LeafRow again = leaf_row(0, ledger::LeafKind::document);
    again.index = 2;
    return txn.insert(again);
  });
  refused([](Txn& txn) { return txn.insert(ledger::LeafRow{.index = 2}); });
  refused([](Txn& txn) { return txn.insert(hold_row(1)); });
  refused([](Txn& txn) { return txn.insert(receipt_row(2, highest_tenant, 9, {9})); });
  refused([](Txn& txn) { return txn.insert(credit_row(3, tenant, 5, {1})); });
  refused([](Txn& txn) { return txn.insert(ledger::VoidRow{{4, 4}, tenant, {1}}); });
  refused([](Txn& txn) {
    ledger::Posting nothing = credit_row(9, tenant, 5, {1});
    nothing.amount = {0};
    return txn.insert(nothing);
  });
  refused([](Txn& txn) {
    ledger::Receipt receipt = receipt_row(9, tenant, 2, {1});
    receipt.usage.cached = {receipt.usage.input.value + 1};
    return txn.insert(receipt);
  });
  refused([](Txn& txn) {
    ledger::HoldRow negative = hold_row(9);
    negative.amount = {-1};
    return txn.insert(negative);
  });
}

TEST_P(Contract, ReceiptsAreReadPageByPage) {
  auto txn = begin();
  // Times go up, stand still and (a clock that was set) go back.
  const std::vector<std::int64_t> times{10, 20, 20, 20, 30, 25, 40};
  for (std::size_t i = 0; i < times.size(); ++i) {
    ASSERT_TRUE(txn->insert(receipt_row(i + 1, tenant, i + 1, {times[i]})).ok());
  }
  ASSERT_TRUE(txn->insert(receipt_row(100, {9}, 1, {20})).ok());
  ASSERT_TRUE(txn->commit().ok());
  std::vector<std::uint64_t> seen;
  ledger::PageMark mark;
  for (;;) {
    const auto page = reader().receipts(tenant, {20}, {40}, mark, 2).value();
    if (page.empty()) break;
    ASSERT_LE(page.size(), 2U);
    for (const ledger::Receipt& receipt : page)
      seen.push_back(receipt.sequence);
    mark = {page.back().time, page.back().sequence};
  }
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{2, 3, 4, 6, 5})) << "from is in, to is out";
}

TEST_P(Contract, TopUpsOfATenantInOrder) {
  write(credit_row(1, tenant, 5, {10}), credit_row(2, tenant, -3, {20}),
        credit_row(3, {9}, 5, {20}), credit_row(4, tenant, 1, {15}),
        credit_row(5, tenant, 1, {30}));
  const auto found = reader().top_ups(tenant, {10}, {30}, 10).value();
  EXPECT_EQ(found, (std::vector{credit_row(1, tenant, 5, {10}), credit_row(4, tenant, 1, {15}),
                                credit_row(2, tenant, -3, {20})}));
  EXPECT_EQ(reader().top_ups(tenant, {10}, {30}, 1).value().size(), 1U);
}

TEST_P(Contract, MonthsCarryWhatWasCreditedAndChargedBefore) {
  const base::UnixNs month = ledger::start_of(november);
  const base::UnixNs last{month.value - 1};
  write(credit_row(1, tenant, 500, {1}), credit_row(2, tenant, 70, last),
        credit_row(3, tenant, -5, last), credit_row(4, tenant, 9, month),
        credit_row(5, highest_tenant, 1'000, {1}), receipt_row(6, tenant, 1, {2}),
        receipt_row(7, tenant, 2, last), receipt_row(8, tenant, 3, month),
        receipt_row(9, highest_tenant, 1, last));
  write(credit_row(10, tenant, 1, last), receipt_row(11, tenant, 4, last));
  const std::int64_t charge = receipt_row(6, tenant, 1, {2}).charge.value;
  EXPECT_EQ(reader().carried(tenant, november).value(),
            (ledger::Carried{{500 + 70 - 5 + 1}, {3 * charge}}));
  EXPECT_EQ(reader().carried(tenant, {november.value + 1}).value(),
            (ledger::Carried{{500 + 70 - 5 + 1 + 9}, {4 * charge}}));
  EXPECT_EQ(reader().carried(highest_tenant, november).value(),
            (ledger::Carried{{1'000}, {charge}}));
  EXPECT_EQ(reader().carried(tenant, {0}).value(), ledger::Carried{});
  EXPECT_EQ(reader().carried({99}, november).value(), ledger::Carried{});
}

TEST_P(Contract, ReceiptsAreReadByNumberAndByPlaceInTheLog) {
  ledger::Receipt old = receipt_row(1, tenant, 1, {50});  // of before there was a log
  old.account = {};
  old.salt = {};
  old.leaf = 0;
  ledger::Receipt zero = receipt_row(2, highest_tenant, 1, {40});
  zero.leaf = 0;
  const ledger::Receipt back = receipt_row(3, tenant, 2, {10});  // the clock was set back
  const ledger::Receipt last = receipt_row(4, tenant, 3, {20});
  write(old, zero, back, last);
  using Receipts = std::vector<ledger::Receipt>;
  EXPECT_EQ(reader().receipts_after(tenant, 0, 9).value(), (Receipts{old, back, last}));
  EXPECT_EQ(reader().receipts_after(tenant, 1, 1).value(), (Receipts{back}));
  EXPECT_EQ(reader().receipts_after(highest_tenant, 0, 9).value(), (Receipts{zero}));
  EXPECT_TRUE(reader().receipts_after(tenant, 3, 9).value().empty());
  EXPECT_EQ(reader().receipts_of_leaves(0, 9).value(), (Receipts{zero, back, last}));
  EXPECT_EQ(reader().receipts_of_leaves(1, 1).value(), (Receipts{back}));
  EXPECT_EQ(reader().receipts_of_leaves(4, 9).value(), (Receipts{last}));
  EXPECT_TRUE(reader().receipts_of_leaves(5, 9).value().empty());
}

TEST_P(Contract, TotalsAreOverAllTenants) {
  auto txn = begin();
  ASSERT_TRUE(txn->put(ledger::HouseRow{{5}, {-30}}).ok());
  ASSERT_TRUE(txn->put(tenant, ledger::TenantRow{{10}, {3}, 2, {}}).ok());
  ASSERT_TRUE(txn->put(highest_tenant, ledger::TenantRow{{12}, {0}, 0, {}}).ok());
  ASSERT_TRUE(txn->insert(hold_row(1)).ok());
  ASSERT_TRUE(txn->insert(receipt_row(2, tenant, 1, {1})).ok());
  ASSERT_TRUE(txn->insert(receipt_row(3, tenant, 2, {1})).ok());
  ASSERT_TRUE(txn->commit().ok());
  EXPECT_EQ(reader().totals().value(), (ledger::Totals{{5}, {-30}, {22}, {3}, 1, 2}));
}

template <class Row>
std::vector<Row> all(ledger::Rows<Row> rows) {
  std::vector<Row> found;
  while (true) {
    auto row = (*rows)->next().value();
    if (!row) return found;
    found.push_back(*row);
  }
}

TEST_P(Contract, ASnapshotIsOfOneMomentAndInOrder) {
  auto txn = begin();
  for (const terms::TenantId id : {highest_tenant, tenant}) {
    ASSERT_TRUE(txn->put(id, ledger::TenantRow{{10}, {0}, 0, {}}).ok());
  }
  ASSERT_TRUE(txn->put(ledger::HouseRow{{0}, {-20}}).ok());
  const ledger::Posting late = credit_row(9, tenant, 10, {1});
  const ledger::Posting early = credit_row(1, highest_tenant, 10, {2});
  ASSERT_TRUE(txn->insert(late).ok() && txn->insert(early).ok());
  ASSERT_TRUE(txn->insert(hold_row(~0ULL)).ok() && txn->insert(hold_row(1)).ok());
  ASSERT_TRUE(txn->insert(receipt_row(9, tenant, 1, {50})).ok());
  ASSERT_TRUE(txn->insert(receipt_row(8, highest_tenant, 1, {10})).ok());
  ASSERT_TRUE(txn->insert(receipt_row(7, tenant, 2, {40})).ok());
  ASSERT_TRUE(txn->insert(ledger::VoidRow{{4, 4}, tenant, {1}}).ok());
  const ledger::LeafRow leaf = leaf_row(0, ledger::LeafKind::receipt);
  ASSERT_TRUE(txn->insert(leaf).ok());
  ledger::Receipt unlogged = receipt_row(3, {9}, 1, {60});
  unlogged.account = {};
  unlogged.salt = {};
  ASSERT_TRUE(txn->insert(unlogged).ok());
  ASSERT_TRUE(txn->put(key, ledger::KeyRow{3, {}, {}}).ok());
  ASSERT_TRUE(txn->put(key, november, ledger::MonthRow{{1}, {2}}).ok());
  ASSERT_TRUE(txn->insert_claim(highest_tenant, {{1, 2, 3, 4}}, {6, 6}).ok());
  ASSERT_TRUE(txn->insert_claim(tenant, {{1, 2, 3, 4}}, {5, 5}).ok());
  ASSERT_TRUE(txn->commit().ok());
  txn.reset();

  const auto snapshot = std::move(reader().snapshot()).value();
  write(credit_row(20, tenant, 1, {3}), hold_row(5), leaf_row(1, ledger::LeafKind::receipt));
  EXPECT_EQ(snapshot->house().value(), (ledger::HouseRow{{0}, {-20}}));
  const auto tenants = all(snapshot->tenants());
  ASSERT_EQ(tenants.size(), 2U);
  EXPECT_EQ(tenants[0].tenant, tenant);
  EXPECT_EQ(tenants[1].tenant, highest_tenant);
  EXPECT_EQ(all(snapshot->postings_as_written()), (std::vector{late, early}));
  EXPECT_EQ(all(snapshot->postings_by_request()), (std::vector{early, late}));
  EXPECT_EQ(all(snapshot->holds_by_request()), (std::vector{hold_row(1), hold_row(~0ULL)}));
  EXPECT_EQ(all(snapshot->voids_by_request()), (std::vector{ledger::VoidRow{{4, 4}, tenant, {1}}}));
  EXPECT_EQ(all(snapshot->leaves()), std::vector{leaf});
  const auto by_request = all(snapshot->receipts_by_request());
  ASSERT_EQ(by_request.size(), 4U);
  EXPECT_EQ(by_request[1].id.high, 7U);
  const auto by_leaf = all(snapshot->receipts_by_leaf());
  ASSERT_EQ(by_leaf.size(), 3U) << "those that have one";
  EXPECT_EQ(by_leaf[0].leaf, 7U);
  EXPECT_EQ(by_leaf[2].leaf, 9U);
  const auto by_tenant = all(snapshot->receipts_by_tenant());
  ASSERT_EQ(by_tenant.size(), 4U);
  EXPECT_EQ(by_tenant[0].id.high, 9U) << "by sequence, not by time";
  EXPECT_EQ(by_tenant[3].tenant, highest_tenant);
  const auto keys = all(snapshot->keys());
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0], (ledger::KeyEntry{key, {3, {}, {}}}));
  EXPECT_EQ(all(snapshot->months()), (std::vector{ledger::MonthEntry{key, november, {{1}, {2}}}}));
  EXPECT_EQ(all(snapshot->claims()),
            (std::vector{ledger::ClaimEntry{tenant, {{1, 2, 3, 4}}, {5, 5}},
                         ledger::ClaimEntry{highest_tenant, {{1, 2, 3, 4}}, {6, 6}}}));
  EXPECT_EQ(snapshot->usage_sum(tenant).value().charge.value, 2 * 210'000);
  EXPECT_EQ(snapshot->usage_sum({99}).value(), ledger::UsageLine{});
}

// Receipts may go, and nothing else.
constexpr std::int64_t hour_ns = 3'600'000'000'000;

ledger::PrunedRow mark_behind(const ledger::Receipt& last, std::int64_t charge) {
  return {.sequence = last.sequence,
          .logged = last.sequence,
          .tokens = 1'110 * last.sequence,
          .charge = {charge},
          .time = last.time,
          .chain = {{1, 2, 3, last.sequence}}};
}

TEST_P(Contract, TheOldestReceiptsGoAndTheirSumsStay) {
  std::vector<ledger::Receipt> receipts;
  for (std::uint64_t i = 1; i <= 6; ++i) {
    receipts.push_back(receipt_row(i, tenant, i, {static_cast<std::int64_t>(i) * hour_ns}));
    write(receipts.back(), leaf_row(i - 1, ledger::LeafKind::receipt));
  }
  const ledger::Receipt others = receipt_row(9, highest_tenant, 1, {hour_ns});
  write(others);
  const auto before = reader().usage(tenant, {0}, {9 * hour_ns}, {ledger::Bucket::hour}).value();
  const auto carried = reader().carried(tenant, november).value();
  const std::int64_t charge = receipts[0].charge.value;
  const ledger::PrunedRow mark = mark_behind(receipts[2], 3 * charge);
  EXPECT_EQ(reader().pruned(tenant).value(), ledger::PrunedRow{});
  {
    auto txn = begin();
    EXPECT_EQ(txn->pruned(tenant).value(), ledger::PrunedRow{});
    EXPECT_EQ(txn->oldest_receipts(tenant, 2).value(), (std::vector{receipts[0], receipts[1]}));
    ASSERT_TRUE(txn->prune(tenant, mark).ok());
    EXPECT_EQ(txn->pruned(tenant).value(), mark) << "a transaction sees its own writing";
    EXPECT_EQ(txn->oldest_receipts(tenant, 1).value(), std::vector{receipts[3]});
  }
  EXPECT_EQ(reader().receipts_after(tenant, 0, 9).value(), receipts) << "it was not committed";
  auto txn = begin();
  ASSERT_TRUE(txn->prune(tenant, mark).ok());
  ASSERT_TRUE(txn->commit().ok());
  txn.reset();

  const std::vector<ledger::Receipt> kept(receipts.begin() + 3, receipts.end());
  EXPECT_EQ(reader().receipts_after(tenant, 0, 9).value(), kept);
  EXPECT_EQ(reader().receipts(tenant, {0}, {most}, {}, 9).value(), kept);
  EXPECT_FALSE(reader().receipt(receipts[2].id).value().has_value());
  EXPECT_EQ(reader().receipts_after(highest_tenant, 0, 9).value(), std::vector{others});
  EXPECT_EQ(reader().pruned(tenant).value(), mark);
  EXPECT_EQ(reader().pruned(highest_tenant).value(), ledger::PrunedRow{});
  EXPECT_EQ(reader().usage(tenant, {0}, {9 * hour_ns}, {ledger::Bucket::hour}).value(), before);
  EXPECT_EQ(reader().usage(tenant, {1}, {3 * hour_ns + 1}, {}).value().at(0).requests, 2U)
      << "whole hours of those that are gone";
  EXPECT_EQ(reader().carried(tenant, november).value(), carried);
  EXPECT_EQ(reader().leaves(0, 9).value().size(), 6U);
  const auto snapshot = std::move(reader().snapshot()).value();
  EXPECT_EQ(all(snapshot->pruned()), (std::vector{ledger::PrunedEntry{tenant, mark}}));
  EXPECT_EQ(snapshot->usage_sum(tenant).value().charge.value, 6 * charge);
  const auto hours = all(snapshot->hours());
  ASSERT_EQ(hours.size(), 7U);
  EXPECT_EQ(hours[0].tenant, tenant);
  EXPECT_EQ(hours[0].line,
            (ledger::UsageLine{{hour_ns}, {4}, {8}, {1}, 1, {1000}, {10}, {100}, {charge}}));
  EXPECT_EQ(hours[6].tenant, highest_tenant);
}

TEST_P(Contract, AMarkOnlyMovesForward) {
  std::vector<ledger::Receipt> receipts;
  for (std::uint64_t i = 1; i <= 4; ++i) {
    receipts.push_back(receipt_row(i, tenant, i, {static_cast<std::int64_t>(i)}));
    write(receipts.back());
  }
  const auto prune = [&](std::uint64_t last) {
    auto txn = begin();
    const auto pruned = txn->prune(tenant, mark_behind(receipts.at(last - 1), 0));
    return pruned.ok() && txn->commit().ok();
  };
  EXPECT_TRUE(prune(2));
  EXPECT_FALSE(prune(2));
  EXPECT_FALSE(prune(1));
  EXPECT_EQ(reader().pruned(tenant).value().sequence, 2U);
  EXPECT_TRUE(prune(4));
  EXPECT_TRUE(reader().receipts_after(tenant, 0, 9).value().empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, Contract,
                         ::testing::Values(Kind::memory, Kind::sqlite, Kind::postgres,
                                           Kind::faulty),
                         [](const auto& test) { return name_of(test.param); });

}  // namespace
}  // namespace store::testing

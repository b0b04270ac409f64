// The life of holds, on every store. Amounts by eye: 1 nano-unit a token in, 2 a token out.
#include <gtest/gtest.h>

#include <limits>

#include <receipt/hash.hpp>

#include "house.hpp"

namespace settle::testing {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

class BooksTest : public ::testing::TestWithParam<Kind> {
 protected:
  ~BooksTest() override { EXPECT_EQ(house_.wrong(), ""); }
  Words tell(const std::vector<Command>& batch) { return testing::tell(books_, batch); }
  std::string tell_one(const Command& command) { return tell({command}).front(); }

  House house_{GetParam()};
  Books books_{house_.journal()};
};

TEST_P(BooksTest, HoldSettle) {
  EXPECT_EQ(tell({credit(1, 1'000), hold(2)}),
            (Words{"credited balance=1000", "held output=50 amount=110"}));
  EXPECT_EQ(house_.available(), 890);
  EXPECT_EQ(house_.held(), 110);
  EXPECT_EQ(tell_one(settle(2, 20)), "settled charge=50 balance=950 sequence=1");
  EXPECT_EQ(house_.held(), 0);
  EXPECT_EQ(house_.reader().totals().value().revenue.value, 50);
}

TEST_P(BooksTest, TheReceiptSaysWhatWasSettled) {
  Settle end = settle(2, 20, start + second);
  end.usage.cached = {4};
  end.end = terms::EndReason::disconnect;
  tell({credit(1, 1'000), hold(2), end});
  const auto receipt = house_.reader().receipt({1, 2}).value();
  ASSERT_TRUE(receipt.has_value());
  EXPECT_EQ(receipt->tenant, tenant);
  EXPECT_EQ(receipt->key, key);
  EXPECT_EQ(receipt->sequence, 1U);
  EXPECT_EQ(receipt->model.value, 4U);
  EXPECT_EQ(receipt->price_list.value, 1U);
  EXPECT_EQ(receipt->prices, small_prices);
  EXPECT_EQ(receipt->weights, end.weights);
  EXPECT_EQ(receipt->tokenizer, end.tokenizer);
  EXPECT_EQ(receipt->output, end.output);
  EXPECT_FALSE(receipt->previous.valid());
  EXPECT_EQ(receipt->held_at.value, start);
  EXPECT_EQ(receipt->time.value, start + second);
  EXPECT_EQ(receipt->usage, end.usage);
  EXPECT_EQ(receipt->end, terms::EndReason::disconnect);
  EXPECT_EQ(receipt->charge.value, 46);
  EXPECT_EQ(receipt->balance_after.value, 954);
  EXPECT_EQ(receipt->credited.value, 1'000);
  EXPECT_EQ(receipt->account, account_of(tenant));
  EXPECT_EQ(receipt->price_list_hash, hold(2).price_list_hash);
  EXPECT_EQ(receipt->salt, end.salt);
  EXPECT_EQ(receipt->leaf, 0U);
}

TEST_P(BooksTest, BalancesOnReceiptsFollowFromChargesAndTopUpsWhateverRuns) {
  tell({credit(1, 1'000), hold(2), hold(3), hold(4), settle(3, 20), credit(5, 500), settle(2, 10),
        credit(6, -300), settle(4, 0)});
  const auto receipts = house_.reader().receipts(tenant, {0}, {start + 1}, {}, 9).value();
  ASSERT_EQ(receipts.size(), 3U);
  std::int64_t balance = 0;
  std::int64_t credited = 0;
  for (const ledger::Receipt& receipt : receipts) {
    balance += receipt.credited.value - credited - receipt.charge.value;
    credited = receipt.credited.value;
    EXPECT_EQ(receipt.balance_after.value, balance);
  }
  EXPECT_EQ(credited, 1'200);
}

TEST_P(BooksTest, EveryReceiptAndEveryDocumentHasOnePlaceInTheLog) {
  const Publish one{{{1, 0, 0, 1}}};
  const Publish other{{{2, 0, 0, 1}}};
  EXPECT_EQ(
      tell({one, credit(1, 1'000), hold(2), settle(2, 1), settle(2, 1), other, one}),
      (Words{"published index=0", "credited balance=1000", "held output=50 amount=110",
             "settled charge=12 balance=988 sequence=1", "settled charge=12 balance=988 sequence=1",
             "published index=2", "published index=0"}));
  const auto leaves = house_.reader().leaves(0, 9).value();
  ASSERT_EQ(leaves.size(), 3U);
  const auto receipt = house_.reader().receipt({1, 2}).value().value();
  EXPECT_EQ(receipt.leaf, 1U);
  EXPECT_EQ(leaves[1].value, receipt::marks_of(receipt).commitment);
  EXPECT_EQ(leaves[1].kind, ledger::LeafKind::receipt);
  EXPECT_EQ(leaves[2].value, other.leaf_hash);
  EXPECT_EQ(leaves[2].kind, ledger::LeafKind::document);
}

TEST_P(BooksTest, NothingIsCommittedToWithoutASaltOrPublishedWithoutAHash) {
  Settle open = settle(2, 20);
  open.salt = {};
  EXPECT_EQ(
      tell({credit(1, 1'000), hold(2), open, Publish{}}),
      (Words{"credited balance=1000", "held output=50 amount=110", "bad_command", "bad_command"}));
}

TEST_P(BooksTest, RecoveryEndsTheHoldsOfItsOwnServer) {
  Books other(house_.journal(), {2});
  tell({credit(1, 1'000), hold(2)});
  testing::tell(other, {hold(3), hold(4)});
  EXPECT_EQ(books_.recover({start}).value(), 1U);
  EXPECT_EQ(house_.held(), 220) << "the other's are still running";
  EXPECT_EQ(other.recover({start}).value(), 2U);
  EXPECT_EQ(house_.held(), 0);
}

TEST_P(BooksTest, TwoHundredAtOnceAndMoneyForSeven) {
  tell_one(credit(1, 7 * 110 + 109));
  std::vector<Command> batch;
  for (std::uint64_t i = 0; i < 200; ++i)
    batch.push_back(hold(100 + i));
  int held = 0;
  for (const std::string& outcome : tell(batch)) {
    held += outcome == "held output=50 amount=110" ? 1 : 0;
    EXPECT_TRUE(outcome == "held output=50 amount=110" || outcome == "insufficient_balance");
  }
  EXPECT_EQ(held, 7);
  EXPECT_EQ(house_.available(), 109);
}

TEST_P(BooksTest, WithoutALimitTheBalanceIsTheLimit) {
  Hold open = hold(2);
  open.output_asked = 0;
  open.output_max = {1'000'000};
  EXPECT_EQ(tell({credit(1, 1'000), open}).back(), "held output=495 amount=1000");
  EXPECT_EQ(tell_one(settle(2, 495)), "settled charge=1000 balance=0 sequence=1");
}

TEST_P(BooksTest, AFreeModelNeedsNoMoney) {
  Hold free = hold(2);
  free.prices = {};
  EXPECT_EQ(tell_one(free), "held output=50 amount=0");
  EXPECT_EQ(tell_one(settle(2, 50)), "settled charge=0 balance=0 sequence=1");
  free.request = {1, 3};
  EXPECT_EQ(tell({free, undo(3), undo(3)}), (Words{"held output=50 amount=0", "voided", "voided"}));
}

TEST_P(BooksTest, AVoidCostsNothing) {
  tell({credit(1, 110), hold(2)});
  EXPECT_EQ(tell_one(undo(2)), "voided");
  EXPECT_EQ(house_.available(), 110);
  EXPECT_EQ(house_.held(), 0);
  EXPECT_EQ(house_.reader().totals().value().receipts, 0U);
}

TEST_P(BooksTest, ACreditIdWithOtherValuesIsRefused) {
  tell_one(credit(1, 1'000));
  tell_one(credit(2, -300));
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(tell({credit(1, 999), credit(1, 2'000), credit(1, -1'000), credit(1, least),
                  credit(1, 1'000, other_tenant), credit(2, 300), credit(2, -301),
                  credit(2, -300, other_tenant)}),
            Words(8, "other_top_up"));
  EXPECT_EQ(tell({credit(1, 1'000), credit(2, -300)}), Words(2, "credited balance=700"));
  // In the batch that books the first of them, too.
  EXPECT_EQ(tell({credit(3, 50), credit(3, 51), credit(3, 50)}),
            (Words{"credited balance=750", "other_top_up", "credited balance=750"}));
  EXPECT_EQ(house_.reader().balance(other_tenant)->available.value, 0);
}

TEST_P(BooksTest, EverythingMayBeSaidTwice) {
  EXPECT_EQ(tell({credit(1, 1'000), credit(1, 1'000)}),
            (Words{"credited balance=1000", "credited balance=1000"}));
  EXPECT_EQ(tell({hold(2), hold(2)}),
            (Words{"held output=50 amount=110", "held output=50 amount=110"}));
  EXPECT_EQ(tell({settle(2, 20), settle(2, 50), settle(2, 20)}),
            Words(3, "settled charge=50 balance=950 sequence=1"))
      << "the first settlement stands";
  EXPECT_EQ(tell({hold(3), undo(3), undo(3)}),
            (Words{"held output=50 amount=110", "voided", "voided"}));
  EXPECT_EQ(house_.available(), 950);
  EXPECT_EQ(tell({credit(4, -50), credit(4, -50)}), Words(2, "credited balance=900"));
}

TEST_P(BooksTest, AnEndIsTheEnd) {
  tell({credit(1, 1'000), hold(2), settle(2, 20), hold(3), undo(3)});
  EXPECT_EQ(tell({undo(2), settle(3, 1), hold(2), hold(3)}), Words(4, "already_ended"));
  EXPECT_EQ(tell({settle(4, 1), undo(4)}), Words(2, "unknown_request"));
  EXPECT_EQ(house_.available(), 950);
}

TEST_P(BooksTest, ARefusalDoesNotHurtItsNeighbours) {
  EXPECT_EQ(tell({credit(1, 120), hold(2), hold(3), settle(9, 1), settle(2, 20), hold(4)}),
            (Words{"credited balance=120", "held output=50 amount=110", "insufficient_balance",
                   "unknown_request", "settled charge=50 balance=70 sequence=1",
                   "insufficient_balance"}));
}

TEST_P(BooksTest, UsageOverTheHoldIsRefusedAndTheHoldStays) {
  tell({credit(1, 1'000), hold(2)});
  Settle more_input = settle(2, 50);
  more_input.usage.input = {11};
  Settle more_cached = settle(2, 50);
  more_cached.usage.cached = {11};
  EXPECT_EQ(tell({settle(2, 51), more_input, more_cached}),
            (Words{"usage_over_hold", "usage_over_hold", "bad_command"}));
  EXPECT_EQ(books_.bugs_refused(), 3U);
  EXPECT_EQ(house_.held(), 110);
  EXPECT_EQ(tell_one(settle(2, 50)), "settled charge=110 balance=890 sequence=1");
}

TEST_P(BooksTest, AChargeIsByThePricesOfItsHold) {
  tell({credit(1, 1'000), hold(2)});
  Hold dearer = hold(3);
  dearer.price_list = {2};
  dearer.prices = {{2'000'000}, {0}, {4'000'000}};
  EXPECT_EQ(tell({dearer, settle(2, 20), settle(3, 20)}),
            (Words{"held output=50 amount=220", "settled charge=50 balance=950 sequence=1",
                   "settled charge=100 balance=850 sequence=2"}));
}

TEST_P(BooksTest, DebitsNeverGoBelowZero) {
  tell({credit(1, 100), hold(2)});
  EXPECT_EQ(tell({credit(3, -101), credit(4, -100), credit(5, -1)}),
            (Words{"insufficient_balance", "credited balance=0", "insufficient_balance"}));
  EXPECT_EQ(tell({credit(6, 150), hold(7), credit(8, -41), credit(9, -40)}),
            (Words{"credited balance=150", "held output=50 amount=110", "insufficient_balance",
                   "credited balance=0"}))
      << "what is held is not there to be taken out";
}

TEST_P(BooksTest, AmountsThatDoNotFitAreRefused) {
  EXPECT_EQ(tell({credit(1, most), credit(2, 1), credit(3, 1, other_tenant),
                  credit(4, std::numeric_limits<std::int64_t>::min()), credit(5, 0)}),
            (Words{"credited balance=" + std::to_string(most), "overflow", "overflow", "overflow",
                   "bad_command"}));
  Hold huge = hold(6);
  huge.input = huge.output_max = {std::numeric_limits<std::uint32_t>::max()};
  huge.prices = {price::highest_price, {0}, price::highest_price};
  EXPECT_EQ(tell_one(huge), "held output=4294967295 amount=8589934590000000000");
  EXPECT_EQ(tell_one(undo(6)), "voided");
}

TEST_P(BooksTest, TheSameIdempotencyKeyIsServedOnce) {
  const auto keyed = [](std::uint64_t request, terms::TenantId owner) {
    Hold command = hold(request);
    command.tenant = owner;
    command.idempotency = {{1, 2, 3, 4}};
    return command;
  };
  EXPECT_EQ(tell({credit(1, 1'000), credit(2, 1'000, other_tenant), keyed(3, tenant),
                  keyed(4, tenant), keyed(5, other_tenant)}),
            (Words{"credited balance=1000", "credited balance=1000", "held output=50 amount=110",
                   "duplicate earlier=3 running", "held output=50 amount=110"}))
      << "another tenant's key of the same name is another key";
  EXPECT_EQ(tell({undo(3), keyed(6, tenant), settle(6, 20), keyed(7, tenant)}),
            (Words{"voided", "held output=50 amount=110",
                   "settled charge=50 balance=950 sequence=1", "duplicate earlier=6 settled"}))
      << "a request that failed frees its key, one that was served keeps it";
  EXPECT_EQ(tell_one(keyed(6, tenant)), "already_ended");
}

TEST_P(BooksTest, ARefusedRequestDoesNotClaimItsKey) {
  Hold keyed = hold(2);
  keyed.idempotency = {{1, 2, 3, 4}};
  EXPECT_EQ(tell_one(keyed), "insufficient_balance");
  keyed.request = {1, 3};
  EXPECT_EQ(tell({credit(1, 1'000), keyed}).back(), "held output=50 amount=110");
}

TEST_P(BooksTest, RecoveryVoidsWhatACrashLeftOpen) {
  Hold keyed = hold(300);
  keyed.idempotency = {{1, 2, 3, 4}};
  keyed.limits.parallel_requests = 400;
  std::vector<Command> batch{credit(1, 100'000), keyed};
  for (std::uint64_t i = 0; i < 299; ++i)
    batch.push_back(hold(1'000 + i));
  tell(batch);
  tell_one(settle(1'000, 20));
  Books after_crash(house_.journal());
  EXPECT_EQ(after_crash.recover({start + second}).value(), 299U);
  EXPECT_EQ(after_crash.recover({start + second}).value(), 0U);
  EXPECT_EQ(house_.available(), 100'000 - 50);
  EXPECT_EQ(house_.held(), 0);
  keyed.request = {1, 301};
  EXPECT_EQ(testing::tell(after_crash, {keyed, undo(300)}),
            (Words{"held output=50 amount=110", "voided"}));
}

TEST_P(BooksTest, ReceiptsAreNumberedForEachTenant) {
  Hold others = hold(3);
  others.tenant = other_tenant;
  others.account = account_of(other_tenant);
  EXPECT_EQ(
      tell({credit(1, 1'000), credit(9, 1'000, other_tenant), hold(2), others, hold(4),
            settle(4, 0), settle(3, 0), settle(2, 0)}),
      (Words{"credited balance=1000", "credited balance=1000", "held output=50 amount=110",
             "held output=50 amount=110", "held output=50 amount=110",
             "settled charge=10 balance=990 sequence=1", "settled charge=10 balance=990 sequence=1",
             "settled charge=10 balance=980 sequence=2"}));
}

TEST_P(BooksTest, NothingToDo) {
  EXPECT_TRUE(books_.apply({}).empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, BooksTest, ::testing::Values(Kind::memory, Kind::sqlite),
                         [](const auto& test) { return name_of(test.param); });

}  // namespace
}  // namespace settle::testing

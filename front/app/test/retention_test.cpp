// The thread that lets receipts go.
#include <app/retention.hpp>

#include <gtest/gtest.h>

#include <atomic>

#include <ledger/month.hpp>
#include <settle/books.hpp>
#include <store/memory.hpp>

namespace app {
namespace {

constexpr terms::TenantId tenant{7};
constexpr std::int64_t day = ledger::one_day.value;

class HandClock final : public base::Clock {
 public:
  [[nodiscard]] base::UnixNs now() const override { return {100 * day}; }
  [[nodiscard]] base::SpanNs since_start() const override { return {0}; }
};

class DirectMoney final : public admin::Money {
 public:
  explicit DirectMoney(ledger::Journal& journal) : books_(journal) {}
  [[nodiscard]] settle::Outcome execute(const settle::Command& command) override {
    const std::lock_guard lock(mutex_);
    if (refusals > 0) {
      refusals -= 1;
      return settle::Refused{};
    }
    return books_.apply({&command, 1}).at(0);
  }
  std::atomic<int> refusals = 0;

 private:
  std::mutex mutex_;
  settle::Books books_;
};

class RetentionThread : public ::testing::Test {
 protected:
  RetentionThread() { (void)money_.execute(settle::Credit{{1, 1}, tenant, {1'000'000}, {0}}); }
  /// One request that was settled on that day.
  void serve(std::int64_t on_day) {
    settle::Hold hold{};
    hold.request = {2, ++last_};
    hold.tenant = tenant;
    hold.account = {1, 1};
    hold.key = {1};
    hold.model = {1};
    hold.price_list = {1};
    hold.price_list_hash = {{1, 2, 3, 4}};
    hold.prices = {{1'000'000}, {0}, {1'000'000}};
    hold.now = {on_day * day};
    hold.input = {10};
    hold.output_max = {10};
    ASSERT_TRUE(std::holds_alternative<settle::Held>(money_.execute(hold)));
    settle::Settle settle{};
    settle.request = hold.request;
    settle.salt = {{1, 2, 3, last_}};
    settle.now = hold.now;
    settle.usage = {{10}, {0}, {5}};
    ASSERT_TRUE(std::holds_alternative<settle::Settled>(money_.execute(settle)));
  }
  std::size_t kept() { return store_.reader->receipts_after(tenant, 0, 99).value().size(); }

  HandClock clock_;
  store::MemoryStore store_ = store::open_memory_store();
  DirectMoney money_{*store_.journal};
  std::uint64_t last_ = 0;
};

TEST_F(RetentionThread, LetsGoWhatIsOlderThanItIsKept) {
  serve(10);
  serve(89);
  serve(91);
  Retention retention(*store_.reader, money_, clock_, 10);
  retention.start();
  while (kept() == 3)
    std::this_thread::yield();
  retention.stop();
  EXPECT_EQ(kept(), 1U);
  EXPECT_EQ(store_.reader->pruned(tenant)->sequence, 2U);
}

TEST_F(RetentionThread, KeepsEverythingWhereNothingIsSaid) {
  serve(1);
  Retention retention(*store_.reader, money_, clock_, 0);
  retention.start();
  retention.stop();
  EXPECT_EQ(kept(), 1U);
}

TEST_F(RetentionThread, StopsAtOnceWhereTheStoreRefuses) {
  serve(1);
  money_.refusals = 1;
  Retention retention(*store_.reader, money_, clock_, 10);
  retention.start();
  while (money_.refusals > 0)
    std::this_thread::yield();
  retention.stop();  // does not wait until it would be tried again
  EXPECT_EQ(kept(), 1U);
}

}  // namespace
}  // namespace app

// Several servers on one PostgreSQL database: whatever holds for one holds across all of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include <cluster/wire.hpp>
#include <store/postgres.hpp>

#include "house.hpp"

namespace settle::testing {
namespace {

using cluster::Cluster;

/// One process of its own, as far as the database can tell.
struct Server {
  explicit Server(const std::string& url, const store::PostgresOptions& options = {})
      : journal(std::move(store::open_postgres_journal(url, options)).value()), books(*journal) {}

  Outcome say(const Command& command) { return books.apply({&command, 1}).front(); }

  std::unique_ptr<ledger::Journal> journal;
  Books books;
};

class Servers : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Cluster::available()) GTEST_SKIP() << "there is no PostgreSQL server on this machine";
    url_ = Cluster::shared().fresh_database();
    name_ = url_.substr(url_.find("@/") + 2);
    name_ = name_.substr(0, name_.find('?'));
    Server first(url_);
    reader_ = std::move(store::open_postgres_reader(url_)).value();
    ASSERT_TRUE(std::holds_alternative<Credited>(first.say(credit(1, 1'000'000))));
  }

  std::string wrong() {
    auto snapshot = std::move(reader_->snapshot()).value();
    const ledger::CheckReport report = audit(*snapshot).value();
    return report.finding_count == 0
               ? ""
               : std::to_string(report.finding_count) + " findings, the first of kind " +
                     std::to_string(static_cast<int>(report.findings.front().kind));
  }

  /// `servers` servers say, at the same time, `each` commands each; how many are granted.
  template <class Make>
  std::uint64_t granted(std::uint64_t servers, std::uint64_t each, Make make) {
    std::atomic<std::uint64_t> count = 0;
    std::vector<std::jthread> threads;
    for (std::uint64_t number = 0; number < servers; ++number) {
      threads.emplace_back([&, number] {
        Server server(url_);
        for (std::uint64_t i = 0; i < each; ++i) {
          const Outcome outcome = server.say(make(100 + number * each + i));
          count += std::holds_alternative<Held>(outcome) ? 1U : 0U;
        }
      });
    }
    threads.clear();
    return count;
  }

  std::string url_;
  std::string name_;
  std::unique_ptr<ledger::Reader> reader_;
};

TEST_F(Servers, OneBalancePaysForWhatItPaysFor) {
  Server server(url_);
  ASSERT_TRUE(std::holds_alternative<Credited>(server.say(credit(2, 7 * 110 + 109, other_tenant))));
  EXPECT_EQ(granted(3, 10,
                    [](std::uint64_t request) {
                      Hold command = hold(request);
                      command.tenant = other_tenant;
                      command.account = account_of(other_tenant);
                      return command;
                    }),
            7U);
  EXPECT_EQ(wrong(), "");
}

TEST_F(Servers, OneCapHoldsForAll) {
  EXPECT_EQ(granted(3, 10,
                    [](std::uint64_t request) {
                      Hold command = hold(request);
                      command.limits.cap_per_month = {5 * 110};
                      return command;
                    }),
            5U);
}

TEST_F(Servers, OneMinuteOfTokensHoldsForAll) {
  EXPECT_EQ(granted(3, 10,
                    [](std::uint64_t request) {
                      Hold command = hold(request);
                      command.limits.tokens_per_minute = 4 * 60 + 59;
                      return command;
                    }),
            4U);
}

TEST_F(Servers, OneMinuteOfRequestsHoldsForAll) {
  EXPECT_EQ(granted(2, 10,
                    [](std::uint64_t request) {
                      Hold command = hold(request);
                      command.limits.requests_per_minute = 6;
                      return command;
                    }),
            6U);
}

TEST_F(Servers, AnIdempotencyKeyIsClaimedOnce) {
  EXPECT_EQ(granted(3, 5,
                    [](std::uint64_t request) {
                      Hold command = hold(request);
                      command.idempotency = {{1, 2, 3, 4}};
                      return command;
                    }),
            1U);
}

TEST_F(Servers, ReceiptsAreOneChainAndOneLog) {
  std::vector<std::jthread> threads;
  for (std::uint64_t number = 0; number < 3; ++number) {
    threads.emplace_back([&, number] {
      Server server(url_);
      for (std::uint64_t i = 0; i < 15; ++i) {
        const std::uint64_t request = 1'000 * (number + 1) + i;
        EXPECT_TRUE(std::holds_alternative<Held>(server.say(hold(request))));
        EXPECT_TRUE(std::holds_alternative<Settled>(server.say(settle(request, 20))));
      }
    });
  }
  threads.clear();
  EXPECT_EQ(reader_->totals().value().receipts, 45U);
  EXPECT_EQ(reader_->leaves(0, 100).value().size(), 45U);
  EXPECT_EQ(wrong(), "");
}

TEST_F(Servers, TheHoldsOfADeadOneAreEndedByAnother) {
  store::PostgresOptions brief;
  brief.lease_ms = 1;
  Server dead(url_, brief);
  Server living(url_, brief);
  ASSERT_TRUE(std::holds_alternative<Held>(dead.say(hold(5))));
  ASSERT_TRUE(std::holds_alternative<Held>(living.say(hold(6))));
  // The dead one is silent from here on.
  std::uint64_t ended = 0;
  while (ended == 0)
    ended = living.books.tend({start}).value();
  EXPECT_EQ(ended, 1U) << "its own hold stays";
  EXPECT_EQ(reader_->open_holds().value(), 1U);
  // It was not dead at all: what it ran is void, and it goes on as another.
  const Outcome late = dead.say(settle(5, 20));
  ASSERT_TRUE(std::holds_alternative<Refused>(late));
  EXPECT_EQ(std::get<Refused>(late).why, Refusal::already_ended);
  EXPECT_TRUE(std::holds_alternative<Held>(dead.say(hold(7))));
  EXPECT_TRUE(std::holds_alternative<Settled>(dead.say(settle(7, 20))));
  EXPECT_TRUE(std::holds_alternative<Settled>(living.say(settle(6, 20))));
  EXPECT_EQ(reader_->open_holds().value(), 0U);
  EXPECT_EQ(wrong(), "");
}

TEST_F(Servers, ALivingOnesHoldsAreItsOwn) {
  Server one(url_);
  Server two(url_);
  ASSERT_TRUE(std::holds_alternative<Held>(one.say(hold(5))));
  EXPECT_EQ(two.books.recover({start}).value(), 0U);
  EXPECT_EQ(two.books.tend({start}).value(), 0U);
  EXPECT_TRUE(std::holds_alternative<Settled>(one.say(settle(5, 20))));
}

// A commit whose answer is lost may have happened. Its holds are ended before the next batch, also
// while another server writes, and nothing is charged twice or not at all.
TEST_F(Servers, AnAnswerThatIsLostCostsNobodyAnything) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  cluster::Wire wire(Cluster::shared());
  Server cut(wire.url(name_));
  Server other(url_);
  std::int64_t paid = 0;
  for (std::uint64_t i = 0; i < 25; ++i) {
    const std::uint64_t request = 100 + i;
    wire.cut_after(INT64_MAX, static_cast<std::int64_t>(random() % 3'000));
    const bool held = std::holds_alternative<Held>(cut.say(hold(request)));
    EXPECT_TRUE(std::holds_alternative<Held>(other.say(hold(1'000 + request))));
    if (held) {
      // As the settle thread does: until it is told that it was done.
      while (!std::holds_alternative<Settled>(cut.say(settle(request, 20))))
        wire.heal();
      paid += 50;
    }
    wire.heal();
    EXPECT_TRUE(std::holds_alternative<Settled>(other.say(settle(1'000 + request, 20))));
    paid += 50;
  }
  (void)cut.say(undo(9'999));  // the last doubtful ones
  EXPECT_EQ(reader_->open_holds().value(), 0U);
  EXPECT_EQ(reader_->totals().value().revenue.value, paid);
  EXPECT_EQ(wrong(), "");
}

}  // namespace
}  // namespace settle::testing

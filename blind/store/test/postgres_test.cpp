// What only a store on a server can do, and what can happen to it there.
#include <gtest/gtest.h>
#include <signal.h>

#include <optional>
#include <utility>

#include <cluster/wire.hpp>
#include <ledger/check.hpp>
#include <ledger/rules.hpp>
#include <store/copy.hpp>

#include "rows.hpp"
#include "stores.hpp"

namespace store::testing {
namespace {

using cluster::Cluster;
using ledger::Stored;
using ledger::StoreError;

constexpr terms::TenantId tenant{7};

Stored<base::Done> credit(ledger::Journal& journal, std::uint64_t request, std::int64_t amount) {
  auto txn = journal.begin();
  if (!txn) return base::Fail{txn.error()};
  ledger::WorkingSet set(**txn);
  auto moved = ledger::top_up(set, tenant, {amount}, {request, 1}, {1});
  if (!moved) return base::Fail{moved.error()};
  auto flushed = set.flush();
  if (!flushed) return flushed;
  return (*txn)->commit();
}

class Postgres : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Cluster::available()) GTEST_SKIP() << no_server;
    url_ = Cluster::shared().fresh_database();
    name_ = url_.substr(url_.find("@/") + 2);
    name_ = name_.substr(0, name_.find('?'));
  }
  static std::unique_ptr<ledger::Journal> open(const std::string& url,
                                               const PostgresOptions& options = {}) {
    std::string words;
    auto journal = open_postgres_journal(url, options, &words);
    EXPECT_TRUE(journal.ok()) << words;
    return std::move(journal).value();
  }
  std::unique_ptr<ledger::Journal> open(const PostgresOptions& options = {}) {
    return open(url_, options);
  }
  std::int64_t balance() {
    auto reader = open_postgres_reader(url_);
    return reader ? (*reader)->balance(tenant).value().available.value : -1;
  }
  std::uint64_t findings() {
    auto reader = std::move(open_postgres_reader(url_)).value();
    auto snapshot = std::move(reader->snapshot()).value();
    return ledger::check(*snapshot).value().finding_count;
  }
  /// As a hand with a database shell would; false: refused.
  bool shell(const std::string& sql) {
    auto connection = postgres::Connection::open(url_, {});
    (*connection)->queue("SET search_path = mains_ledger");
    (*connection)->queue(sql);
    return (*connection)->run().ok();
  }

  std::string url_;
  std::string name_;
};

TEST_F(Postgres, WhatIsCommittedIsThereAfterwards) {
  ASSERT_TRUE(credit(*open(), 1, 100).ok());
  ASSERT_TRUE(credit(*open(), 2, 50).ok());
  EXPECT_EQ(balance(), 150);
  EXPECT_EQ(findings(), 0U);
}

TEST_F(Postgres, HistoryIsInsertOnlyForEveryHand) {
  auto journal = open();
  ASSERT_TRUE(credit(*journal, 1, 100).ok());
  auto txn = std::move(journal->begin()).value();
  for (std::uint64_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(txn->insert(receipt_row(i, tenant, i, {1})).ok());
  }
  ASSERT_TRUE(txn->prune(tenant, {.sequence = 1}).ok());
  ASSERT_TRUE(txn->commit().ok());
  for (const char* sql :
       {"DELETE FROM pruned", "TRUNCATE receipts", "UPDATE pruned SET sequence = 1",
        "DELETE FROM receipts WHERE sequence = 2", "UPDATE postings SET amount = 1",
        "DELETE FROM postings", "TRUNCATE postings", "UPDATE receipts SET charge = 0",
        "DELETE FROM receipts", "DELETE FROM voids", "UPDATE artefacts SET weights = ''",
        "DELETE FROM leaves", "UPDATE tenants SET available = -1",
        "UPDATE house SET revenue = -1"}) {
    EXPECT_FALSE(shell(sql)) << sql;
  }
  EXPECT_TRUE(shell("SELECT 1 FROM postings"));
}

TEST_F(Postgres, ARoleMayPruneWithAllThreeRightsOnly) {
  open();
  const std::string role = name_ + "_app";
  const std::string as_role =
      std::string(url_).replace(url_.find("//"), url_.find('@') - url_.find("//"), "//" + role);
  ASSERT_TRUE(shell("CREATE ROLE " + role + " LOGIN"));
  ASSERT_TRUE(shell("GRANT USAGE ON SCHEMA mains_ledger TO " + role));
  ASSERT_TRUE(shell("GRANT SELECT ON ALL TABLES IN SCHEMA mains_ledger TO " + role));
  const auto reader = std::move(open_postgres_reader(as_role)).value();
  for (const char* right : {"DELETE ON receipts", "INSERT ON pruned", "UPDATE ON pruned"}) {
    EXPECT_FALSE(reader->may_prune().value()) << "without " << right;
    ASSERT_TRUE(shell(std::string("GRANT ") + right + " TO " + role));
  }
  EXPECT_TRUE(reader->may_prune().value()) << "granted meanwhile";
  EXPECT_TRUE(open_postgres_reader(url_).value()->may_prune().value()) << "the owner";
}

TEST_F(Postgres, AReaderNeedsTablesAndAJournalMakesThem) {
  EXPECT_EQ(open_postgres_reader(url_).error(), StoreError::older_schema);
  open();
  EXPECT_TRUE(open_postgres_reader(url_).ok());
  std::string words;
  EXPECT_EQ(open_postgres_journal(Cluster::shared().url("nowhere"), {}, &words).error(),
            StoreError::gone);
  EXPECT_NE(words.find("nowhere"), std::string::npos) << words;
}

TEST_F(Postgres, BooksOfANewerVersionAreLeftAlone) {
  open();
  ASSERT_TRUE(shell("UPDATE version SET number = 1000"));
  EXPECT_EQ(open_postgres_journal(url_).error(), StoreError::newer_schema);
  EXPECT_EQ(open_postgres_reader(url_).error(), StoreError::newer_schema);
}

TEST_F(Postgres, BooksOfVersion1AreBroughtUpToDateWhereNoServerLives) {
  const char* back =
      "DROP TABLE tenant_months; DROP TABLE pruned; DROP TRIGGER behind_the_mark ON receipts; "
      "DROP TRIGGER insert_only ON receipts; DROP FUNCTION keep_mark; DROP FUNCTION keep_receipt; "
      "CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON receipts "
      "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(); UPDATE version SET number = 1";
  auto journal = open();
  ASSERT_TRUE(credit(*journal, 1, 100).ok());
  {
    auto txn = std::move(journal->begin()).value();
    ASSERT_TRUE(txn->insert(receipt_row(1, tenant, 1, {1})).ok());
    ASSERT_TRUE(txn->commit().ok());
  }
  Cluster::shared().sql(name_, std::string("SET search_path = mains_ledger; ") + back);
  EXPECT_EQ(open_postgres_reader(url_).error(), StoreError::older_schema);
  EXPECT_EQ(open_postgres_journal(url_).error(), StoreError::busy) << "one lives";
  journal.reset();
  // The server may take a moment to see that the session is over.
  while (!open_postgres_journal(url_).ok()) {
  }
  auto reader = std::move(open_postgres_reader(url_)).value();
  const ledger::Carried carried{{100}, receipt_row(1, tenant, 1, {1}).charge};
  EXPECT_EQ(reader->carried(tenant, {9}).value(), carried);
  EXPECT_FALSE(shell("DELETE FROM receipts"));
  EXPECT_TRUE(credit(*open(), 2, 100).ok());
  EXPECT_EQ(reader->carried(tenant, {9}).value().credited.value, 200);
}

TEST_F(Postgres, ADatabaseThatWasEmptiedIsNotFilledAnew) {
  auto journal = open();
  ASSERT_TRUE(credit(*journal, 1, 100).ok());
  ASSERT_TRUE(shell("DROP SCHEMA mains_ledger CASCADE"));
  EXPECT_EQ(credit(*journal, 2, 50).error(), StoreError::corrupt);
  EXPECT_EQ(credit(*journal, 2, 50).error(), StoreError::corrupt);
}

TEST_F(Postgres, ASecondWriterWaitsAndIsThenToldThatItIsBusy) {
  PostgresOptions impatient;
  impatient.patience.lock_ms = 30;
  auto one = open(impatient);
  auto two = open(impatient);
  {
    auto txn = one->begin();
    ASSERT_TRUE(txn.ok());
    EXPECT_EQ(credit(*two, 1, 100).error(), StoreError::busy);
  }
  EXPECT_TRUE(credit(*two, 1, 100).ok());
  EXPECT_TRUE(credit(*one, 2, 50).ok());
  EXPECT_EQ(balance(), 150);
}

TEST_F(Postgres, AServerThatFallsAsleepWithTheLockLosesIt) {
  PostgresOptions sleepy;
  sleepy.patience.forgotten_ms = 30;
  auto one = open(sleepy);
  auto two = open();
  auto txn = std::move(one->begin()).value();
  ASSERT_TRUE(txn->put(tenant, ledger::TenantRow{{5}, {0}, 0, {}, {5}}).ok());
  EXPECT_TRUE(credit(*two, 1, 100).ok()) << "the database has ended the other's transaction";
  EXPECT_FALSE(txn->commit().ok());
  txn.reset();
  EXPECT_TRUE(credit(*one, 2, 50).ok());
  EXPECT_EQ(balance(), 150);
}

TEST_F(Postgres, ASessionThatWasEndedIsOpenedAgainUnnoticed) {
  auto journal = open();
  auto reader = std::move(open_postgres_reader(url_)).value();
  ASSERT_TRUE(credit(*journal, 1, 100).ok());
  ASSERT_TRUE(reader->balance(tenant).ok());
  ASSERT_TRUE(
      shell("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
            "current_database() AND pid <> pg_backend_pid()"));
  EXPECT_TRUE(credit(*journal, 2, 50).ok());
  EXPECT_EQ(reader->balance(tenant).value().available.value, 150);
}

TEST_F(Postgres, AServerThatStopsIsGoneUntilItIsBack) {
  Cluster own;
  url_ = own.fresh_database();
  auto journal = open();
  auto reader = std::move(open_postgres_reader(url_)).value();
  std::uint64_t request = 0;
  for (const int signal : {SIGINT, SIGQUIT, SIGKILL}) {
    ASSERT_TRUE(credit(*journal, ++request, 1).ok());
    auto txn = std::move(journal->begin()).value();
    own.stop(signal);
    EXPECT_EQ(txn->tenant(tenant).error(), StoreError::gone);
    EXPECT_FALSE(txn->commit().ok());
    txn.reset();
    EXPECT_EQ(credit(*journal, request + 1, 1).error(), StoreError::gone);
    EXPECT_EQ(reader->balance(tenant).error(), StoreError::gone);
    own.start();
    EXPECT_TRUE(credit(*journal, ++request, 1).ok()) << "without a restart of ours";
    EXPECT_EQ(reader->balance(tenant).value().available.value, static_cast<std::int64_t>(request));
    EXPECT_EQ(findings(), 0U);
  }
}

// The wire is cut after every so many bytes of a transaction, in both directions: what was told as
// done is there, what was told as failed is there as a whole or not at all.
TEST_F(Postgres, AWireThatIsCutAnywhereLosesNothingThatWasTold) {
  cluster::Wire wire(Cluster::shared());
  auto journal = open(wire.url(name_));
  ASSERT_TRUE(credit(*journal, 1, 1).ok());
  wire.heal();
  ASSERT_TRUE(credit(*journal, 2, 1).ok());
  const std::int64_t to_server = wire.carried_to_server();
  const std::int64_t from_server = wire.carried_from_server();
  ASSERT_GT(to_server, 100);
  std::int64_t told = 2;
  std::uint64_t request = 2;
  std::uint64_t failures = 0;
  constexpr std::int64_t steps = 12;
  for (std::int64_t i = 0; i < 2 * steps; ++i) {
    const bool forth = i < steps;
    const std::int64_t bytes = (forth ? to_server : from_server) * (i % steps) / steps;
    wire.cut_after(forth ? bytes : INT64_MAX, forth ? INT64_MAX : bytes);
    auto done = credit(*journal, ++request, 1);
    failures += done.ok() ? 0 : 1;
    told += done.ok() ? 1 : 0;
    wire.heal();
    ASSERT_TRUE(credit(*journal, ++request, 1).ok()) << "healed, and works without a restart";
    told += 1;
    const std::int64_t found = balance();
    ASSERT_TRUE(found == told || (!done.ok() && found == told + 1)) << "cut " << i;
    told = found;
  }
  EXPECT_EQ(findings(), 0U);
  EXPECT_GT(failures, static_cast<std::uint64_t>(steps));
}

/// Something in every table.
void fill(ledger::Journal& journal) {
  ASSERT_TRUE(credit(journal, 1, 100).ok());
  auto txn = std::move(journal.begin()).value();
  ledger::KeyRow key;
  key.requests.add({5'000'000'000}, 2);
  ASSERT_TRUE(txn->put(terms::KeyId{8}, key).ok());
  ASSERT_TRUE(txn->put(terms::KeyId{8}, {682}, ledger::MonthRow{{7}, {0}}).ok());
  ASSERT_TRUE(txn->insert_claim(tenant, {{1, 2, 3, 4}}, {2, 2}).ok());
  for (std::uint64_t i = 1; i <= 5'020; ++i) {
    ASSERT_TRUE(txn->insert(receipt_row(i, tenant, i, {static_cast<std::int64_t>(i)})).ok());
  }
  ASSERT_TRUE(txn->insert(ledger::VoidRow{{4, 4}, tenant, {1}}).ok());
  ASSERT_TRUE(txn->insert(leaf_row(0, ledger::LeafKind::document)).ok());
  ASSERT_TRUE(txn->prune(tenant, {.sequence = 10, .logged = 10, .charge = {2'100'000}}).ok());
  ASSERT_TRUE(txn->commit().ok());
}

TEST_F(Postgres, BooksAreMovedHereRowByRow) {
  AnyStore sqlite(Kind::sqlite);
  fill(sqlite.journal());
  auto from = std::move(sqlite.reader().snapshot()).value();
  std::uint64_t told = 0;
  std::string words;
  const auto copied = copy_to_postgres(
      *from, url_, [&](std::uint64_t rows) { told = rows; }, &words);
  ASSERT_TRUE(copied.ok()) << words;
  EXPECT_EQ(*copied, told);
  EXPECT_GT(told, 5'000U);
  auto reader = std::move(open_postgres_reader(url_)).value();
  auto to = std::move(reader->snapshot()).value();
  EXPECT_EQ(compare(*from, *to).value(), std::optional(told));
  EXPECT_EQ(to->usage_sum(tenant).value(), from->usage_sum(tenant).value());
  EXPECT_EQ(to->month_sum(tenant).value(), from->month_sum(tenant).value());
  EXPECT_EQ(copy_to_postgres(
                *from, url_, [](std::uint64_t) {}, &words)
                .error(),
            CopyError::not_empty);

  ASSERT_TRUE(credit(*open(), 2, 1).ok());
  to = std::move(reader->snapshot()).value();
  EXPECT_FALSE(compare(*from, *to).value().has_value()) << "one of them has changed";
}

TEST_F(Postgres, BooksWithRequestsUnderWayAreNotMoved) {
  AnyStore sqlite(Kind::sqlite);
  auto txn = std::move(sqlite.journal().begin()).value();
  ASSERT_TRUE(txn->insert(hold_row(1)).ok());
  ASSERT_TRUE(txn->commit().ok());
  auto from = std::move(sqlite.reader().snapshot()).value();
  std::string words;
  EXPECT_EQ(copy_to_postgres(
                *from, url_, [](std::uint64_t) {}, &words)
                .error(),
            CopyError::open_holds);
}

std::vector<terms::ServerId> lapsed(ledger::Journal& journal) {
  auto txn = std::move(journal.begin()).value();
  auto servers = txn->lapsed_servers().value();
  EXPECT_TRUE(txn->commit().ok());
  return servers;
}

terms::ServerId id_of(ledger::Journal& journal) {
  auto txn = std::move(journal.begin()).value();
  const terms::ServerId id = txn->server();
  EXPECT_TRUE(txn->commit().ok());
  return id;
}

TEST_F(Postgres, EveryServerHasAnIdOfItsOwnAndKeepsIt) {
  auto one = open();
  auto two = open();
  const terms::ServerId first = id_of(*one);
  EXPECT_NE(first, id_of(*two));
  EXPECT_EQ(first, id_of(*one));
  ASSERT_TRUE(
      shell("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
            "current_database() AND pid <> pg_backend_pid()"));
  EXPECT_EQ(first, id_of(*one)) << "over a broken connection, too";
  EXPECT_TRUE(lapsed(*one).empty());
}

TEST_F(Postgres, OneThatIsTakenForDeadComesBackAsAnother) {
  PostgresOptions brief;
  brief.lease_ms = 1;
  auto dead = open(brief);
  const terms::ServerId before = id_of(*dead);
  auto living = open(brief);
  std::vector<terms::ServerId> found;
  while (found.empty())
    found = lapsed(*living);
  ASSERT_EQ(found, std::vector{before});
  auto txn = std::move(living->begin()).value();
  ASSERT_TRUE(txn->forget(before).ok());
  ASSERT_TRUE(txn->commit().ok());
  txn.reset();
  EXPECT_NE(id_of(*dead), before);
}

TEST_F(Postgres, WhoComesHomeNeedNotWaitForItsOwnLease) {
  PostgresOptions at_home;
  at_home.home = {1, 2};
  auto before = open(at_home);
  const terms::ServerId first = id_of(*before);
  auto copy = open(at_home);
  EXPECT_TRUE(lapsed(*copy).empty()) << "one that lives is left alone, whatever its data folder";
  before.reset();
  std::vector<terms::ServerId> found;
  // The server may take a moment to see that the session is over.
  while (found.empty())
    found = lapsed(*open(at_home));
  EXPECT_EQ(found.front(), first);
}

}  // namespace
}  // namespace store::testing

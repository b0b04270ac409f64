// A session with a real server, and what can happen to it.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <limits>

#include <cluster/cluster.hpp>
#include <postgres/connection.hpp>

namespace postgres {
namespace {

using cluster::Cluster;

class Session : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Cluster::available()) GTEST_SKIP() << "there is no PostgreSQL server on this machine";
  }
  static std::unique_ptr<Connection> open(const std::string& url, const Patience& patience = {}) {
    std::string words;
    auto connection = Connection::open(url, patience, &words);
    EXPECT_TRUE(connection.ok()) << words;
    return std::move(connection).value();
  }
  static std::unique_ptr<Connection> open() { return open(Cluster::shared().url()); }
};

TEST_F(Session, ValuesComeBackAsTheyWent) {
  auto connection = open();
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  const std::vector<std::uint8_t> bytes{0, 1, 255};
  auto rows =
      connection->ask("SELECT $1::bigint, $2::bytea, $3::text, $4::uuid, -2::smallint, true",
                      Parameters().add(least).add(Bytes(bytes)).add("it's").add_none(Type::uuid));
  ASSERT_TRUE(rows.ok()) << connection->words();
  EXPECT_EQ(rows->integer(0, 0), least);
  EXPECT_TRUE(std::ranges::equal(rows->bytes(0, 1), bytes));
  EXPECT_EQ(rows->text(0, 2), "it's");
  EXPECT_TRUE(rows->none(0, 3));
  EXPECT_EQ(rows->integer(0, 4), -2);
  EXPECT_EQ(rows->integer(0, 5), 1);
}

TEST_F(Session, ManyRowsGoAsOneArrayAColumn) {
  auto connection = open();
  Array numbers(Type::int8);
  Array blobs(Type::bytea);
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    numbers.add(~i);
    const std::vector<std::uint8_t> blob(i % 7, static_cast<std::uint8_t>(i));
    i % 3 == 0 ? blobs.add_none() : blobs.add(blob);
  }
  auto rows = connection->ask("SELECT * FROM unnest($1::bigint[], $2::bytea[])",
                              Parameters().add(numbers).add(blobs));
  ASSERT_TRUE(rows.ok()) << connection->words();
  ASSERT_EQ(rows->count(), 10'000U);
  EXPECT_EQ(rows->number(9'998, 0), ~std::uint64_t{9'998});
  EXPECT_EQ(rows->bytes(9'998, 1).size(), 9'998U % 7);
  EXPECT_TRUE(rows->none(9'999, 1));
  auto none =
      connection->ask("SELECT * FROM unnest($1::bigint[])", Parameters().add(Array(Type::int8)));
  EXPECT_TRUE(none.ok() && none->empty());
}

TEST_F(Session, WhatFollowsAnErrorIsNotRunAndTheSessionGoesOn) {
  auto connection = open(Cluster::shared().fresh_database());
  ASSERT_TRUE(connection->ask("CREATE TABLE t (n bigint CHECK (n > 0))").ok());
  connection->queue("BEGIN");
  connection->queue("INSERT INTO t VALUES (1)");
  connection->queue("INSERT INTO t VALUES (-1)");
  connection->queue("COMMIT");
  EXPECT_EQ(connection->run().error(), Error::refused);
  EXPECT_FALSE(connection->failed());
  ASSERT_TRUE(connection->ask("ROLLBACK").ok());
  EXPECT_EQ(connection->ask("SELECT count(*) FROM t")->integer(0, 0), 0);
}

TEST_F(Session, ErrorsInOurWords) {
  const std::string url = Cluster::shared().fresh_database();
  Patience impatient;
  impatient.lock_ms = 50;
  auto one = open(url);
  auto two = open(url, impatient);
  ASSERT_TRUE(one->ask("CREATE TABLE t (n bigint PRIMARY KEY)").ok());
  ASSERT_TRUE(one->ask("INSERT INTO t VALUES (1)").ok());
  EXPECT_EQ(one->ask("INSERT INTO t VALUES (1)").error(), Error::refused);
  EXPECT_EQ(one->ask("SELECT * FROM nowhere").error(), Error::missing);
  EXPECT_EQ(one->ask("SELECT * FROM nowhere.t").error(), Error::missing);
  one->queue("BEGIN");
  one->queue("SELECT n FROM t FOR UPDATE");
  ASSERT_TRUE(one->run().ok());
  EXPECT_EQ(two->ask("UPDATE t SET n = 2").error(), Error::busy);
  two->queue("BEGIN READ ONLY");
  two->queue("UPDATE t SET n = 2");
  EXPECT_EQ(two->run().error(), Error::read_only);
  std::string words;
  EXPECT_EQ(Connection::open(Cluster::shared().url("no_such_database"), {}, &words).error(),
            Error::gone);
  EXPECT_NE(words.find("no_such_database"), std::string::npos) << words;
}

TEST_F(Session, NothingIsWaitedForForEver) {
  Patience impatient;
  impatient.answer_ms = 100;
  auto connection = open(Cluster::shared().url(), impatient);
  EXPECT_EQ(connection->ask("SELECT pg_sleep(60)").error(), Error::gone);
  EXPECT_TRUE(connection->failed());
  EXPECT_EQ(connection->ask("SELECT 1").error(), Error::gone) << "what failed stays failed";
  impatient = {};
  impatient.statement_ms = 50;
  connection = open(Cluster::shared().url(), impatient);
  EXPECT_EQ(connection->ask("SELECT pg_sleep(60)").error(), Error::io);
  EXPECT_FALSE(connection->failed());
}

/// A session may answer for a moment after its server was killed, until it notices.
Error error_soon(Connection& connection) {
  for (int tries = 0; tries < 1'000; ++tries) {
    const auto answer = connection.ask("SELECT pg_sleep(0.01)");
    if (!answer) return answer.error();
  }
  return {};
}

TEST_F(Session, AServerThatStopsIsGoneAndBackWhenItIsBack) {
  Cluster own;
  for (const int signal : {SIGINT, SIGQUIT, SIGKILL}) {
    auto connection = open(own.url());
    own.stop(signal);
    EXPECT_EQ(error_soon(*connection), Error::gone);
    EXPECT_EQ(Connection::open(own.url(), {}).error(), Error::gone);
    own.start();
    EXPECT_EQ(connection->ask("SELECT 1").error(), Error::gone);
    EXPECT_TRUE(open(own.url())->ask("SELECT 1").ok());
  }
}

TEST(Url, IsShownWithoutItsPassword) {
  EXPECT_EQ(shown("postgres://me:secret@db.example:5433/books?sslmode=require"),
            "postgres://me@db.example:5433/books");
  EXPECT_EQ(shown("postgresql://db.example/books?password=secret"), "postgres://db.example/books");
  EXPECT_EQ(shown("postgres:///books?host=/run/postgresql"), "postgres:///run/postgresql/books");
  EXPECT_FALSE(shown("postgres://%%%").has_value());
  EXPECT_FALSE(shown("mysql://db").has_value());
}

}  // namespace
}  // namespace postgres

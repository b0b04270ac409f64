// Several servers on one database sign one log.
#include <array>
#include <cluster/cluster.hpp>
#include <postgres/connection.hpp>
#include <thread>

#include "world.hpp"

namespace tlog::testing {
namespace {

using cluster::Cluster;
namespace fs = std::filesystem;

constexpr const char* some_document = R"({"format":"mains.test","why":"a document of this log"})";
constexpr std::int64_t day_ns = 86'400'000'000'000;

/// Each server has a folder of its own; ledger and log are shared.
class Shared : public World {
 protected:
  void SetUp() override {
    if (!Cluster::available()) GTEST_SKIP() << "there is no PostgreSQL server on this machine";
    url = Cluster::shared().fresh_database();
    const std::size_t name = url.rfind('/', url.find('?')) + 1;
    database = url.substr(name, url.find('?') - name);
    ledger->credit(7, 10'000'000);
  }
  Answer<std::unique_ptr<Log>> try_open_at(const fs::path& dir, const std::string& origin = "",
                                           bool founds = true) {
    return Log::open(dir, {origin, {}, url, founds},
                     {ledger->reader(),
                      [this](const settle::Command& command) { return ledger->execute(command); },
                      account_of, clock, dice});
  }
  std::unique_ptr<Log> open_at(const fs::path& dir) {
    auto opened = try_open_at(dir);
    EXPECT_TRUE(opened.ok()) << describe(opened.error());
    return opened.ok() ? std::move(opened).value() : nullptr;
  }
  /// As an operator brings keys from one server to another.
  static void copy_keys(const fs::path& from, const fs::path& to) {
    for (const char* name : {"log.key", "log.previous.key"}) {
      if (fs::exists(from / name)) {
        fs::copy_file(from / name, to / name, fs::copy_options::overwrite_existing);
      }
    }
  }
  /// As if the last signature were a second old; nobody needs to wait for it.
  void a_second_passes() {
    Cluster::shared().sql(database,
                          "UPDATE mains_log.log SET signed_at = signed_at - interval '1 second'");
  }
  std::string sql(const std::string& text) {
    std::string printed = Cluster::shared().sql(database, text);
    if (printed.ends_with('\n')) printed.pop_back();
    return printed;
  }

  std::string url;
  std::string database;
  Folder other;
};

TEST_F(Shared, WhatOneSignsTheOtherTells) {
  const auto one = open_at(folder.path());
  copy_keys(folder.path(), other.path());
  const auto two = open_at(other.path());
  EXPECT_TRUE(one->signs() && two->signs());
  EXPECT_EQ(one->origin(), two->origin());
  EXPECT_EQ(one->keys(), two->keys());
  ledger->use(7, 300);
  ASSERT_TRUE(one->turn().value());
  EXPECT_TRUE(two->turn().value());
  EXPECT_EQ(one->checkpoint(), two->checkpoint());
  EXPECT_EQ(two->size(), 301U) << "and the day's liabilities stand in it once";
  EXPECT_EQ(one->tile({1, 0, 1}).value(), two->tile({1, 0, 1}).value());
  EXPECT_TRUE(two->prove(7).value().has_value());
}

TEST_F(Shared, ManyTurnsInAnyOrderMakeOneLogThatOnlyGrows) {
  std::array<Folder, 3> folders;
  std::vector<std::unique_ptr<Log>> servers;
  for (const Folder& each : folders) {
    if (!servers.empty()) copy_keys(folders[0].path(), each.path());
    servers.push_back(open_at(each.path()));
  }
  Dice chance(7);
  note::Checkpoint last;
  const note::VerifierKey key = servers[0]->keys()[0];
  std::vector<int> signatures(servers.size());
  for (int step = 0; step < 120; ++step) {
    const std::size_t who = chance.next() % servers.size();
    ledger->use(7, static_cast<int>(chance.next() % 60));
    if (chance.next() % 2 == 0) a_second_passes();
    const std::uint64_t before = std::stoull(sql("SELECT size FROM mains_log.log"));
    ASSERT_TRUE(servers[who]->turn().ok());
    const note::Checkpoint told = read(servers[who]->checkpoint(), key);
    if (told.size > before) ++signatures[who];
    if (last.size > 0 && told.size > last.size) {
      auto tree = servers[who]->tree();
      const auto proof = receipt::ProofBuilder(*tree->tiles, told.size).consistency(last.size);
      ASSERT_TRUE(proof.ok());
      ASSERT_TRUE(receipt::extends(last.root, last.size, told.root, told.size, proof.value()));
    }
    if (told.size > last.size) last = told;
  }
  for (const int signed_by_one : signatures)
    EXPECT_GT(signed_by_one, 0);
}

TEST_F(Shared, TogetherTheySignOnceASecond) {
  const auto one = open_at(folder.path());
  copy_keys(folder.path(), other.path());
  const auto two = open_at(other.path());
  ASSERT_TRUE(one->turn().value());
  ASSERT_TRUE(two->turn().value());
  ledger->use(7, 1);
  EXPECT_FALSE(two->turn().value()) << "one has just signed";
  a_second_passes();
  EXPECT_TRUE(two->turn().value());
}

// Both find the same state and sign at the same moment: one of the two is kept, and told.
TEST_F(Shared, AtTheSameMomentOneIsTaken) {
  std::array<Folder, 4> folders;
  std::vector<std::unique_ptr<Log>> servers;
  for (const Folder& each : folders) {
    if (!servers.empty()) copy_keys(folders[0].path(), each.path());
    servers.push_back(open_at(each.path()));
  }
  ASSERT_TRUE(servers[0]->turn().ok());
  for (int round = 0; round < 20; ++round) {
    ledger->use(7, 5);
    a_second_passes();
    {
      std::vector<std::jthread> threads;
      for (auto& server : servers) {
        threads.emplace_back([&server] { EXPECT_TRUE(server->turn().ok()); });
      }
    }
    for (auto& server : servers) {
      ASSERT_TRUE(server->turn().ok());
      ASSERT_EQ(server->checkpoint(), servers[0]->checkpoint());
    }
  }
  EXPECT_EQ(servers[0]->size(), 101U);
}

TEST_F(Shared, AFolderWithoutAKeyFollowsAndMakesNone) {
  const auto one = open_at(folder.path());
  const auto two = open_at(other.path());
  EXPECT_FALSE(two->signs());
  EXPECT_FALSE(fs::exists(other.path() / "log.key"));
  ASSERT_TRUE(one->turn().value());
  EXPECT_TRUE(two->turn().value());
  EXPECT_EQ(one->checkpoint(), two->checkpoint());
  EXPECT_EQ(two->rotate_key().error(), Error::other_key);
  // Nobody signs any more: it says so, and goes on signing as soon as it has the key.
  ledger->use(7, 1);
  a_second_passes();
  for (int turn = 0; turn < 10; ++turn)
    ASSERT_TRUE(two->turn().ok());
  EXPECT_EQ(two->turn().error(), Error::not_signed);
  EXPECT_FALSE(two->state().healthy);
  copy_keys(folder.path(), other.path());
  EXPECT_TRUE(two->turn().value());
  EXPECT_TRUE(two->state().healthy && two->signs());
  EXPECT_EQ(two->size(), 2U);
}

TEST_F(Shared, AnotherKeyIsRefused) {
  const auto one = open_at(folder.path());
  ASSERT_TRUE(signing::Key::load_or_create(other.path() / "log.key", dice).ok());
  EXPECT_EQ(try_open_at(other.path()).error(), Error::other_key);
  fs::remove(other.path() / "log.key");
  EXPECT_TRUE(try_open_at(other.path()).ok());
}

TEST_F(Shared, TwoFirstStartsAtOnceAgreeOnOneKey) {
  std::array<Folder, 6> folders;
  std::array<std::unique_ptr<Log>, 6> servers;
  std::array<Dice, 6> random{Dice(1), Dice(2), Dice(3), Dice(4), Dice(5), Dice(6)};
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < folders.size(); ++i) {
      threads.emplace_back([&, i] {
        auto opened =
            Log::open(folders[i].path(), {"", {}, url},
                      {ledger->reader(), [](const settle::Command&) { return settle::Refused{}; },
                       account_of, clock, random[i]});
        ASSERT_TRUE(opened.ok()) << describe(opened.error());
        servers[i] = std::move(opened).value();
      });
    }
  }
  int signers = 0;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    EXPECT_EQ(servers[i]->keys(), servers[0]->keys());
    EXPECT_EQ(servers[i]->signs(), fs::exists(folders[i].path() / "log.key"));
    signers += servers[i]->signs() ? 1 : 0;
  }
  EXPECT_EQ(signers, 1);
}

TEST_F(Shared, ACommandNamesNoLog) {
  const auto command = std::move(try_open_at(folder.path(), "", false)).value();
  EXPECT_EQ(command->origin(), "");
  EXPECT_FALSE(fs::exists(folder.path() / "log.key"));
  EXPECT_TRUE(command->publish(some_document).ok()) << "what needs no key it can do";
  EXPECT_FALSE(command->rotate_key().ok());
  const auto server = open_at(other.path());
  ASSERT_TRUE(server->turn().ok());
  EXPECT_NE(server->entries({0, 0, 1}).value()->find(some_document), std::string::npos)
      << "and its bytes are everybody's";
}

TEST_F(Shared, TheDayIsPublishedOnceByWhoeverIsFirst) {
  const auto one = open_at(folder.path());
  copy_keys(folder.path(), other.path());
  const auto two = open_at(other.path());
  for (int day = 1; day <= 4; ++day) {
    {
      const std::jthread first([&] { EXPECT_TRUE(one->turn().ok()); });
      const std::jthread second([&] { EXPECT_TRUE(two->turn().ok()); });
    }
    a_second_passes();
    ASSERT_TRUE(one->turn().ok());
    ASSERT_TRUE(two->turn().ok());
    EXPECT_EQ(sql("SELECT count(*) FROM mains_log.days"), std::to_string(day));
    EXPECT_EQ(one->size(), static_cast<std::uint64_t>(day));
    EXPECT_EQ(one->own_balance(account_of({7})).value()->salt,
              two->own_balance(account_of({7})).value()->salt);
    clock.time_ns += day_ns;
  }
}

TEST_F(Shared, ADayThatWasKeptAndNotPublishedIsPublishedByTheOther) {
  const auto one = open_at(folder.path());
  copy_keys(folder.path(), other.path());
  const auto two = open_at(other.path());
  ledger->refuse_all = true;  // as if it had been killed between the two
  EXPECT_FALSE(one->turn().ok());
  ledger->refuse_all = false;
  ASSERT_TRUE(two->turn().value());
  EXPECT_EQ(two->size(), 1U);
  EXPECT_EQ(sql("SELECT count(*) FROM mains_log.days"), "1");
}

TEST_F(Shared, ARotationStopsTheOthersUntilTheyHaveTheKeys) {
  const auto one = open_at(folder.path());
  copy_keys(folder.path(), other.path());
  const auto two = open_at(other.path());
  ASSERT_TRUE(one->turn().ok());
  ASSERT_TRUE(two->turn().value());
  const note::VerifierKey old = one->keys()[0];
  ASSERT_TRUE(one->rotate_key().ok());
  ledger->use(7, 2);
  a_second_passes();
  EXPECT_EQ(two->turn().error(), Error::other_key);
  EXPECT_FALSE(two->state().healthy);
  a_second_passes();
  ASSERT_TRUE(one->turn().value());
  EXPECT_EQ(two->keys(), one->keys());
  EXPECT_TRUE(two->turn().value()) << "it still tells what the other signs";
  EXPECT_EQ(one->checkpoint(), two->checkpoint());
  read(two->checkpoint(), old);
  EXPECT_EQ(try_open_at(other.path()).error(), Error::other_key) << "nor does it start so";

  copy_keys(folder.path(), other.path());
  ledger->use(7, 1);
  a_second_passes();
  ASSERT_TRUE(two->turn().value());
  EXPECT_TRUE(two->signs());
  for (const note::VerifierKey& key : one->keys())
    read(two->checkpoint(), key);
  ASSERT_TRUE(one->drop_previous_key().ok());
  EXPECT_EQ(one->keys(), std::vector{one->keys()[0]});
  EXPECT_FALSE(fs::exists(folder.path() / "log.previous.key"));
  ledger->use(7, 1);
  a_second_passes();
  ASSERT_TRUE(two->turn().value()) << "who has more keys than are needed signs with those";
  read(two->checkpoint(), one->keys()[0]);
  EXPECT_FALSE(note::verify(note::parse(two->checkpoint()).value(), old).ok());
}

// Killed behind the database's change and before the files': the next start finishes it.
TEST_F(Shared, ARotationThatTheFilesDoNotHaveYetIsFinished) {
  auto one = open_at(folder.path());
  ASSERT_TRUE(one->turn().ok());
  const fs::path aside = other.path() / "aside";
  fs::copy_file(folder.path() / "log.key", aside);
  ASSERT_TRUE(one->rotate_key().ok());
  const auto keys = one->keys();
  one.reset();
  fs::rename(folder.path() / "log.key", folder.path() / "log.next.key");
  fs::rename(aside, folder.path() / "log.key");
  fs::remove(folder.path() / "log.previous.key");
  one = open_at(folder.path());
  EXPECT_EQ(one->keys(), keys);
  EXPECT_TRUE(one->signs());
  EXPECT_TRUE(fs::exists(folder.path() / "log.previous.key"));
}

TEST_F(Shared, ALogThatWasSetBackIsNotSignedByWhoSawMore) {
  const auto one = open_at(folder.path());
  ASSERT_TRUE(one->turn().ok());
  const std::string row =
      sql("SELECT format('UPDATE mains_log.log SET size = %s, frontier = %L, checkpoint = %L', "
          "size, frontier, checkpoint) FROM mains_log.log");
  ledger->use(7, 5);
  a_second_passes();
  ASSERT_TRUE(one->turn().value());
  const std::string told = one->checkpoint();
  sql("ALTER TABLE mains_log.log DISABLE TRIGGER ALL");  // as a restored backup would
  sql(row);
  for (int turn = 0; turn < 2; ++turn)
    EXPECT_EQ(one->turn().error(), Error::ledger_differs);
  EXPECT_EQ(one->checkpoint(), told);
}

TEST_F(Shared, ALogOfTheFolderMovesWithItsLedger) {
  open();
  ASSERT_TRUE(log->turn().ok());
  for (int i = 0; i < 70; ++i)
    ledger->use(7, 1'000);
  while (log->turn().value()) {
  }
  const note::Checkpoint before = checkpoint();
  const auto keys = log->keys();
  const auto day = log->own_balance(account_of({7})).value()->document;
  log.reset();
  const auto moved = open_at(folder.path());
  EXPECT_EQ(moved->keys(), keys);
  EXPECT_EQ(read(moved->checkpoint(), keys[0]), before);
  EXPECT_EQ(moved->own_balance(account_of({7})).value()->document, day);
  EXPECT_NE(moved->entries({0, 0, 256}).value()->find("mains.liabilities"), std::string::npos)
      << "with the documents' bytes";
  EXPECT_FALSE(fs::exists(folder.path() / "log.db"));
  EXPECT_TRUE(fs::exists(folder.path() / "log.migrated.db"));
  ledger->use(7, 300);
  ASSERT_TRUE(moved->turn().value());
  auto tree = moved->tree();
  const note::Checkpoint after = read(moved->checkpoint(), keys[0]);
  const auto proof = receipt::ProofBuilder(*tree->tiles, after.size).consistency(before.size);
  EXPECT_TRUE(receipt::extends(before.root, before.size, after.root, after.size, proof.value()));
}

// Servers that kept a log each: the first to come brings the log, the others what they published.
TEST_F(Shared, AnotherServersOwnLogBringsItsDocuments) {
  open();
  ASSERT_TRUE(log->turn().ok());
  log.reset();
  {
    auto second =
        Log::open(other.path(), {},
                  {ledger->reader(),
                   [this](const settle::Command& command) { return ledger->execute(command); },
                   account_of, clock, dice});
    ASSERT_TRUE(second.ok() && (*second)->publish(some_document).ok());
  }
  const auto one = open_at(folder.path());
  ASSERT_TRUE(one->turn().ok());
  EXPECT_EQ(one->entries({0, 0, 2}).error(), Error::elsewhere);
  EXPECT_EQ(try_open_at(other.path()).error(), Error::other_key);
  fs::remove(other.path() / "log.key");
  EXPECT_TRUE(try_open_at(other.path()).ok());
  EXPECT_NE(one->entries({0, 0, 2}).value()->find(some_document), std::string::npos);
}

TEST_F(Shared, WhatWasPublishedStaysWhoeverHasADatabaseShell) {
  const auto one = open_at(folder.path());
  ledger->use(7, 300);
  ASSERT_TRUE(one->turn().ok());
  const auto shell = std::move(postgres::Connection::open(url, {})).value();
  for (const char* change :
       {"UPDATE mains_log.log SET size = size - 1", "DELETE FROM mains_log.log",
        "UPDATE mains_log.log SET origin = 'another'", "TRUNCATE mains_log.tiles",
        "UPDATE mains_log.tiles SET hashes = substr(hashes, 2) || hashes",
        "DELETE FROM mains_log.documents", "UPDATE mains_log.documents SET document = 'x'"}) {
    const auto refused = shell->ask(change);
    ASSERT_FALSE(refused.ok()) << change;
    EXPECT_EQ(refused.error(), postgres::Error::refused) << change;
  }
}

TEST_F(Shared, WhatAWitnessGaveOneServerAllTell) {
  const auto one = open_at(folder.path());
  const auto two = open_at(other.path());
  ASSERT_TRUE(one->turn().ok());
  ASSERT_TRUE(two->turn().value());
  const note::Note head = note::parse(one->checkpoint()).value();
  const std::string cosigned =
      one->checkpoint() + note::to_text(note::cosign(head.text, "witness.example/w",
                                                     signing::Key::of({1, 2, 3}), 1'795'521'601));
  sql("UPDATE mains_log.log SET witnessed = $$" + cosigned + "$$, witnessed_size = size");
  EXPECT_FALSE(two->turn().value()) << "no new checkpoint";
  EXPECT_EQ(two->witnessed(), cosigned);
  EXPECT_EQ(two->checkpoint(), cosigned);
  EXPECT_EQ(two->prove(0).value()->checkpoint, cosigned) << "customers may demand it";
  ledger->use(7, 1);
  a_second_passes();
  ASSERT_TRUE(one->turn().value());
  ASSERT_TRUE(two->turn().value());
  EXPECT_NE(two->checkpoint(), cosigned);
  EXPECT_EQ(two->prove(0).value()->checkpoint, cosigned);
  EXPECT_EQ(two->prove(1).value()->checkpoint, two->checkpoint());
}

TEST_F(Shared, ADatabaseThatWentAwayIsFoundAgain) {
  const auto one = open_at(folder.path());
  ASSERT_TRUE(one->turn().ok());
  sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()");
  ledger->use(7, 1);
  a_second_passes();
  EXPECT_TRUE(one->turn().value()) << "a session that ended is opened again";
}

}  // namespace
}  // namespace tlog::testing

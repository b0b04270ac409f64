// The process is killed at any moment. What it had told anybody is the beginning of what it signs
// afterwards, always.
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include <algorithm>

#include "world.hpp"

namespace tlog::testing {
namespace {

/// A server: settles, signs, and tells each checkpoint once it has it. Never returns.
[[noreturn]] void serve(const std::filesystem::path& folder, std::uint64_t seed, int out) {
  HandClock clock;
  Dice dice(seed);
  Ledger ledger(folder / "ledger.db", seed);
  auto log = Log::open(
      folder, {},
      {ledger.reader(), [&](const settle::Command& command) { return ledger.execute(command); },
       account_of, clock, dice});
  if (!log.ok()) _exit(1);
  ledger.credit(7, 1'000'000);
  for (;;) {
    ledger.use(7, 1 + static_cast<int>(dice.next() % 300));
    if (dice.next() % 16 == 0 && !log.value()->rotate_key().ok()) _exit(2);
    if (!log.value()->turn().ok()) _exit(3);
    const std::string told = log.value()->checkpoint();
    const auto size = static_cast<std::uint32_t>(told.size());
    if (::write(out, &size, sizeof size) != sizeof size) _exit(0);
    if (::write(out, told.data(), size) != static_cast<ssize_t>(size)) _exit(0);
  }
}

bool read_all(int in, void* data, std::size_t size) {
  auto* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t got = ::read(in, at, size);
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

/// What a server told until it was killed, which is some time after `enough` checkpoints.
std::vector<note::Checkpoint> live(const std::filesystem::path& folder, std::uint64_t seed,
                                   std::size_t enough, std::uint64_t more_us) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t server = ::fork();
  if (server == 0) {
    ::close(ends[0]);
    serve(folder, seed, ends[1]);
  }
  ::close(ends[1]);
  std::vector<note::Checkpoint> told;
  std::uint32_t size = 0;
  while (read_all(ends[0], &size, sizeof size)) {
    std::string text(size, '\0');
    if (!read_all(ends[0], text.data(), size)) break;
    told.push_back(note::parse_checkpoint(note::parse(text).value().text).value());
    if (told.size() == enough) {
      ::usleep(static_cast<useconds_t>(more_us));  // into the middle of the next
      ::kill(server, SIGKILL);
    }
  }
  int status = 0;
  ::waitpid(server, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the server gave up: " << WEXITSTATUS(status);
  ::close(ends[0]);
  return told;
}

TEST_F(World, WhatWasToldBeforeAKillIsTheBeginningOfAllThatComes) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Dice chance(seed);
  note::Checkpoint last;
  for (std::uint64_t life = 1; life <= 10; ++life) {
    const auto told =
        live(folder.path(), seed + life, 1 + chance.next() % 4, chance.next() % 20'000);
    ASSERT_FALSE(told.empty());
    ledger = std::make_unique<Ledger>(folder.path() / "ledger.db", 1'000 + life);
    open();
    for (const note::Checkpoint& checkpoint : told) {
      if (last.size > 0) expect_extends(last, checkpoint);
      last = checkpoint;
    }
    ASSERT_TRUE(log->turn().ok());
    expect_extends(last, checkpoint());
    last = checkpoint();
    log.reset();
  }
  open();
  receipt::Frontier frontier;
  auto tree = log->tree();
  for (std::uint64_t index = 0; index * 256 < tree->size; ++index) {
    const receipt::Tile tile = *receipt::tile_at(0, index, tree->size);
    const auto hashes = tree->tiles->read(tile).value();
    std::for_each(hashes.begin(), hashes.end(), [&](const auto& hash) { frontier.append(hash); });
  }
  EXPECT_EQ(frontier.root(), last.root) << "and it is the root of all entries";
}

// log.db does not take the checkpoint: nothing is told, and the next turn goes on.
TEST_F(World, ACheckpointThatCannotBeKeptIsNotTold) {
  ledger->credit(7, 10'000);
  open();
  ASSERT_TRUE(log->turn().ok());
  const std::string told = log->checkpoint();
  const note::Checkpoint before = checkpoint();
  ledger->use(7, 300);
  {
    // Somebody else holds the file; the archive waits for a while and gives up.
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open((folder.path() / "log.db").c_str(), &db), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(db, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    EXPECT_EQ(log->turn().error(), Error::unavailable);
    EXPECT_EQ(log->checkpoint(), told);
    EXPECT_FALSE(log->tile({0, 1, 1}).value().has_value()) << "nor are its tiles served";
    sqlite3_close(db);
  }
  ASSERT_TRUE(log->turn().value());
  expect_extends(before, checkpoint());
}

// Another process signed meanwhile (there must be none, and a lock on the folder sees to that).
TEST_F(World, WhatSomebodyElseSignedIsTakenUpAndNotSignedOver) {
  ledger->credit(7, 10'000);
  open();
  ASSERT_TRUE(log->turn().ok());
  auto other = std::move(try_open()).value();
  ledger->use(7, 5);
  ASSERT_TRUE(other->turn().value());
  ledger->use(7, 5);
  ASSERT_TRUE(log->turn().value());
  EXPECT_EQ(log->size(), 6U) << "what the other signed";
  ASSERT_TRUE(log->turn().value());
  EXPECT_EQ(log->size(), 11U);
}

}  // namespace
}  // namespace tlog::testing

// What is signed, kept and served.
#include <sqlite3.h>

#include "world.hpp"

namespace tlog::testing {
namespace {

using receipt::Tile;

constexpr const char* some_document = R"({"format":"mains.test","why":"a document of this log"})";

TEST_F(World, TheFirstTurnSignsTheDaysLiabilitiesAndWhatIsThere) {
  ledger->credit(7, 1'000);
  ledger->use(7, 3);
  open();
  EXPECT_EQ(log->checkpoint(), "") << "nothing is told before it is signed";
  EXPECT_EQ(log->size(), 0U);
  EXPECT_TRUE(log->turn().value());
  EXPECT_EQ(checkpoint().size, 4U);
  EXPECT_EQ(checkpoint().origin, log->origin());
  EXPECT_FALSE(log->turn().value()) << "nothing is new, so nothing is signed";
}

TEST_F(World, TheRootIsThatOfTheEntries) {
  ledger->credit(7, 10'000);
  ledger->use(7, 300);
  open();
  ASSERT_TRUE(log->turn().value());
  receipt::Frontier frontier;
  for (const Tile& tile : {Tile{0, 0, 256}, Tile{0, 1, 45}}) {
    const std::string bundle = log->entries(tile).value().value();
    for (std::size_t at = 0; at < bundle.size();) {
      const std::size_t size = static_cast<unsigned char>(bundle[at]) * 256U +
                               static_cast<unsigned char>(bundle[at + 1]);
      const std::string entry = bundle.substr(at + 2, size);
      EXPECT_TRUE(size == 32 || (size > 32 && entry.front() == '{')) << "or a document";
      frontier.append(
          receipt::leaf_hash({reinterpret_cast<const std::uint8_t*>(entry.data()), entry.size()}));
      at += 2 + size;
    }
  }
  EXPECT_EQ(frontier.size(), 301U);
  EXPECT_EQ(frontier.root(), checkpoint().root);
}

TEST_F(World, TilesAreServedForThePublishedSizeAndNoOther) {
  ledger->credit(7, 1'000'000);
  for (int i = 0; i < 70; ++i)
    ledger->use(7, 1'000);
  open();
  while (log->turn().value()) {
  }
  ASSERT_EQ(checkpoint().size, 70'001U);
  const auto served = [this](const Tile& tile) { return log->tile(tile).value().has_value(); };
  EXPECT_TRUE(served({0, 272, 256}) && served({0, 273, 113}) && served({1, 0, 256}));
  EXPECT_TRUE(served({1, 1, 17}) && served({2, 0, 1}));
  EXPECT_FALSE(served({0, 273, 114}) || served({0, 274, 1}) || served({1, 1, 18}));
  EXPECT_FALSE(served({2, 0, 2}) || served({3, 0, 1}));
  EXPECT_EQ(log->tile({0, 0, 256}).value()->size(), 8'192U);
  EXPECT_EQ(log->tile({2, 0, 1}).value()->size(), 32U);
  EXPECT_FALSE(log->entries({1, 0, 1}).value().has_value()) << "entries lie below level 0 only";
  EXPECT_FALSE(log->entries({0, 273, 114}).value().has_value());
  // The tiles of the tree give the root that was signed.
  auto tree = log->tree();
  EXPECT_EQ(receipt::ProofBuilder(*tree->tiles, tree->size).root().value(), checkpoint().root);
}

TEST_F(World, EveryCheckpointExtendsTheOneBeforeAlsoAfterRestarts) {
  ledger->credit(7, 1'000'000);
  open();
  ASSERT_TRUE(log->turn().ok());
  note::Checkpoint last = checkpoint();
  const auto key = log->keys();
  for (const int more : {1, 254, 1, 1, 255, 256, 257, 5'000, 1, 3}) {
    ledger->use(7, more);
    if (more % 2 == 1) open();
    ASSERT_TRUE(log->turn().value());
    const note::Checkpoint next = checkpoint();
    EXPECT_EQ(next.size, last.size + static_cast<std::uint64_t>(more));
    expect_extends(last, next);
    last = next;
  }
  EXPECT_EQ(log->keys(), key);
}

TEST_F(World, AProofShowsThatAReceiptIsInTheLog) {
  ledger->credit(7, 10'000);
  open();
  ledger->use(7, 5);
  EXPECT_FALSE(log->prove(3).value().has_value()) << "not yet signed";
  ASSERT_TRUE(log->turn().ok());
  const auto receipts = ledger->reader().receipts({7}, {0}, {2}, {}, 9).value();
  ASSERT_EQ(receipts.size(), 5U);
  for (const ledger::Receipt& receipt : receipts) {
    const auto inclusion = log->prove(receipt.leaf).value().value();
    const note::Checkpoint head = read(inclusion.checkpoint, log->keys()[0]);
    const auto entry = receipt::to_bytes(receipt::marks_of(receipt).commitment);
    EXPECT_TRUE(receipt::includes(head.root, head.size, receipt.leaf, receipt::leaf_hash(entry),
                                  inclusion.proof));
  }
}

TEST_F(World, ALedgerThatWasSetBackIsNotSigned) {
  ledger->credit(7, 10'000);
  open();
  ledger->use(7, 255);
  ASSERT_TRUE(log->turn().ok());
  ASSERT_EQ(log->size(), 256U);
  // Shorter, of the same size, longer: as after restoring a backup and going on from there.
  for (const int entries : {100, 256, 300, 513}) {
    log.reset();
    ledger = std::make_unique<Ledger>(2);
    ledger->credit(7, 10'000);
    ledger->use(7, entries);
    const auto opened = try_open();
    ASSERT_FALSE(opened.ok()) << entries;
    EXPECT_EQ(opened.error(), Error::ledger_differs) << entries;
  }
}

TEST_F(World, ALedgerThatIsEditedUnderTheLogIsNotSignedAnyMore) {
  const auto file = folder.path() / "ledger.db";
  ledger = std::make_unique<Ledger>(file);
  ledger->credit(7, 10'000);
  open();
  ledger->use(7, 10);
  ASSERT_TRUE(log->turn().ok());
  const std::string told = log->checkpoint();
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db,
                         "DROP TRIGGER leaves_no_UPDATE;"
                         "UPDATE leaves SET value = randomblob(32) WHERE id = 5",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(db);
  ledger->use(7, 10);
  for (int turn = 0; turn < 3; ++turn) {
    const auto refused = log->turn();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error(), Error::ledger_differs);
  }
  EXPECT_EQ(log->checkpoint(), told);
  EXPECT_FALSE(log->state().healthy);
  log.reset();
  EXPECT_EQ(try_open().error(), Error::ledger_differs) << "nor after a restart";
}

TEST_F(World, TheOriginIsTheLogsNameForGood) {
  open({"mains.example.com/log", {}});
  EXPECT_EQ(log->origin(), "mains.example.com/log");
  open();
  EXPECT_EQ(log->origin(), "mains.example.com/log") << "it is remembered";
  open({"better.example.com/log", {}});
  EXPECT_EQ(log->origin(), "better.example.com/log") << "nothing was signed under the first";
  ASSERT_TRUE(log->turn().ok());
  log.reset();
  EXPECT_EQ(try_open({"other.example.com/log", {}}).error(), Error::other_origin);
}

TEST_F(World, AnOriginIsMadeOfTheKeyWhereNoneIsGiven) {
  open();
  EXPECT_TRUE(log->origin().starts_with("mains-") && log->origin().ends_with("/log"));
  EXPECT_EQ(log->origin().size(), 18U);
}

TEST_F(World, AnOriginThatNoNoteCanHaveIsRefused) {
  EXPECT_EQ(try_open({"with spaces", {}}).error(), Error::bad_origin);
}

TEST_F(World, AKeyThatIsLostIsNotReplacedInSilence) {
  open();
  ASSERT_TRUE(log->turn().ok());
  log.reset();
  std::filesystem::rename(folder.path() / "log.key", folder.path() / "aside");
  EXPECT_EQ(try_open().error(), Error::key_missing);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "log.key"));
  std::filesystem::rename(folder.path() / "aside", folder.path() / "log.key");
  std::filesystem::permissions(folder.path() / "log.key", std::filesystem::perms::all);
  EXPECT_EQ(try_open().error(), Error::bad_key_file) << "others may read it";
}

TEST_F(World, AnotherKeyDoesNotGoOnWithTheLog) {
  open();
  ASSERT_TRUE(log->turn().ok());
  log.reset();
  std::filesystem::remove(folder.path() / "log.key");
  ASSERT_TRUE(signing::Key::load_or_create(folder.path() / "log.key", dice).ok());
  EXPECT_EQ(try_open().error(), Error::key_missing);
}

TEST_F(World, ADocumentIsPublishedOnceAndServedAsItIs) {
  open();
  const std::uint64_t leaf = log->publish(some_document).value();
  EXPECT_EQ(log->publish(some_document).value(), leaf);
  ASSERT_TRUE(log->turn().ok());
  const std::string bundle = log->entries({0, 0, 1}).value().value();
  EXPECT_EQ(bundle.substr(2), some_document);
  EXPECT_EQ(log->leaf_of(some_document).value(), std::optional{leaf});
  EXPECT_FALSE(log->leaf_of(std::string(some_document) + " ").value().has_value());
}

TEST_F(World, ADocumentOfAnotherServerIsAHashHere) {
  const Folder elsewhere;
  open();
  auto other =
      Log::open(elsewhere.path(), {},
                {ledger->reader(),
                 [this](const settle::Command& command) { return ledger->execute(command); },
                 account_of, clock, dice});
  ASSERT_TRUE(other.ok() && other.value()->publish(some_document).ok());
  ASSERT_TRUE(log->turn().value());
  ASSERT_TRUE(other.value()->turn().value());
  EXPECT_NE(log->origin(), other.value()->origin());
  EXPECT_EQ(log->entries({0, 0, 2}).error(), Error::elsewhere);
  ASSERT_TRUE(log->publish(some_document).ok()) << "now it is here as well, in its old place";
  EXPECT_TRUE(log->entries({0, 0, 2}).value().has_value());
  EXPECT_EQ(log->size(), 2U);
}

TEST_F(World, WhatCouldBeTakenForACommitmentOrIsTooLongIsNoDocument) {
  open();
  for (const std::string& document :
       {std::string{}, std::string("{}"), "{" + std::string(30, 'a') + "}",
        "[" + std::string(50, '1') + "]", "{" + std::string(65'534, 'a') + "}"}) {
    EXPECT_EQ(log->publish(document).error(), Error::bad_document) << document.size();
  }
}

TEST_F(World, ADocumentThatTheLedgerDoesNotTakeIsPublishedLater) {
  open();
  ledger->refuse_all = true;
  EXPECT_EQ(log->publish(some_document).error(), Error::ledger_unavailable);
  EXPECT_FALSE(log->turn().ok()) << "nor the day's liabilities";
  EXPECT_FALSE(log->state().healthy);
  ledger->refuse_all = false;
  ASSERT_TRUE(log->turn().value());
  EXPECT_TRUE(log->state().healthy);
  EXPECT_EQ(checkpoint().size, 1U) << "the day once, although it was tried twice";
  EXPECT_EQ(log->publish(some_document).value(), 1U);
}

}  // namespace
}  // namespace tlog::testing

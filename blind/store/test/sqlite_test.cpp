// What only a store on a disk can do, and what can happen to it there.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <utility>

#include <ledger/check.hpp>
#include <ledger/rules.hpp>

#include "fault_vfs.hpp"
#include "rows.hpp"
#include "stores.hpp"

namespace store::testing {
namespace {

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

class Sqlite : public ::testing::Test {
 protected:
  std::unique_ptr<ledger::Journal> open(const SqliteOptions& options = {}) {
    auto journal = open_sqlite_journal(file_, options);
    EXPECT_TRUE(journal.ok());
    return std::move(journal).value();
  }
  std::int64_t balance() {
    auto reader = open_sqlite_reader(file_);
    return reader ? (*reader)->balance(tenant).value().available.value : -1;
  }
  /// As a hand with a database shell would.
  int shell(const char* sql) {
    sqlite3* db = nullptr;
    sqlite3_open(file_.c_str(), &db);
    const int code = sqlite3_exec(db, sql, nullptr, nullptr, nullptr);
    sqlite3_close(db);
    return code;
  }

  Folder folder_;
  const std::filesystem::path file_ = folder_ / "ledger.db";
};

TEST_F(Sqlite, WhatIsCommittedIsThereAfterwards) {
  ASSERT_TRUE(credit(*open(), 1, 100).ok());
  ASSERT_TRUE(credit(*open(), 2, 50).ok());
  EXPECT_EQ(balance(), 150);
}

TEST_F(Sqlite, HistoryIsInsertOnlyForEveryHand) {
  auto journal = open();
  ASSERT_TRUE(credit(*journal, 1, 100).ok());
  auto txn = std::move(journal->begin()).value();
  ASSERT_TRUE(txn->insert(receipt_row(1, tenant, 1, {1})).ok());
  ASSERT_TRUE(txn->insert(receipt_row(2, tenant, 2, {1})).ok());
  ASSERT_TRUE(txn->prune(tenant, {.sequence = 1}).ok());
  ASSERT_TRUE(txn->insert(ledger::VoidRow{{4, 4}, tenant, {1}}).ok());
  ASSERT_TRUE(txn->insert(leaf_row(0, ledger::LeafKind::receipt)).ok());
  ASSERT_TRUE(txn->commit().ok());
  for (const char* sql :
       {"DELETE FROM leaves", "DELETE FROM pruned", "UPDATE pruned SET sequence = 1",
        "UPDATE postings SET amount = 1", "DELETE FROM postings", "UPDATE receipts SET charge = 0",
        "DELETE FROM receipts", "DELETE FROM voids", "UPDATE artefacts SET weights = x'00'",
        "INSERT OR REPLACE INTO postings SELECT id, request, from_kind, from_tenant, to_kind, "
        "to_tenant, amount + 1, time, kind FROM postings",
        "UPDATE tenants SET available = -1"}) {
    EXPECT_EQ(shell((std::string("PRAGMA recursive_triggers = ON; ") + sql).c_str()),
              SQLITE_CONSTRAINT)
        << sql;
  }
}

TEST_F(Sqlite, AReaderNeedsAFileAndAJournalMakesIt) {
  EXPECT_EQ(open_sqlite_reader(file_).error(), StoreError::gone);
  open();
  EXPECT_TRUE(open_sqlite_reader(file_).ok());
  EXPECT_EQ(open_sqlite_journal(folder_ / "no/such/folder.db").error(), StoreError::gone);
}

TEST_F(Sqlite, AnotherFileIsNotTakenForBooks) {
  std::ofstream(file_) << std::string(8'192, 'x');
  EXPECT_EQ(open_sqlite_journal(file_).error(), StoreError::corrupt);
  EXPECT_EQ(open_sqlite_reader(file_).error(), StoreError::corrupt);
  std::filesystem::remove(file_);
  ASSERT_EQ(shell("CREATE TABLE cats (name)"), SQLITE_OK);
  EXPECT_EQ(open_sqlite_journal(file_).error(), StoreError::corrupt);
  EXPECT_EQ(open_sqlite_reader(file_).error(), StoreError::older_schema);
}

TEST_F(Sqlite, BooksOfVersion1AreBroughtUpToDate) {
  std::ifstream script("test/version1.sql");
  const std::string sql(std::istreambuf_iterator<char>(script), {});
  ASSERT_EQ(shell(sql.c_str()), SQLITE_OK);
  EXPECT_EQ(open_sqlite_reader(file_).error(), StoreError::older_schema);
  auto journal = open();
  journal = open();  // once only
  auto reader = std::move(open_sqlite_reader(file_)).value();
  auto snapshot = std::move(reader->snapshot()).value();
  EXPECT_EQ(ledger::check(*snapshot).value().finding_count, 0U);
  const auto receipt = reader->receipt({0, 3}).value().value();
  EXPECT_EQ(receipt.weights.words[0], 0x1111111111111111U);
  EXPECT_EQ(receipt.balance_after.value, 840);
  EXPECT_FALSE(receipt.account.valid()) << "it stands in no log";
  {
    auto txn = std::move(journal->begin()).value();
    EXPECT_EQ(txn->tenant(tenant).value(), (ledger::TenantRow{{840}, {110}, 1, {}, {1'000}}))
        << "its chain begins anew";
    EXPECT_EQ(txn->open_holds({1}, {}, 9).value().size(), 1U) << "recovery ends it";
    ASSERT_TRUE(txn->insert(receipt_row(9, tenant, 2, {1})).ok());
    ASSERT_TRUE(txn->insert(leaf_row(0, ledger::LeafKind::receipt)).ok());
    ASSERT_TRUE(txn->commit().ok());
  }
  EXPECT_EQ(shell("SELECT 1 FROM pruned"), SQLITE_OK);
  for (const char* history : {"artefacts", "leaves", "receipts"}) {
    EXPECT_EQ(shell((std::string("DELETE FROM ") + history).c_str()), SQLITE_CONSTRAINT) << history;
  }
}

TEST_F(Sqlite, BooksOfVersion2LearnToForget) {
  {
    auto journal = open();
    auto txn = std::move(journal->begin()).value();
    ASSERT_TRUE(txn->insert(receipt_row(1, tenant, 1, {1})).ok());
    ASSERT_TRUE(txn->commit().ok());
  }
  ASSERT_EQ(shell("DROP TABLE pruned; DROP TRIGGER receipts_no_DELETE;"
                  "CREATE TRIGGER receipts_no_DELETE BEFORE DELETE ON receipts "
                  "BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;"
                  "PRAGMA user_version = 2"),
            SQLITE_OK);
  EXPECT_EQ(open_sqlite_reader(file_).error(), StoreError::older_schema);
  auto journal = open();
  EXPECT_EQ(shell("DELETE FROM receipts"), SQLITE_CONSTRAINT);
  auto txn = std::move(journal->begin()).value();
  ASSERT_TRUE(txn->prune(tenant, {.sequence = 1}).ok());
  ASSERT_TRUE(txn->commit().ok());
  auto reader = std::move(open_sqlite_reader(file_)).value();
  EXPECT_TRUE(reader->receipts_after(tenant, 0, 9).value().empty());
}

TEST_F(Sqlite, WhatGoesIsNotInTheFileAnyMore) {
  const auto bytes = [this] {
    std::string all;
    for (const char* suffix : {"", "-wal"}) {
      std::ifstream file(file_.string() + suffix, std::ios::binary);
      all.append(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  };
  const ledger::Receipt receipt = receipt_row(0xabcdef, tenant, 1, {1});
  const std::string id("\x00\x00\x00\x00\x00\xab\xcd\xef\xff\xff\xff\xff\xff\x54\x32\x10", 16);
  auto journal = open();
  for (std::uint64_t i = 0; i < 200; ++i) {
    auto txn = std::move(journal->begin()).value();
    ASSERT_TRUE(txn->insert(i == 0 ? receipt : receipt_row(i, tenant, i + 1, {1})).ok());
    ASSERT_TRUE(txn->commit().ok());
  }
  EXPECT_NE(bytes().find(id), std::string::npos);
  auto txn = std::move(journal->begin()).value();
  ASSERT_TRUE(txn->prune(tenant, {.sequence = 150}).ok());
  ASSERT_TRUE(txn->commit().ok());
  txn.reset();
  ASSERT_EQ(shell("PRAGMA wal_checkpoint(TRUNCATE)"), SQLITE_OK);
  EXPECT_EQ(bytes().find(id), std::string::npos);
}

TEST_F(Sqlite, BooksOfANewerVersionAreLeftAlone) {
  open();
  ASSERT_EQ(shell("PRAGMA user_version = 1000"), SQLITE_OK);
  EXPECT_EQ(open_sqlite_journal(file_).error(), StoreError::newer_schema);
  EXPECT_EQ(open_sqlite_reader(file_).error(), StoreError::newer_schema);
}

TEST_F(Sqlite, AFileThatIsTakenAwayIsNoticedAndTakenUpAgain) {
  auto journal = open();
  auto reader = std::move(open_sqlite_reader(file_)).value();
  ASSERT_TRUE(credit(*journal, 1, 100).ok());
  const auto aside = folder_ / "aside.db";
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::rename(file_.string() + suffix, aside.string() + suffix);
  }
  EXPECT_EQ(credit(*journal, 2, 50).error(), StoreError::gone);
  EXPECT_EQ(reader->balance(tenant).error(), StoreError::gone);
  EXPECT_FALSE(std::filesystem::exists(file_)) << "nothing is made in its place";
  for (const char* suffix : {"", "-wal", "-shm"}) {
    if (std::filesystem::exists(aside.string() + suffix)) {
      std::filesystem::rename(aside.string() + suffix, file_.string() + suffix);
    }
  }
  EXPECT_TRUE(credit(*journal, 2, 50).ok());
  EXPECT_EQ(reader->balance(tenant).value().available.value, 150);
}

TEST_F(Sqlite, AFileThatWasEmptiedIsNotFilledAnew) {
  auto journal = open();
  ASSERT_TRUE(credit(*journal, 1, 100).ok());
  journal.reset();
  journal = open();
  for (const char* suffix : {"-wal", "-shm"})
    std::filesystem::remove(file_.string() + suffix);
  std::filesystem::remove(file_);
  std::ofstream{file_};
  EXPECT_EQ(credit(*journal, 2, 50).error(), StoreError::corrupt);
}

TEST_F(Sqlite, TwoWritersWaitForEachOther) {
  SqliteOptions impatient;
  impatient.busy_wait_ms = 0;
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

TEST_F(Sqlite, AFullFileIsAnErrorAndNothingIsLost) {
  SqliteOptions small;
  small.pages_max = 40;
  auto journal = open(small);
  std::uint64_t request = 0;
  Stored<base::Done> last = base::Done{};
  do {
    last = credit(*journal, ++request, 1);
  } while (last && request < 100'000);
  ASSERT_EQ(last.error(), StoreError::full);
  EXPECT_EQ(balance(), static_cast<std::int64_t>(request - 1));
  journal = open();  // there is room again
  EXPECT_TRUE(credit(*journal, request, 1).ok());
  EXPECT_EQ(balance(), static_cast<std::int64_t>(request));
}

/// The administrator may write anywhere, so the test becomes somebody else for a while.
class Somebody {
 public:
  Somebody() : was_(::geteuid()) {
    if (was_ == 0) is_other_ = ::seteuid(65'534) == 0;
  }
  Somebody(const Somebody&) = delete;
  Somebody& operator=(const Somebody&) = delete;
  ~Somebody() { EXPECT_EQ(is_other_ ? ::seteuid(was_) : 0, 0); }

 private:
  uid_t was_;
  bool is_other_ = false;
};

TEST_F(Sqlite, AFolderThatMayNotBeWritten) {
  const std::filesystem::path inner = folder_ / "inner";
  std::filesystem::create_directories(inner);
  const auto read_only = std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec |
                         std::filesystem::perms::others_read | std::filesystem::perms::others_exec;
  const auto errors = [&] {
    std::filesystem::permissions(inner, read_only);
    const Somebody somebody;
    auto journal = open_sqlite_journal(inner / "ledger.db");
    return journal ? std::optional<StoreError>{} : std::optional{journal.error()};
  };
  EXPECT_EQ(errors(), StoreError::read_only) << "where there is no file yet";
  std::filesystem::permissions(inner, std::filesystem::perms::owner_all);
  ASSERT_TRUE(open_sqlite_journal(inner / "ledger.db").ok());
  EXPECT_EQ(errors(), StoreError::read_only) << "nor the file";
  std::filesystem::permissions(inner / "ledger.db", std::filesystem::perms::all);
  EXPECT_EQ(errors(), StoreError::read_only) << "only the folder";
  std::filesystem::permissions(inner, std::filesystem::perms::owner_all);
}

/// Every write, sync and truncation of a file fails once, and stays failing until it is healed.
class EveryWrite : public Sqlite, public ::testing::WithParamInterface<int> {};

TEST_P(EveryWrite, MayFailAndTheBooksStayRight) {
  FaultVfs& vfs = FaultVfs::instance();
  vfs.heal();
  SqliteOptions options;
  options.vfs = FaultVfs::name;
  auto journal = open(options);
  auto reader = std::move(open_sqlite_reader(file_, options)).value();
  std::int64_t expected = 0;
  std::uint64_t request = 0;
  std::uint64_t failures = 0;
  for (std::uint64_t nth = 1; nth < 60; ++nth) {
    vfs.fail_from(nth, GetParam());
    while (!vfs.has_failed()) {
      ++request;
      auto done = credit(*journal, request, 1);
      if (!done) {
        failures += 1;
        EXPECT_EQ(done.error(), GetParam() == SQLITE_FULL ? StoreError::full : StoreError::io);
        EXPECT_FALSE(credit(*journal, request + 1'000'000, 1).ok()) << "it is still broken";
      }
      expected += done.ok() ? 1 : 0;
    }
    vfs.heal();
    // What was reported as done is there. What was reported as failed may be there all the same.
    const std::int64_t found = reader->balance(tenant).value().available.value;
    ASSERT_TRUE(found == expected || found == expected + 1) << "change " << nth;
    expected = found;
    ASSERT_TRUE(credit(*journal, ++request, 1).ok()) << "healed, and works without a restart";
    expected += 1;
    auto snapshot = std::move(reader->snapshot()).value();
    ASSERT_EQ(ledger::check(*snapshot).value().finding_count, 0U) << "change " << nth;
  }
  EXPECT_GT(failures, 20U);
}

INSTANTIATE_TEST_SUITE_P(Faults, EveryWrite,
                         ::testing::Values(SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_FULL));

}  // namespace
}  // namespace store::testing

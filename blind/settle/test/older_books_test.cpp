// Books of before there was a log go on in one.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "house.hpp"

namespace settle::testing {
namespace {

TEST(OlderBooks, GoOnWithALog) {
  const auto folder =
      std::filesystem::path(::testing::TempDir()) / ("older." + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ifstream script(MAINS_ROOM_DIR "/../store/test/version1.sql");
  const std::string sql(std::istreambuf_iterator<char>(script), {});
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "ledger.db").c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  {
    auto journal = std::move(store::open_sqlite_journal(folder / "ledger.db")).value();
    auto reader = std::move(store::open_sqlite_reader(folder / "ledger.db")).value();
    Books books(*journal);
    EXPECT_EQ(books.recover({start}).value(), 1U);
    EXPECT_EQ(testing::tell(books, {hold(12), settle(12, 20)}),
              (Words{"held output=50 amount=110", "settled charge=50 balance=900 sequence=2"}));
    const auto receipt = reader->receipt({1, 12}).value().value();
    EXPECT_EQ(receipt.credited.value, 1'000);
    EXPECT_EQ(receipt.leaf, 0U);
    EXPECT_FALSE(receipt.previous.valid());
    EXPECT_EQ(testing::tell(books, {hold(13), settle(13, 20)}).back(),
              "settled charge=50 balance=850 sequence=3");
    auto snapshot = std::move(reader->snapshot()).value();
    EXPECT_EQ(audit(*snapshot).value().finding_count, 0U);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace settle::testing

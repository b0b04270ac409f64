// Killed at any moment the parts of the books open again; of different moments they do not.
#include <stdlib.h>

#include <filesystem>
#include <random>

#include <gtest/gtest.h>
#include <store/mark.hpp>
#include <vault/vault.hpp>

namespace vault {
namespace {

namespace fs = std::filesystem;

class HandClock final : public base::Clock {
 public:
  [[nodiscard]] base::UnixNs now() const override { return {1'800'000'000'000'000'000}; }
  [[nodiscard]] base::SpanNs since_start() const override { return {1}; }
};
class Dice final : public base::Random {
 public:
  [[nodiscard]] std::uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_{7};
};

class Parts : public ::testing::Test {
 protected:
  Parts() {
    std::string name = (fs::temp_directory_path() / "mains-vault-XXXXXX").string();
    dir = ::mkdtemp(name.data());
  }
  ~Parts() override { fs::remove_all(dir); }

  base::Result<Vault, std::string> open(Use use = Use::make) {
    return vault::open(dir, "", clock, random, use);
  }
  /// Parts after a crash: the registry counted, and the others were not told.
  void count_without_telling(std::uint64_t steps, bool founded = true) {
    auto registry = registry::Registry::open(dir, clock, random);
    ASSERT_TRUE(registry.ok());
    ASSERT_TRUE((*registry)
                    ->books([&](registry::BooksState& state) {
                      state.epoch += steps;
                      state.founded = founded;
                      return true;
                    })
                    .ok());
  }
  [[nodiscard]] store::Mark mark_of(const char* file) const {
    return store::read_mark({(dir / file).string(), ""}).value().value_or(store::Mark{});
  }

  fs::path dir;
  HandClock clock;
  Dice random;
};

TEST_F(Parts, NewBooksCarryOneIdAndEachStartCountsOn) {
  const auto first = open();
  ASSERT_TRUE(first.ok()) << first.error();
  EXPECT_TRUE(first->made);
  EXPECT_FALSE(first->id.empty());
  const auto epoch = first->state.epoch;
  EXPECT_EQ(mark_of(ledger_file), mark_of(log_file));
  EXPECT_EQ(mark_of(ledger_file).epoch, epoch);
  const auto second = open();
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(second->made);
  EXPECT_EQ(second->id, first->id);
  EXPECT_EQ(second->state.epoch, epoch + 2);
  EXPECT_EQ(open(Use::read)->state.epoch, epoch + 2) << "looking counts nothing";
}

TEST_F(Parts, ACrashBetweenTwoPartsIsNoDifference) {
  ASSERT_TRUE(open().ok());
  for (int i = 0; i < 5; ++i) {
    count_without_telling(1);  // killed before the first was told
    const auto opened = open();
    ASSERT_TRUE(opened.ok()) << opened.error();
    count_without_telling(1);  // killed between the two
    const store::Mark ahead{mark_of(ledger_file).books, mark_of(ledger_file).epoch + 1};
    ASSERT_TRUE(
        store::write_mark({(dir / (i % 2 == 0 ? ledger_file : log_file)).string(), ""}, ahead)
            .ok());
    ASSERT_TRUE(open(Use::read).ok());
    ASSERT_TRUE(open().ok());
  }
}

TEST_F(Parts, BooksThatWereNotFoundedYetAreFinished) {
  { ASSERT_TRUE(registry::Registry::open(dir, clock, random).ok()); }  // killed after its tables
  ASSERT_TRUE(open().ok());
  count_without_telling(0, false);  // killed before the last step
  ASSERT_TRUE(open().ok());
  ASSERT_TRUE(open().ok());
}

TEST_F(Parts, APartThatIsBehindByMoreIsRefusedByName) {
  ASSERT_TRUE(open().ok());
  count_without_telling(2);
  const auto behind = open();
  ASSERT_FALSE(behind.ok());
  EXPECT_NE(behind.error().find("ledger.db is older"), std::string::npos) << behind.error();
  EXPECT_FALSE(open(Use::read).ok());
}

TEST_F(Parts, ARegistryThatIsBehindIsRefusedByName) {
  ASSERT_TRUE(open().ok());
  const store::Mark mark = mark_of(log_file);
  ASSERT_TRUE(
      store::write_mark({(dir / log_file).string(), ""}, {mark.books, mark.epoch + 1}).ok());
  const auto behind = open();
  ASSERT_FALSE(behind.ok());
  EXPECT_NE(behind.error().find("registry.db is older"), std::string::npos) << behind.error();
}

TEST_F(Parts, AMarkOfOtherBooksStays) {
  ASSERT_TRUE(open().ok());
  const store::MarkPlace ledger{(dir / ledger_file).string(), ""};
  EXPECT_EQ(store::write_mark(ledger, {{1, 2}, 99}).error(), ledger::StoreError::corrupt);
  const store::Mark mark = mark_of(ledger_file);
  ASSERT_TRUE(store::write_mark(ledger, {mark.books, 0}).ok());
  EXPECT_EQ(mark_of(ledger_file), mark) << "it only grows";
}

TEST_F(Parts, LookingMakesNothing) {
  EXPECT_FALSE(open(Use::read).ok());
  EXPECT_FALSE(open(Use::write).ok());
  EXPECT_TRUE(fs::is_empty(dir));
  EXPECT_FALSE(*there_are_books(dir, ""));
}

TEST_F(Parts, ChangesOfTheRegistryAreTold) {
  auto opened = open();
  ASSERT_TRUE(opened.ok());
  ASSERT_TRUE(opened->registry->create_tenant("a").ok());
  EXPECT_EQ(mark_of(ledger_file).epoch, opened->state.epoch + 1);
  EXPECT_EQ(mark_of(log_file).epoch, opened->state.epoch + 1);
  EXPECT_TRUE(opened->compare().ok());
}

}  // namespace
}  // namespace vault

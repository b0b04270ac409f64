// A new key takes over, whatever happens on the way.
#include <filesystem>

#include "world.hpp"

namespace tlog::testing {
namespace {

class Rotation : public World {
 protected:
  Rotation() { begin(); }
  void begin() {
    ledger->credit(7, 10'000);
    open();
    ledger->use(7, 3);
    ASSERT_TRUE(log->turn().ok());
    old_ = log->keys().at(0);
  }
  [[nodiscard]] std::filesystem::path file(const char* name) const { return folder.path() / name; }

  note::VerifierKey old_;
};

TEST_F(Rotation, BothKeysSignAndTheOldOneNamesTheNew) {
  const note::Checkpoint before = checkpoint();
  const PublishedDocument rotation = log->rotate_key().value();
  const auto keys = log->keys();
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_NE(keys[0], old_);
  EXPECT_EQ(keys[1], old_);
  EXPECT_EQ(keys[0].name, old_.name) << "the log is the same";
  const note::Checkpoint after = read(log->checkpoint(), keys[0]);
  EXPECT_EQ(read(log->checkpoint(), old_), after);
  expect_extends(before, after);
  EXPECT_NE(rotation.document.find("\"new_key\":\"" + note::to_text(keys[0]) + "\""),
            std::string::npos);
  EXPECT_NE(rotation.document.find("\"old_key\":\"" + note::to_text(old_) + "\""),
            std::string::npos);
  EXPECT_LT(rotation.leaf, after.size) << "under a checkpoint that the old key has signed";
}

TEST_F(Rotation, GoesOnAfterARestartAndEndsWhenTheOldKeyIsTakenAway) {
  ASSERT_TRUE(log->rotate_key().ok());
  const auto keys = log->keys();
  open();
  EXPECT_EQ(log->keys(), keys);
  EXPECT_EQ(std::filesystem::status(file("log.previous.key")).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  log.reset();
  std::filesystem::remove(file("log.previous.key"));
  open();
  EXPECT_EQ(log->keys(), std::vector{keys[0]});
  ledger->use(7, 1);
  ASSERT_TRUE(log->turn().ok());
  const auto note = note::parse(log->checkpoint()).value();
  EXPECT_EQ(note.signatures.size(), 1U);
}

TEST_F(Rotation, MayFollowAnotherAtOnce) {
  ASSERT_TRUE(log->rotate_key().ok());
  ASSERT_TRUE(log->rotate_key().ok());
  open();
  EXPECT_EQ(log->keys().size(), 2U);
  (void)checkpoint();
}

TEST_F(Rotation, ThatTheLedgerRefusesChangesNothing) {
  ledger->refuse_all = true;
  EXPECT_EQ(log->rotate_key().error(), Error::ledger_unavailable);
  EXPECT_EQ(log->keys(), std::vector{old_});
  open();
  EXPECT_EQ(log->keys(), std::vector{old_});
  ledger->refuse_all = false;
  EXPECT_TRUE(log->rotate_key().ok());
}

// The process may die between any two of its steps; here the files are left as each leaves them.
TEST_F(Rotation, IsFinishedWhereItWasBrokenOffBetweenItsRenames) {
  ASSERT_TRUE(log->rotate_key().ok());
  const auto keys = log->keys();
  log.reset();
  std::filesystem::rename(file("log.key"), file("log.next.key"));
  open();
  EXPECT_EQ(log->keys(), keys);
  EXPECT_FALSE(std::filesystem::exists(file("log.next.key")));
}

TEST_F(Rotation, IsAsIfItHadNotBegunWhereItWasBrokenOffBeforeItsRenames) {
  log.reset();
  const auto prepared = signing::Key::load_or_create(file("log.next.key"), dice).value();
  open();
  EXPECT_EQ(log->keys(), std::vector{old_});
  ASSERT_TRUE(log->rotate_key().ok());
  EXPECT_EQ(log->keys().at(0).key, prepared.public_key()) << "the key that was made is used";
}

}  // namespace
}  // namespace tlog::testing

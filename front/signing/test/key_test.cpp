#include <signing/key.hpp>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace signing {
namespace {

namespace fs = std::filesystem;

class Dice final : public base::Random {
 public:
  std::uint64_t next() override { return state_ = state_ * 6364136223846793005ULL + 1; }

 private:
  std::uint64_t state_ = 1;
};

class KeyFile : public testing::Test {
 protected:
  KeyFile() {
    std::string name = (fs::temp_directory_path() / "signing-XXXXXX").string();
    folder = ::mkdtemp(name.data());
  }
  ~KeyFile() override { fs::remove_all(folder); }
  [[nodiscard]] fs::path file() const { return folder / "log.key"; }

  fs::path folder;
  Dice dice;
};

// RFC 8032, section 7.1, tests 1 and 2.
TEST(Ed25519, SignsAsTheStandardDoes) {
  const Seed first{0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
                   0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
                   0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
  const Key key = Key::of(first);
  EXPECT_EQ(key.public_key(),
            (PublicKey{0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
                       0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
                       0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a}));
  const Signature signature = key.sign("");
  EXPECT_EQ(signature[0], 0xe5);
  EXPECT_EQ(signature[1], 0x56);
  EXPECT_EQ(signature[63], 0x0b);
  EXPECT_TRUE(verify(key.public_key(), "", signature));
  EXPECT_TRUE(verify(key.public_pem(), "", signature));
  EXPECT_EQ(to_pem(key.public_key()), key.public_pem());
}

TEST(Ed25519, NoBitOfASignatureCanBeFlipped) {
  const Key key = Key::of(Seed{7});
  const Signature signature = key.sign("message");
  for (std::size_t bit = 0; bit < 8 * signature.size(); ++bit) {
    Signature changed = signature;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_FALSE(verify(key.public_key(), "message", changed)) << bit;
  }
  EXPECT_FALSE(verify(key.public_key(), "massage", signature));
  EXPECT_FALSE(verify(Key::of(Seed{8}).public_key(), "message", signature));
  EXPECT_FALSE(verify(key.public_key(), "message", std::span(signature).first(63)));
  EXPECT_FALSE(verify("no key", "message", signature));
}

TEST_F(KeyFile, IsMadeOnceAndReadBack) {
  const auto made = Key::load_or_create(file(), dice);
  ASSERT_TRUE(made.ok());
  struct ::stat status {};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const auto read = Key::load_or_create(file(), dice);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read.value().public_key(), made.value().public_key());
}

TEST_F(KeyFile, ThatOthersMayReadIsRefused) {
  ASSERT_TRUE(Key::load_or_create(file(), dice).ok());
  ::chmod(file().c_str(), 0640);
  EXPECT_EQ(Key::load_or_create(file(), dice).error(), KeyError::bad_key_file);
}

TEST_F(KeyFile, ThatIsNoKeyIsRefusedAndKept) {
  std::ofstream(file()) << "something else\n";
  ::chmod(file().c_str(), 0600);
  EXPECT_EQ(Key::load_or_create(file(), dice).error(), KeyError::bad_key_file);
  std::string text;
  std::getline(std::ifstream(file()), text);
  EXPECT_EQ(text, "something else");
}

TEST_F(KeyFile, InAFolderThatIsNotThere) {
  EXPECT_EQ(Key::load_or_create(folder / "none" / "log.key", dice).error(), KeyError::unavailable);
}

}  // namespace
}  // namespace signing

#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/sha.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include <client/download.hpp>

#include "far_side.hpp"

namespace client::test {
namespace {

namespace fs = std::filesystem;

std::string sha256(const std::string& bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  std::string text;
  for (const unsigned char byte : digest) {
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 15U];
  }
  return text;
}

class DownloadTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "download-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    far_.start();
    wanted_.url = far_.url("/file");
    wanted_.file = folder_ / "model.gguf";
    wanted_.size_bytes = far_.file.size();
    wanted_.sha256 = sha256(far_.file);
    wanted_.backoff_first = std::chrono::milliseconds(1);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string content(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] bool nothing_is_left() const { return fs::is_empty(folder_); }
  [[nodiscard]] fs::path part() const { return folder_ / "model.gguf.part"; }
  Reason failure() { return download(wanted_).error().reason; }

  FarSide far_;
  fs::path folder_;
  Download wanted_;
};

TEST_F(DownloadTest, BringsAndVerifies) {
  std::uint64_t last = 0;
  wanted_.progress = [&](const Progress& progress) {
    EXPECT_GE(progress.done_bytes, last);
    EXPECT_EQ(progress.total_bytes, far_.file.size());
    last = progress.done_bytes;
  };
  const auto done = download(wanted_);
  ASSERT_TRUE(done.ok()) << done.error().text;
  EXPECT_EQ(done->sha256, wanted_.sha256);
  EXPECT_EQ(done->size_bytes, far_.file.size());
  EXPECT_FALSE(done->was_there);
  EXPECT_EQ(last, far_.file.size());
  EXPECT_EQ(content(wanted_.file), far_.file);
  EXPECT_FALSE(fs::exists(part()));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
  // A file that is there and right is not asked for again.
  EXPECT_TRUE(download(wanted_)->was_there);
  EXPECT_EQ(far_.requests, 1);
}

TEST_F(DownloadTest, GoesOnWhereTheConnectionBroke) {
  far_.faults = 5;
  const auto done = download(wanted_);
  ASSERT_TRUE(done.ok()) << done.error().text;
  EXPECT_EQ(content(wanted_.file), far_.file);
  EXPECT_EQ(far_.requests, 6);
  EXPECT_EQ(far_.ranges, 5);
}

TEST_F(DownloadTest, GivesUpAndGoesOnAtTheNextStart) {
  far_.faults = 1;
  wanted_.attempts_max = 1;
  EXPECT_EQ(failure(), Reason::broken);
  const auto so_far = fs::file_size(part());
  EXPECT_GT(so_far, 0U);
  const auto done = download(wanted_);
  ASSERT_TRUE(done.ok()) << done.error().text;
  EXPECT_EQ(done->resumed_bytes, so_far);
  EXPECT_EQ(content(wanted_.file), far_.file);
}

TEST_F(DownloadTest, StartsAnewWhenTheFileThereHasChanged) {
  far_.faults = 1;
  wanted_.attempts_max = 1;
  EXPECT_EQ(failure(), Reason::broken);
  far_.file = "another version " + far_.file;
  far_.etag = "\"v2\"";
  wanted_.size_bytes = far_.file.size();
  wanted_.sha256 = sha256(far_.file);
  const auto done = download(wanted_);
  ASSERT_TRUE(done.ok()) << done.error().text;
  EXPECT_EQ(done->resumed_bytes, 0U);
  EXPECT_EQ(content(wanted_.file), far_.file);
}

TEST_F(DownloadTest, StartsAnewWhereTheServerJoinsWhatIsNotOneFile) {
  far_.faults = 1;
  wanted_.attempts_max = 1;
  EXPECT_EQ(failure(), Reason::broken);
  far_.file = "another version " + far_.file;
  far_.etag = "\"v2\"";
  far_.ignores_if_range = true;
  wanted_.attempts_max = 3;
  wanted_.size_bytes.reset();
  wanted_.sha256.clear();  // Only the validator tells.
  const auto done = download(wanted_);
  ASSERT_TRUE(done.ok()) << done.error().text;
  EXPECT_EQ(content(wanted_.file), far_.file);
}

TEST_F(DownloadTest, StartsAnewWithoutAStrongValidator) {
  for (const std::string tag : {"", "W/\"v1\""}) {
    far_.etag = tag;
    far_.faults = 1;
    far_.ranges = 0;
    wanted_.attempts_max = 1;
    EXPECT_EQ(failure(), Reason::broken);
    const auto done = download(wanted_);
    ASSERT_TRUE(done.ok()) << done.error().text;
    EXPECT_EQ(done->resumed_bytes, 0U);
    EXPECT_EQ(far_.ranges, 0);
    EXPECT_EQ(content(wanted_.file), far_.file);
    fs::remove(wanted_.file);
  }
}

TEST_F(DownloadTest, LeavesNoEmptyPart) {
  wanted_.url = far_.url("/gone");
  EXPECT_EQ(failure(), Reason::refused);
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(DownloadTest, NoticesThatThePartIsAlreadyTheWhole) {
  std::ofstream(part(), std::ios::binary) << far_.file;
  std::ofstream(part().string() + ".tag") << far_.etag;
  EXPECT_TRUE(download(wanted_).ok());
  EXPECT_EQ(content(wanted_.file), far_.file);
}

TEST_F(DownloadTest, DropsAPartThatIsTooLong) {
  std::ofstream(part(), std::ios::binary) << far_.file << "and more";
  std::ofstream(part().string() + ".tag") << far_.etag;
  EXPECT_TRUE(download(wanted_).ok());
  EXPECT_EQ(content(wanted_.file), far_.file);
}

TEST_F(DownloadTest, KeepsNothingThatIsWrong) {
  wanted_.sha256.back() = wanted_.sha256.back() == '0' ? '1' : '0';
  EXPECT_EQ(failure(), Reason::mismatch);
  EXPECT_TRUE(nothing_is_left());
  wanted_.sha256.clear();
  wanted_.size_bytes = far_.file.size() + 1;
  EXPECT_EQ(failure(), Reason::mismatch);
  EXPECT_TRUE(nothing_is_left());
  // A part that was tampered with.
  wanted_.size_bytes = far_.file.size();
  wanted_.sha256 = sha256(far_.file);
  std::ofstream(part(), std::ios::binary) << "tampered";
  std::ofstream(part().string() + ".tag") << far_.etag;
  EXPECT_EQ(failure(), Reason::mismatch);
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(DownloadTest, WaitsForABusyServer) {
  wanted_.url = far_.url("/busy");
  far_.faults = 3;
  EXPECT_TRUE(download(wanted_).ok());
  EXPECT_EQ(content(wanted_.file), far_.file);
}

TEST_F(DownloadTest, SaysWhatARefusalMeans) {
  wanted_.url = far_.url("/gone");
  EXPECT_EQ(failure(), Reason::refused);
  wanted_.url = far_.url("/private");
  EXPECT_NE(download(wanted_).error().text.find("needs an access token"), std::string::npos);
  wanted_.bearer_token = "wrong";
  EXPECT_NE(download(wanted_).error().text.find("does not open it"), std::string::npos);
  wanted_.bearer_token = "letmein";
  wanted_.size_bytes = 6;
  wanted_.sha256 = sha256("secret");
  EXPECT_TRUE(download(wanted_).ok());
}

TEST_F(DownloadTest, FollowsARedirectAndKeepsTheTokenToItself) {
  FarSide elsewhere;
  elsewhere.start();
  far_.moved_to = elsewhere.url("/file");
  wanted_.url = far_.url("/moved");
  wanted_.bearer_token = "letmein";
  EXPECT_TRUE(download(wanted_).ok());
  EXPECT_EQ(content(wanted_.file), far_.file);
  EXPECT_EQ(far_.tokens_seen, 1);
  EXPECT_EQ(elsewhere.tokens_seen, 0);
}

TEST_F(DownloadTest, IsStoppedAndLeavesThePart) {
  std::stop_source stop;
  wanted_.stop = stop.get_token();
  wanted_.progress = [&stop](const Progress&) { stop.request_stop(); };
  EXPECT_EQ(failure(), Reason::stopped);
  EXPECT_GT(fs::file_size(part()), 0U);
  EXPECT_FALSE(fs::exists(wanted_.file));
}

TEST_F(DownloadTest, FailsClearlyWhereItCannotWrite) {
  wanted_.file = folder_ / "no" / "such" / "folder.gguf";
  EXPECT_EQ(failure(), Reason::disk);
  wanted_.file = folder_ / "model.gguf";
  const int other = ::open(part().c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  EXPECT_NE(download(wanted_).error().text.find("another download"), std::string::npos);
  ::close(other);
}

TEST_F(DownloadTest, OfAnEmptyFileIsEmpty) {
  far_.file.clear();
  wanted_.size_bytes = 0;
  wanted_.sha256 = sha256("");
  EXPECT_TRUE(download(wanted_).ok());
  EXPECT_EQ(fs::file_size(wanted_.file), 0U);
}

}  // namespace
}  // namespace client::test

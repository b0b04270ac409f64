// A log as it is served, read by programs that are not ours: Go's sumdb/note and sumdb/tlog, and
// openssl. The same checkers are run against a real server in tests/e2e.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <note/proof_file.hpp>
#include <note/tile_path.hpp>

#include "world.hpp"

namespace verify {
namespace {

namespace fs = std::filesystem;
using test::Account;
using test::Log;

class Checkers : public testing::Test {
 protected:
  Checkers() {
    std::string name = (fs::temp_directory_path() / "checkers-XXXXXX").string();
    folder = ::mkdtemp(name.data());
  }
  ~Checkers() override { fs::remove_all(folder); }

  void write(const std::string& name, std::string_view text) const {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name, std::ios::binary) << text;
  }
  /// The exit status; what it prints goes to the file "said".
  [[nodiscard]] int run(const std::string& command) const {
    return std::system(("( " + command + " ) >" + (folder / "said").string() + " 2>&1").c_str());
  }
  [[nodiscard]] std::string said() const {
    std::string text;
    std::getline(std::ifstream(folder / "said"), text, '\0');
    return text;
  }
  void add(std::string_view entry) {
    entries.emplace_back(entry);
    log.add(test::bytes_of(entry));
  }
  /// checkpoint, tile/ and tile/entries/ of everything so far.
  void publish() {
    const std::uint64_t size = entries.size();
    write("checkpoint", log.sign(size));
    for (const receipt::Tile& tile : receipt::tiles_between(0, size)) {
      std::string hashes;
      const auto read = log.read(tile);
      for (const terms::Digest& hash : read.value()) {
        const auto bytes = receipt::to_bytes(hash);
        hashes.append(bytes.begin(), bytes.end());
      }
      write(note::tile_path(tile), hashes);
      if (tile.level == 0) {
        std::string bundle;
        for (std::uint64_t i = 0; i < tile.width; ++i) {
          const std::string& entry = entries[tile.index * 256 + i];
          bundle += static_cast<char>(entry.size() >> 8U);
          bundle += static_cast<char>(entry.size() & 255U);
          bundle += entry;
        }
        write(note::entries_path(tile), bundle);
      }
    }
  }
  [[nodiscard]] std::string go() const {
    return "cd " + std::string(MAINS_ROOM_DIR) +
           "/../../tests/checkers && GOCACHE=${GOCACHE:-${TMPDIR:-/tmp}/mains-go-cache} "
           "GO111MODULE=off GOPATH=/usr/share/gocode go run tlog.go '" +
           note::to_text(log.verifier()) + "' " + folder.string();
  }

  fs::path folder;
  Log log;
  std::vector<std::string> entries;
};

TEST_F(Checkers, GoReadsOurLog) {
  if (run("go version && test -d /usr/share/gocode/src/golang.org/x/mod/sumdb/tlog") != 0) {
    GTEST_SKIP() << "needs golang-go and golang-golang-x-mod-dev (tools/install-deps test)";
  }
  log.witnesses = {"w1.example"};
  const std::size_t size = 1500;
  for (std::size_t i = 0; entries.size() < size; ++i) {
    add("entry of thirty-two bytes or more " + std::to_string(i));
  }
  Account mine(log, 77);
  mine.publish(std::string(test::price_list));
  entries.emplace_back(test::price_list);
  mine.charge(1000, 10, 100);
  const auto receipt = std::get<ReceiptLine>(mine.lines.back()).receipt;
  const auto commitment = receipt::to_bytes(receipt::marks_of(receipt).commitment);
  entries.emplace_back(commitment.begin(), commitment.end());
  publish();
  write("mine.tlog-proof",
        note::to_text(note::ProofFile{
            opening_of(receipt), receipt.leaf,
            receipt::ProofBuilder(log, entries.size()).inclusion(receipt.leaf).value(),
            log.sign(entries.size())}));
  const std::string command = go() + " " + (folder / "mine.tlog-proof").string();
  ASSERT_EQ(run(command), 0) << said();
  EXPECT_EQ(said(), "tlog: 1502 leaves, 16 earlier sizes and 1 proofs hold\n");

  // And it does see what is wrong.
  write("tile/entries/000", std::string(256 * 3, '\0'));
  EXPECT_NE(run(command), 0);
}

TEST_F(Checkers, OpensslVerifiesACheckpoint) {
  add("an entry");
  const auto note = note::parse(log.sign(1));
  write("text", note.value().text);
  const auto& bytes = note.value().signatures.front().bytes;
  write("signature", std::string(bytes.begin(), bytes.end()));
  write("key.pem", signing::to_pem(log.key.public_key()));
  const std::string command = "cd " + folder.string() +
                              " && openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in text "
                              "-sigfile signature";
  EXPECT_EQ(run(command), 0) << said();
  write("text", note.value().text + "\n");
  EXPECT_NE(run(command), 0);
}

}  // namespace
}  // namespace verify

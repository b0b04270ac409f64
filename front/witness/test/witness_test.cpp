#include <witness/witness.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <thread>

#include <note/base64.hpp>
#include <receipt/digest.hpp>
#include <receipt/proof.hpp>
#include <receipt/tree.hpp>
#include <witness/server.hpp>

#include "socket.hpp"

namespace witness {
namespace {

namespace fs = std::filesystem;

class StillClock final : public base::Clock {
 public:
  [[nodiscard]] base::UnixNs now() const override { return {time_ns}; }
  [[nodiscard]] base::SpanNs since_start() const override { return {0}; }
  std::int64_t time_ns = 1'796'000'000'000'000'000;
};

class MemoryShelf final : public Shelf {
 public:
  base::Result<std::optional<std::string>, ShelfError> read(const std::string& origin) override {
    const auto found = texts.find(origin);
    return found == texts.end() ? std::nullopt : std::optional(found->second);
  }
  base::Result<base::Done, ShelfError> write(const std::string& origin,
                                             const std::string& text) override {
    ++writes;
    if (broken) {
      return base::Fail{ShelfError::unavailable};
    }
    texts[origin] = text;
    return base::Done{};
  }
  std::map<std::string, std::string> texts;
  bool broken = false;
  int writes = 0;
};

/// A log of at most 256 leaves: one tile.
class Log final : public receipt::TileSource {
 public:
  explicit Log(std::uint32_t seed = 0) {
    for (std::uint32_t i = 0; i < 256; ++i) {
      receipt::Hasher entry;
      entry.add_u32(i >= fork_at ? i + seed : i);
      leaves_.push_back(receipt::leaf_hash(receipt::to_bytes(entry.digest())));
    }
  }
  base::Result<std::vector<terms::Digest>, receipt::ProofError> read(
      const receipt::Tile&) override {
    return leaves_;
  }
  [[nodiscard]] std::string checkpoint(std::uint64_t size) {
    const std::string text = note::to_text(note::Checkpoint{
        "example.com/log", size, receipt::ProofBuilder(*this, size).root().value()});
    return note::to_text(note::Note{text, {note::sign(text, "example.com/log", key)}});
  }
  /// The body of a request to go from one size to another.
  [[nodiscard]] std::string body(std::uint64_t from, std::uint64_t to) {
    std::string text = "old " + std::to_string(from) + "\n";
    const auto proof = receipt::ProofBuilder(*this, to).consistency(from);
    for (const terms::Digest& hash : proof.value()) {
      text += note::to_base64(hash) + "\n";
    }
    return text + "\n" + checkpoint(to);
  }
  [[nodiscard]] note::VerifierKey verifier() const {
    return {"example.com/log", note::KeyType::ed25519, key.public_key()};
  }

  /// Logs of other seeds are the same up to here.
  static constexpr std::uint32_t fork_at = 100;
  signing::Key key = signing::Key::of(signing::Seed{1});

 private:
  std::vector<terms::Digest> leaves_;
};

class Witnessing : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Witness> made(Shelf& on) {
    return std::make_unique<Witness>("w1.example", signing::Key::of(signing::Seed{2}),
                                     std::vector{log.verifier()}, on, clock);
  }
  /// The size that a cosignature is about; fails the test where it does not verify.
  void expect_cosigned(const Answer& answer, Log& of, std::uint64_t size) {
    ASSERT_EQ(answer.status, 200U) << answer.body;
    const auto note = note::parse(of.checkpoint(size) + answer.body);
    ASSERT_TRUE(note.ok());
    const auto verified = note::verify(note.value(), witness.verifier());
    ASSERT_TRUE(verified.ok());
    EXPECT_EQ(verified.value().time_s, 1'796'000'000U);
  }

  Log log;
  StillClock clock;
  MemoryShelf shelf;
  Witness witness =
      Witness("w1.example", signing::Key::of(signing::Seed{2}), {log.verifier()}, shelf, clock);
};

TEST_F(Witnessing, CosignsALogThatGrows) {
  expect_cosigned(witness.add_checkpoint(log.body(0, 10)), log, 10);
  expect_cosigned(witness.add_checkpoint(log.body(10, 11)), log, 11);
  expect_cosigned(witness.add_checkpoint(log.body(11, 200)), log, 200);
  EXPECT_EQ(shelf.texts["example.com/log"], log.checkpoint(200));
  expect_cosigned(witness.add_checkpoint(log.body(200, 200)), log, 200);
  EXPECT_EQ(shelf.writes, 3) << "what is kept already is not written again";
}

TEST_F(Witnessing, AnotherSizeIsNext) {
  ASSERT_EQ(witness.add_checkpoint(log.body(0, 10)).status, 200U);
  for (const auto& [from, to] : {std::pair{0, 20}, {9, 20}, {11, 20}, {0, 5}, {5, 10}, {0, 10}}) {
    const Answer answer = witness.add_checkpoint(
        log.body(static_cast<std::uint64_t>(from), static_cast<std::uint64_t>(to)));
    EXPECT_EQ(answer.status, 409U);
    EXPECT_EQ(answer.content_type, "text/x.tlog.size");
    EXPECT_EQ(answer.body, "10\n");
  }
}

TEST_F(Witnessing, NeverAFork) {
  Log fork(7);
  fork.key = signing::Key::of(signing::Seed{1});
  ASSERT_EQ(witness.add_checkpoint(log.body(0, 150)).status, 200U);
  EXPECT_EQ(witness.add_checkpoint(fork.body(150, 150)).status, 409U) << "another tree of one size";
  EXPECT_EQ(witness.add_checkpoint(fork.body(150, 200)).status, 422U);
  EXPECT_EQ(witness.add_checkpoint(fork.body(0, 200)).status, 409U);
  std::string forged = log.body(150, 200);
  forged.resize(forged.find("\n\n") + 2);
  EXPECT_EQ(witness.add_checkpoint(forged + fork.checkpoint(200)).status, 422U)
      << "the honest log's proof does not help the fork";
  EXPECT_EQ(shelf.texts["example.com/log"], log.checkpoint(150));
  expect_cosigned(witness.add_checkpoint(log.body(150, 200)), log, 200);
}

TEST_F(Witnessing, OnlyWhatTheLogSigned) {
  Log stranger;
  stranger.key = signing::Key::of(signing::Seed{3});
  EXPECT_EQ(witness.add_checkpoint(stranger.body(0, 10)).status, 403U);
  std::string elsewhere = log.body(0, 10);
  elsewhere.replace(elsewhere.find("example.com/log\n"), 15, "example.com/lag");
  EXPECT_EQ(witness.add_checkpoint(elsewhere).status, 404U);
  std::string larger = log.body(0, 10);
  larger.replace(larger.find("\n10\n"), 4, "\n11\n");
  EXPECT_EQ(witness.add_checkpoint(larger).status, 403U);
  EXPECT_EQ(witness.add_checkpoint("old 11\n\n" + log.checkpoint(10)).status, 400U);
  EXPECT_TRUE(shelf.texts.empty());
}

TEST_F(Witnessing, NoBitCanBeFlipped) {
  ASSERT_EQ(witness.add_checkpoint(log.body(0, 150)).status, 200U);
  const std::string body = log.body(150, 200);
  for (std::size_t bit = 0; bit < 8 * body.size(); ++bit) {
    std::string changed = body;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(witness.add_checkpoint(changed).status, 200U) << bit;
  }
}

TEST_F(Witnessing, WhatIsNoRequest) {
  const std::string note = log.checkpoint(10);
  const std::string hash = note::to_base64(receipt::empty_root()) + "\n";
  std::string many = "old 0\n";
  for (int i = 0; i < 64; ++i) {
    many += hash;
  }
  for (const std::string& body :
       {std::string(), std::string("old 0\n"), "old 0\n" + note, "old -1\n\n" + note,
        "old 00\n\n" + note, "old\n\n" + note, "\n" + note, "old 0\nAAAA\n\n" + note,
        many + "\n" + note, std::string("old 0\n\nno note"),
        std::string(request_bytes_max + 1, 'a'), "old 0\n\n" + note + "more"}) {
    EXPECT_EQ(witness.add_checkpoint(body).status, 400U) << body.substr(0, 80);
  }
  EXPECT_EQ(witness.add_checkpoint("old 0\n" + hash + "\n" + note).status, 422U)
      << "a proof from nothing is empty";
}

TEST_F(Witnessing, ADiskThatRefusesGetsNoCosignature) {
  ASSERT_EQ(witness.add_checkpoint(log.body(0, 10)).status, 200U);
  shelf.broken = true;
  EXPECT_EQ(witness.add_checkpoint(log.body(10, 20)).status, 503U);
  EXPECT_EQ(witness.add_checkpoint(log.body(20, 30)).status, 409U) << "20 was not taken";
  shelf.broken = false;
  expect_cosigned(witness.add_checkpoint(log.body(10, 20)), log, 20);
}

TEST_F(Witnessing, TimeDoesNotGoBack) {
  ASSERT_EQ(witness.add_checkpoint(log.body(0, 10)).status, 200U);
  clock.time_ns -= 1'000'000'000'000;
  expect_cosigned(witness.add_checkpoint(log.body(10, 20)), log, 20);
}

TEST_F(Witnessing, RemembersAfterARestart) {
  ASSERT_EQ(witness.add_checkpoint(log.body(0, 150)).status, 200U);
  const auto again = made(shelf);
  ASSERT_TRUE(again->open().ok());
  EXPECT_EQ(again->add_checkpoint(log.body(0, 150)).status, 409U);
  EXPECT_EQ(again->add_checkpoint(log.body(150, 200)).status, 200U);
  shelf.texts["example.com/log"] = "damaged";
  EXPECT_FALSE(made(shelf)->open().ok()) << "a witness that forgot would sign forks";
}

// Honest and forked requests in any order: what was cosigned lies on one line, always.
TEST_F(Witnessing, AnyOrderOfRequestsKeepsToOneTree) {
  Log fork(7);
  fork.key = signing::Key::of(signing::Seed{1});
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 dice(seed);
    MemoryShelf own;
    auto asked = made(own);
    std::uint64_t size = 0;
    const Log* tree = nullptr;  // once it is past the fork
    for (int i = 0; i < 60; ++i) {
      if (dice() % 10 == 0) {
        asked = made(own);
        ASSERT_TRUE(asked->open().ok());
      }
      Log& of = dice() % 2 == 0 ? log : fork;
      const std::uint64_t to = 1 + dice() % 256;
      const std::uint64_t from = dice() % 3 == 0 ? dice() % (to + 1) : std::min(size, to);
      own.broken = dice() % 8 == 0;
      if (asked->add_checkpoint(of.body(from, to)).status != 200) {
        continue;
      }
      ASSERT_EQ(from, size);
      ASSERT_GE(to, size);
      ASSERT_TRUE(size <= Log::fork_at || tree == &of) << "a fork was cosigned";
      tree = &of;
      size = to;
    }
    ASSERT_GT(size, 0U);
  }
}

class InAFolder : public Witnessing {
 protected:
  InAFolder() {
    std::string name = (fs::temp_directory_path() / "witness-XXXXXX").string();
    folder = ::mkdtemp(name.data());
  }
  ~InAFolder() override { fs::remove_all(folder); }

  fs::path folder;
};

TEST_F(InAFolder, KeepsWhatItCosigned) {
  FolderShelf files(folder);
  EXPECT_FALSE(files.read("example.com/log").value().has_value());
  ASSERT_EQ(made(files)->add_checkpoint(log.body(0, 150)).status, 200U);
  FolderShelf same(folder);
  EXPECT_EQ(same.read("example.com/log").value(), log.checkpoint(150));
  const auto again = made(same);
  ASSERT_TRUE(again->open().ok());
  EXPECT_EQ(again->add_checkpoint(log.body(150, 160)).status, 200U);
  // A crash between writing and renaming leaves the old one, and a file nobody reads.
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ofstream(entry.path().string() + ".new") << "half";
  }
  EXPECT_EQ(same.read("example.com/log").value(), log.checkpoint(160));
  FolderShelf gone(folder / "none");
  EXPECT_FALSE(gone.write("example.com/log", "text").ok());
}

TEST_F(InAFolder, OfTwoAtOnceOneWins) {
  FolderShelf files(folder);
  const auto served = made(files);
  Server server(*served, "127.0.0.1:0");
  ASSERT_TRUE(server.start().ok());
  std::uint64_t size = 0;
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> cosigned = 0;
    std::atomic<int> refused = 0;
    std::vector<std::thread> askers;
    for (std::uint64_t step = 1; step <= 2; ++step) {
      askers.emplace_back([&, body = log.body(size, size + step)] {
        const unsigned status = test::post(server.port(), "/add-checkpoint", body).status;
        cosigned += status == 200 ? 1 : 0;
        refused += status == 409 ? 1 : 0;
      });
    }
    for (std::thread& asker : askers) {
      asker.join();
    }
    EXPECT_EQ(cosigned, 1);
    EXPECT_EQ(refused, 1);
    const auto kept = note::parse(*files.read("example.com/log").value());
    size = note::parse_checkpoint(kept.value().text).value().size;
  }
  EXPECT_EQ(test::post(server.port(), "/other", "").status, 404U);
  EXPECT_EQ(test::ask(server.port(),
                      "GET /add-checkpoint HTTP/1.1\r\nhost: a\r\n"
                      "connection: close\r\n\r\n")
                .status,
            405U);
  server.stop();
}

}  // namespace
}  // namespace witness

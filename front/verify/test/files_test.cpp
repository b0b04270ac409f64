// Receipts and balances in files of their own, and the command.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <note/proof_file.hpp>
#include <note/tile_path.hpp>
#include <receipt/sum_tree.hpp>
#include <verify/balance.hpp>
#include <verify/command.hpp>

#include "world.hpp"

namespace verify {
namespace {

namespace fs = std::filesystem;
using test::Account;
using test::joined;
using test::Log;
using test::refusal;
using test::trust_in;

/// A flip in any bit of `text` must be refused.
void expect_no_flip(const std::string& text, const Trust& trust) {
  ASSERT_EQ(refusal(text, trust), "");
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string changed = text;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(refusal(changed, trust), "") << "bit " << bit % 8 << " of byte " << bit / 8;
  }
}

TEST(ReceiptFile, NoBitCanBeFlipped) {
  Log log;
  Account mine(log, 77);
  mine.publish(std::string(test::price_list));
  mine.top_up(test::s);
  mine.charge(1000, 10, 100);
  mine.charge(1000, 10, 100);
  const auto receipt = std::get<ReceiptLine>(mine.lines.back()).receipt;
  const std::uint64_t size = log.leaves.size();
  const std::string text = note::to_text(note::ProofFile{
      opening_of(receipt), receipt.leaf,
      receipt::ProofBuilder(log, size).inclusion(receipt.leaf).value(), log.sign(size)});
  expect_no_flip(text, trust_in(log));
  const auto proved = test::check_text(text, trust_in(log));
  EXPECT_EQ(proved.value().what,
            "receipt 2 of account 000000000000004d000000000000004e, charge 0.00020925 as its "
            "tokens and prices make it, included in the log example.com/log of size 3 (the price "
            "list is not in this file: a statement has it)");
}

TEST(BalanceFile, NoBitCanBeFlipped) {
  Log log;
  std::vector<receipt::SumNode> leaves;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    leaves.push_back(receipt::sum_leaf({{i, 2, 3, 4}}, {i, 9}, {static_cast<std::int64_t>(i)}));
  }
  const auto tree = receipt::SumTree::over(leaves).value();
  const std::string document =
      to_text(Liabilities{5, {test::november_ns}, "2026-11-01", tree.root().hash, tree.root().sum});
  const std::uint64_t leaf = log.add(test::bytes_of(document));
  log.add(test::bytes_of("another"));
  const std::uint64_t size = log.leaves.size();
  const std::string text =
      to_text(BalanceProof{{3, 9},
                           {3},
                           log.sign(size),
                           document,
                           2,
                           leaf,
                           tree.path(2),
                           receipt::ProofBuilder(log, size).inclusion(leaf).value(),
                           {{3, 2, 3, 4}}}) +
      "\n";
  expect_no_flip(text, trust_in(log));
  const auto proved = test::check_text(text, trust_in(log));
  EXPECT_EQ(proved.value().balance->value, 3);
  EXPECT_EQ(proved.value().total->value, 15);
  EXPECT_NE(refusal(text + text, trust_in(log)), "");
}

class Command : public testing::Test {
 protected:
  Command() {
    std::string name = (fs::temp_directory_path() / "verify-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    mine.publish(std::string(test::price_list));
    mine.top_up(test::s);
    for (int i = 0; i < 300; ++i) {
      log.add(test::bytes_of("entry " + std::to_string(i)));
    }
    mine.charge(1000, 10, 100);
    write("old.checkpoint", log.sign(200));
    write("one", joined(mine.statement()));
    mine.charge(1, 0, 1);
    options.files = {path("one")};
    options.log_keys = {note::to_text(log.verifier())};
  }
  ~Command() override { fs::remove_all(folder); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder / name; }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(path(name), std::ios::binary) << text;
  }
  int asked() {
    out.str("");
    err.str("");
    return run(options, out, err);
  }

  fs::path folder;
  Log log;
  Account mine{log, 77};
  Options options;
  std::ostringstream out;
  std::ostringstream err;
};

TEST_F(Command, OneLineAndAStatus) {
  EXPECT_EQ(asked(), 0) << err.str();
  EXPECT_EQ(out.str().find(path("one") + ": verified: 1 receipts of account "), 0U);
  EXPECT_EQ(err.str(), "");
  options.json = true;
  EXPECT_EQ(asked(), 0);
  EXPECT_NE(out.str().find("\"charges_nano\":\"209250\""), std::string::npos);
  EXPECT_NE(out.str().find("\"ok\":true"), std::string::npos);

  std::string text;
  std::getline(std::ifstream(path("one"), std::ios::binary), text, '\0');
  text.replace(text.find("\"input_tokens\":1000"), 19, "\"input_tokens\":1001");
  write("one", text);
  options.json = false;
  EXPECT_EQ(asked(), 1);
  EXPECT_EQ(out.str(), "");
  EXPECT_EQ(err.str().find(path("one") + ":4: NOT verified: receipt 1: "), 0U) << err.str();
  options.json = true;
  EXPECT_EQ(asked(), 1);
  EXPECT_NE(out.str().find("\"line\":4,\"ok\":false"), std::string::npos);
}

TEST_F(Command, WhatMakesNoSense) {
  options.log_keys = {"nothing"};
  EXPECT_EQ(asked(), 2);
  options.log_keys = {note::to_text(log.witness_verifier("w1.example"))};
  EXPECT_EQ(asked(), 2) << "a witness is no log";
  options.log_keys = {note::to_text(log.verifier())};
  options.quorum = 1;
  options.quorum_given = true;
  EXPECT_EQ(asked(), 2);
  options.quorum = 0;
  options.since = path("none");
  EXPECT_EQ(asked(), 2);
  options.since = "";
  options.files = {path("none")};
  EXPECT_EQ(asked(), 1);
}

TEST_F(Command, KeysFromAFile) {
  write("keys", note::to_text(log.verifier()) + "\n" + note::to_text(log.verifier()) + "\n");
  options.log_keys = {path("keys")};
  EXPECT_EQ(asked(), 0) << err.str();
  write("keys", note::to_text(log.verifier()) + "\nnonsense\n");
  EXPECT_EQ(asked(), 2);
}

TEST_F(Command, AnOldCheckpointAndTiles) {
  options.since = path("old.checkpoint");
  EXPECT_EQ(asked(), 1) << "no proof at hand";
  const std::uint64_t size = log.leaves.size() - 1;
  for (const receipt::Tile& tile : receipt::tiles_between(0, size)) {
    std::string bytes;
    const auto hashes = log.read(tile);
    for (const terms::Digest& hash : hashes.value()) {
      const auto raw = receipt::to_bytes(hash);
      bytes.append(raw.begin(), raw.end());
    }
    write(note::tile_path(tile), bytes);
  }
  options.tiles = folder;
  EXPECT_EQ(asked(), 0) << err.str();
  EXPECT_NE(out.str().find("consistent with the log of size 200"), std::string::npos);
  log.leaves[5] = log.leaves[6];
  write("old.checkpoint", log.sign(200));
  EXPECT_EQ(asked(), 1);
  EXPECT_NE(err.str().find("is NOT the beginning"), std::string::npos) << err.str();
}

}  // namespace
}  // namespace verify

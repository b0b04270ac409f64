#include <receipt/hash.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <limits>
#include <set>
#include <string>

#include <receipt/canonical.hpp>
#include <receipt/digest.hpp>

namespace receipt {
namespace {

ledger::Receipt example() {
  return {.id = {0x0102030405060708, 0x1112131415161718},
          .tenant = {7},
          .account = {0xc0f, 0xffee},
          .key = {8},
          .sequence = 3,
          .model = {4},
          .price_list = {1},
          .price_list_hash = {{17, 18, 19, 20}},
          .prices = {{150'000'000}, {75'000'000}, {600'000'000}},
          .weights = {{1, 2, 3, 4}},
          .tokenizer = {{5, 6, 7, 8}},
          .output = {{9, 10, 11, 12}},
          .previous = {{13, 14, 15, 16}},
          .held_at = {1'700'000'000'000'000'000},
          .time = {1'700'000'001'000'000'000},
          .charge = {210'000},
          .balance_after = {4'999'790'000},
          .credited = {5'000'000'000},
          .salt = {{21, 22, 23, 24}},
          .leaf = 5,
          .usage = {{1000}, {10}, {100}},
          .end = terms::EndReason::length};
}

std::string text_of(const ledger::Receipt& receipt) {
  const Canonical canonical(receipt);
  return {canonical.bytes().begin(), canonical.bytes().end()};
}

// The literal and the two hashes were made with Python's json and hashlib. When this fails, every
// chain and every log that exists anywhere has become unverifiable.
TEST(Canonical, OfAKnownReceiptNeverChanges) {
  EXPECT_EQ(
      text_of(example()),
      "{\"account\":\"0000000000000c0f000000000000ffee\","
      "\"balance_after_nano\":\"4999790000\","
      "\"cached_tokens\":10,"
      "\"charge_nano\":\"210000\","
      "\"credited_nano\":\"5000000000\","
      "\"end\":\"length\","
      "\"format\":\"mains.receipt.v1\","
      "\"held_at_ns\":\"1700000000000000000\","
      "\"id\":\"01020304050607081112131415161718\","
      "\"input_tokens\":1000,"
      "\"key\":8,"
      "\"model\":4,"
      "\"output_sha256\":\"0000000000000009000000000000000a000000000000000b000000000000000c\","
      "\"output_tokens\":100,"
      "\"previous_sha256\":"
      "\"000000000000000d000000000000000e000000000000000f0000000000000010\","
      "\"price_cached_nano_per_mtok\":\"75000000\","
      "\"price_input_nano_per_mtok\":\"150000000\","
      "\"price_list\":1,"
      "\"price_list_sha256\":"
      "\"0000000000000011000000000000001200000000000000130000000000000014\","
      "\"price_output_nano_per_mtok\":\"600000000\","
      "\"sequence\":3,"
      "\"settled_at_ns\":\"1700000001000000000\","
      "\"tokenizer_sha256\":"
      "\"0000000000000005000000000000000600000000000000070000000000000008\","
      "\"weights_sha256\":"
      "\"0000000000000001000000000000000200000000000000030000000000000004\"}");
}

TEST(ReceiptMarks, OfAKnownReceiptNeverChange) {
  const Marks marks = marks_of(example());
  EXPECT_EQ(marks.hash, (terms::Digest{{0xb03572f5dcc0cc39, 0xaa13d8668a66b043, 0xe12c0e2ede66db2d,
                                        0x8b95c9d5270b63d1}}));
  EXPECT_EQ(marks.commitment, (terms::Digest{{0x7c625974723bef1e, 0x03e461efd05399ae,
                                              0x2c574b21af820e66, 0xa9ade904ae7c0bf0}}));
}

TEST(Canonical, WhatIsNoneIsEmptyAndEveryEndHasItsWord) {
  ledger::Receipt bare = example();
  bare.output = bare.previous = bare.weights = bare.tokenizer = {};
  const std::string text = text_of(bare);
  for (const char* member : {"output", "previous", "weights", "tokenizer"}) {
    EXPECT_NE(text.find("\"" + std::string(member) + "_sha256\":\"\""), std::string::npos)
        << member;
  }
  std::set<std::string> words;
  for (std::uint32_t end = 1; end <= 8; ++end) {
    bare.end = static_cast<terms::EndReason>(end);
    const std::string shown = text_of(bare);
    const auto at = shown.find("\"end\":\"") + 7;
    words.insert(shown.substr(at, shown.find('"', at) - at));
  }
  EXPECT_EQ(words, (std::set<std::string>{"cancel", "disconnect", "done", "drain", "error", "funds",
                                          "length", "stop"}));
}

TEST(Canonical, TheLongestFits) {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  ledger::Receipt longest = example();
  longest.key = {most};
  longest.model = {most};
  longest.sequence = most;
  longest.price_list = {most};
  longest.prices = {{least}, {least}, {least}};
  longest.held_at = longest.time = {least};
  longest.charge = longest.balance_after = longest.credited = {least};
  longest.usage = {base::Tokens::max(), base::Tokens::max(), base::Tokens::max()};
  longest.end = terms::EndReason::disconnect;
  EXPECT_LE(Canonical(longest).bytes().size(), canonical_bytes_max);
}

TEST(ReceiptMarks, CoverEveryByteOfEveryField) {
  const ledger::Receipt original = example();
  std::set<terms::Digest> hashes{marks_of(original).hash};
  std::set<terms::Digest> commitments{marks_of(original).commitment};
  // A receipt has no padding (Blind), so each of its bytes belongs to a field.
  for (std::size_t i = 0; i < sizeof(ledger::Receipt); ++i) {
    ledger::Receipt changed = original;
    unsigned char byte = 0;
    std::memcpy(&byte, reinterpret_cast<const unsigned char*>(&original) + i, 1);
    byte = static_cast<unsigned char>(byte ^ 1U);
    std::memcpy(reinterpret_cast<unsigned char*>(&changed) + i, &byte, 1);
    const bool is_salt = changed.salt != original.salt;
    // The tenant's own number is nobody's business but ours; an end out of range has no word.
    if (changed.tenant != original.tenant || changed.leaf != original.leaf ||
        static_cast<std::uint32_t>(changed.end) > 8) {
      continue;
    }
    EXPECT_EQ(hashes.insert(marks_of(changed).hash).second, !is_salt) << "byte " << i;
    EXPECT_TRUE(commitments.insert(marks_of(changed).commitment).second) << "byte " << i;
  }
}

TEST(ReceiptChain, TheNextPointsBack) {
  const ledger::Receipt before = example();
  ledger::Receipt next = example();
  next.sequence = 4;
  next.previous = marks_of(before).hash;
  EXPECT_TRUE(follows(before, next));

  ledger::Receipt other = next;
  other.sequence = 5;
  EXPECT_FALSE(follows(before, other)) << "a number was left out";
  other = next;
  other.account = {0, 9};
  EXPECT_FALSE(follows(before, other)) << "another account's";
  ledger::Receipt edited = before;
  edited.charge = {209'999};
  EXPECT_FALSE(follows(edited, next)) << "the one before was changed afterwards";
}

}  // namespace
}  // namespace receipt

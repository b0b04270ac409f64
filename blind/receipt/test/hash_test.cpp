#include <receipt/hash.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <set>
#include <tuple>

#include <receipt/digest.hpp>

#include "encode.hpp"

namespace receipt {
namespace {

ledger::Receipt example() {
  return {.id = {0x0102030405060708, 0x1112131415161718},
          .tenant = {7},
          .key = {8},
          .sequence = 3,
          .model = {4},
          .price_list = {1},
          .prices = {{150'000'000}, {75'000'000}, {600'000'000}},
          .weights = {{1, 2, 3, 4}},
          .tokenizer = {{5, 6, 7, 8}},
          .output = {{9, 10, 11, 12}},
          .previous = {{13, 14, 15, 16}},
          .held_at = {1'700'000'000'000'000'000},
          .time = {1'700'000'001'000'000'000},
          .charge = {210'000},
          .balance_after = {4'999'790'000},
          .usage = {{1000}, {10}, {100}},
          .end = terms::EndReason::length};
}

TEST(ReceiptHash, OfAKnownReceiptNeverChanges) {
  // Made with Python: sha256 of struct.pack(">I...", ...) as README.md lays it out. When this
  // fails, every chain that is stored anywhere has become unverifiable.
  EXPECT_EQ(hash_of(example()), (terms::Digest{{0xf9455ac83ecf8289, 0x14c0f6d28795c16b,
                                                0xee7ed2ef2a4db633, 0xf6e712fb5de57002}}));
}

TEST(ReceiptHash, CoversEveryByteOfEveryField) {
  const ledger::Receipt original = example();
  std::set<terms::Digest> hashes{hash_of(original)};
  // A receipt has no padding (Blind), so each of its bytes belongs to a field.
  for (std::size_t i = 0; i < sizeof(ledger::Receipt); ++i) {
    ledger::Receipt changed = original;
    unsigned char byte = 0;
    std::memcpy(&byte, reinterpret_cast<const unsigned char*>(&original) + i, 1);
    byte = static_cast<unsigned char>(byte ^ 1U);
    std::memcpy(reinterpret_cast<unsigned char*>(&changed) + i, &byte, 1);
    EXPECT_TRUE(hashes.insert(hash_of(changed)).second) << "byte " << i;
  }
}

TEST(ReceiptHash, IsSha256OfTheEncoding) {
  const Encoded bytes = encode(example());
  Hasher hasher;
  hasher.add_bytes(bytes);
  EXPECT_EQ(hasher.digest(), hash_of(example()));
}

TEST(ReceiptChain, TheNextPointsBack) {
  const ledger::Receipt before = example();
  ledger::Receipt next = example();
  next.sequence = 4;
  next.previous = hash_of(before);
  EXPECT_TRUE(follows(before, next));

  ledger::Receipt other = next;
  other.sequence = 5;
  EXPECT_FALSE(follows(before, other)) << "a number was left out";
  other = next;
  other.tenant = {9};
  EXPECT_FALSE(follows(before, other)) << "another tenant's";
  ledger::Receipt edited = before;
  edited.charge = {209'999};
  EXPECT_FALSE(follows(edited, next)) << "the one before was changed afterwards";
}

}  // namespace
}  // namespace receipt

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include <receipt/digest.hpp>

namespace receipt {
namespace {

std::vector<std::uint8_t> bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

// FIPS 180-4's own examples.
TEST(Digest, IsSha256) {
  EXPECT_EQ(Hasher().digest(), (terms::Digest{{0xe3b0c44298fc1c14, 0x9afbf4c8996fb924,
                                               0x27ae41e4649b934c, 0xa495991b7852b855}}));
  Hasher abc;
  abc.add_bytes(bytes_of("abc"));
  const terms::Digest expected{
      {0xba7816bf8f01cfea, 0x414140de5dae2223, 0xb00361a396177a9c, 0xb410ff61f20015ad}};
  EXPECT_EQ(abc.digest(), expected);
  EXPECT_EQ(abc.digest(), expected) << "asking twice gives the same answer";
}

TEST(Digest, GrowsPieceByPiece) {
  Hasher whole;
  whole.add_bytes(bytes_of("abcdef"));
  Hasher pieces;
  pieces.add_bytes(bytes_of("ab"));
  EXPECT_NE(pieces.digest(), whole.digest());
  pieces.add_bytes({});
  pieces.add_bytes(bytes_of("cdef"));
  EXPECT_EQ(pieces.digest(), whole.digest());
}

TEST(Digest, ANumberIsFourBytesBigEndian) {
  Hasher number;
  number.add_u32(0x61626364);
  Hasher text;
  text.add_bytes(bytes_of("abcd"));
  EXPECT_EQ(number.digest(), text.digest());
}

}  // namespace
}  // namespace receipt

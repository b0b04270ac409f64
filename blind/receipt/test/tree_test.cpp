#include <receipt/tree.hpp>

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "naive.hpp"

namespace receipt {
namespace {

// The leaves and roots that Certificate Transparency's own tests have used since 2013.
TEST(Tree, HasTheKnownRoots) {
  const std::vector<std::vector<std::uint8_t>> entries{
      {},
      {0x00},
      {0x10},
      {0x20, 0x21},
      {0x30, 0x31},
      {0x40, 0x41, 0x42, 0x43},
      {0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57},
      {0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e,
       0x6f}};
  const std::array<terms::Digest, 9> roots{
      {{{0xe3b0c44298fc1c14, 0x9afbf4c8996fb924, 0x27ae41e4649b934c, 0xa495991b7852b855}},
       {{0x6e340b9cffb37a98, 0x9ca544e6bb780a2c, 0x78901d3fb3373876, 0x8511a30617afa01d}},
       {{0xfac54203e7cc696c, 0xf0dfcb42c92a1d9d, 0xbaf70ad9e621f4bd, 0x8d98662f00e3c125}},
       {{0xaeb6bcfe274b70a1, 0x4fb067a5e5578264, 0xdb0fa9b51af5e0ba, 0x159158f329e06e77}},
       {{0xd37ee418976dd957, 0x53c1c73862b9398f, 0xa2a2cf9b4ff0fdfe, 0x8b30cd95209614b7}},
       {{0x4e3bbb1f7b478dcf, 0xe71fb631631519a3, 0xbca12c9aefca1612, 0xbfce4c13a86264d4}},
       {{0x76e67dadbcdf1e10, 0xe1b74ddc608abd2f, 0x98dfb16fbce75277, 0xb5232a127f2087ef}},
       {{0xddb89be403809e32, 0x5750d3d263cd7892, 0x9c2942b7942a34b7, 0x7e122c9594a74c8c}},
       {{0x5dc9da79a70659a9, 0xad559cb701ded9a2, 0xab9d823aad2f4960, 0xcfe370eff4604328}}}};
  Frontier frontier;
  EXPECT_EQ(frontier.root(), roots[0]);
  EXPECT_EQ(empty_root(), roots[0]);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    frontier.append(leaf_hash(entries[i]));
    EXPECT_EQ(frontier.size(), i + 1);
    EXPECT_EQ(frontier.root(), roots[i + 1]) << i + 1 << " leaves";
  }
}

TEST(Tree, AFrontierHasTheRootOfAllItsLeaves) {
  const auto leaves = naive::leaves(300);
  Frontier frontier;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    EXPECT_EQ(frontier.root(), naive::root(naive::Leaves(leaves).first(size))) << size;
    EXPECT_EQ(frontier.hashes().size(), static_cast<std::size_t>(std::popcount(size)));
    if (size < leaves.size()) {
      frontier.append(leaves[size]);
    }
  }
}

TEST(Tree, AFrontierGoesOnWhereItWasKept) {
  const auto leaves = naive::leaves(70);
  Frontier whole;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    auto restored = Frontier::restore(whole.size(), whole.hashes());
    ASSERT_TRUE(restored.has_value());
    EXPECT_EQ(*restored, whole);
    restored->append(leaves[i]);
    whole.append(leaves[i]);
    EXPECT_EQ(restored->root(), whole.root());
  }
  EXPECT_FALSE(Frontier::restore(whole.size() + 1, whole.hashes()).has_value());
  EXPECT_FALSE(Frontier::restore(0, whole.hashes()).has_value());
  EXPECT_TRUE(Frontier::restore(0, {}).has_value());
}

TEST(Tree, ALeafIsNoNode) {
  const auto leaves = naive::leaves(2);
  std::vector<std::uint8_t> both;
  for (const terms::Digest& leaf : leaves) {
    const DigestBytes bytes = to_bytes(leaf);
    both.insert(both.end(), bytes.begin(), bytes.end());
  }
  EXPECT_NE(leaf_hash(both), node_hash(leaves[0], leaves[1]));
}

TEST(Tree, ADigestIsItsBytes) {
  const terms::Digest digest{
      {0x0001020304050607, 0x08090a0b0c0d0e0f, 0x1011121314151617, 0x18191a1b1c1d1e1f}};
  const DigestBytes bytes = to_bytes(digest);
  for (std::uint8_t i = 0; i < digest_bytes; ++i) {
    EXPECT_EQ(bytes[i], i);
  }
  EXPECT_EQ(from_bytes(bytes), digest);
}

}  // namespace
}  // namespace receipt

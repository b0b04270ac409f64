#include <receipt/sum_tree.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <span>
#include <vector>

#include <receipt/digest.hpp>
#include <receipt/tree.hpp>

namespace receipt {
namespace {

using Leaves = std::span<const SumNode>;

std::vector<SumNode> leaves(std::size_t count) {
  std::vector<SumNode> made;
  for (std::uint64_t i = 0; i < count; ++i) {
    made.push_back(sum_leaf({{i, 1, 2, 3}}, {i, 7}, {static_cast<std::int64_t>(i * i)}));
  }
  return made;
}

/// As RFC 6962 shapes a tree, by recursion.
SumNode naive_root(Leaves nodes) {
  if (nodes.empty()) {
    return {Hasher().digest(), {}};
  }
  if (nodes.size() == 1) {
    return nodes.front();
  }
  std::size_t half = 1;
  while (half * 2 < nodes.size()) {
    half *= 2;
  }
  return sum_node(naive_root(nodes.first(half)), naive_root(nodes.subspan(half))).value();
}

TEST(SumTree, HasItsRootAndATotal) {
  const auto all = leaves(130);
  std::int64_t total = 0;
  for (std::size_t size = 0; size <= all.size(); ++size) {
    const auto tree = SumTree::over({all.begin(), all.begin() + static_cast<long>(size)});
    ASSERT_TRUE(tree.ok());
    EXPECT_EQ(tree.value().root(), naive_root(Leaves(all).first(size))) << size;
    EXPECT_EQ(tree.value().root().sum.value, total);
    EXPECT_EQ(tree.value().size(), size);
    total += static_cast<std::int64_t>(size * size);
  }
}

TEST(SumTree, EachLeafLeadsToTheRoot) {
  const auto all = leaves(70);
  for (std::size_t size = 1; size <= all.size(); ++size) {
    const auto tree = SumTree::over({all.begin(), all.begin() + static_cast<long>(size)});
    for (std::size_t index = 0; index < size; ++index) {
      const SumProof path = tree.value().path(index);
      EXPECT_EQ(sum_root(all[index], index, size, path), tree.value().root());
      EXPECT_NE(sum_root(all[index], index + 1, size, path), tree.value().root());
      SumProof other = path;
      other.push_back(all[0]);
      EXPECT_EQ(sum_root(all[index], index, size, other), std::nullopt);
      if (!path.empty()) {
        other.resize(path.size() - 1);
        EXPECT_EQ(sum_root(all[index], index, size, other), std::nullopt);
      }
    }
  }
}

TEST(SumTree, NoBitOfAPathCanBeFlipped) {
  const auto all = leaves(21);
  const SumNode root = naive_root(all);
  const auto tree = SumTree::over(all);
  for (std::size_t index = 0; index < all.size(); ++index) {
    SumProof path = tree.value().path(index);
    for (SumNode& node : path) {
      for (std::size_t bit = 0; bit < 256 + 64; ++bit) {
        const SumNode original = node;
        if (bit < 256) {
          node.hash.words[bit / 64] ^= std::uint64_t{1} << (bit % 64);
        } else {
          node.sum.value = static_cast<std::int64_t>(static_cast<std::uint64_t>(node.sum.value) ^
                                                     (std::uint64_t{1} << (bit - 256)));
        }
        EXPECT_NE(sum_root(all[index], index, all.size(), path), root);
        node = original;
      }
    }
  }
}

// A total that leaves money out needs a leaf below zero, or two sums for one node.
TEST(SumTree, NothingIsBelowZero) {
  auto all = leaves(4);
  all[2].sum = {-1};
  EXPECT_EQ(SumTree::over(all).error(), SumError::negative);
  EXPECT_EQ(sum_node(all[2], all[3]).error(), SumError::negative);
  EXPECT_EQ(sum_root(all[2], 2, 4, {}), std::nullopt);
  all[2].sum = {std::numeric_limits<std::int64_t>::max()};
  EXPECT_EQ(SumTree::over(all).error(), SumError::overflow);
}

TEST(SumTree, TheBytesThatAreHashed) {
  // Made with Python's hashlib: b"\x03" + bytes(range(32)) + bytes(range(16)) + (5).to_bytes(8),
  // and b"\x02" + leaf + (5).to_bytes(8) + leaf + (5).to_bytes(8).
  const terms::Digest salt{
      {0x0001020304050607, 0x08090a0b0c0d0e0f, 0x1011121314151617, 0x18191a1b1c1d1e1f}};
  const SumNode leaf = sum_leaf(salt, {0x0001020304050607, 0x08090a0b0c0d0e0f}, {5});
  const terms::Digest leaf_hash_known{
      {0xd341b38cd5d0e184, 0xe2affdd9084c324d, 0xc3ffbc150e832148, 0x4aeb95f75516916c}};
  const terms::Digest node_hash_known{
      {0xbe2442fc0970c51b, 0x84cc03ba05b525ec, 0x2478bfd67fe3ab76, 0x7f7418800fc2d791}};
  EXPECT_EQ(leaf.hash, leaf_hash_known);
  EXPECT_EQ(sum_node(leaf, leaf).value().hash, node_hash_known);
  EXPECT_EQ(sum_node(leaf, leaf).value().sum.value, 10);
}

}  // namespace
}  // namespace receipt

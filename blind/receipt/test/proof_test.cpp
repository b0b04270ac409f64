#include <receipt/proof.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "naive.hpp"

namespace receipt {
namespace {

constexpr std::size_t size_max = 130;

void flip(terms::Digest& digest, std::size_t bit) {
  digest.words[bit / 64] ^= std::uint64_t{1} << (bit % 64);
}

TEST(Proof, InclusionOfEveryLeafInEverySmallTree) {
  const auto leaves = naive::leaves(size_max);
  naive::Tiles tiles(leaves);
  for (std::size_t size = 1; size <= size_max; ++size) {
    const auto tree = naive::Leaves(leaves).first(size);
    const terms::Digest root = naive::root(tree);
    ProofBuilder builder(tiles, size);
    EXPECT_EQ(builder.root().value(), root);
    for (std::size_t index = 0; index < size; ++index) {
      const auto proof = builder.inclusion(index);
      ASSERT_TRUE(proof.ok());
      EXPECT_EQ(proof.value(), naive::inclusion(index, tree)) << index << " of " << size;
      EXPECT_TRUE(includes(root, size, index, leaves[index], proof.value()));
      EXPECT_FALSE(includes(root, size, index, leaves[(index + 1) % size_max], proof.value()));
    }
    EXPECT_EQ(builder.inclusion(size).error(), ProofError::out_of_range);
  }
}

TEST(Proof, InclusionHoldsForNoOtherPlace) {
  const auto leaves = naive::leaves(40);
  for (std::size_t size = 1; size <= 40; ++size) {
    const auto tree = naive::Leaves(leaves).first(size);
    const terms::Digest root = naive::root(tree);
    for (std::size_t index = 0; index < size; ++index) {
      const Proof proof = naive::inclusion(index, tree);
      for (std::size_t other = 0; other < size + 3; ++other) {
        EXPECT_EQ(includes(root, size, other, leaves[index], proof), other == index);
      }
      Proof longer = proof;
      longer.push_back(root);
      EXPECT_FALSE(includes(root, size, index, leaves[index], longer));
      if (!proof.empty()) {
        EXPECT_FALSE(includes(root, size, index, leaves[index],
                              naive::Leaves(proof).first(proof.size() - 1)));
        EXPECT_FALSE(includes(root, size, index, leaves[index], naive::Leaves(proof).subspan(1)));
      }
    }
  }
}

TEST(Proof, NoBitOfAnInclusionCanBeFlipped) {
  const auto leaves = naive::leaves(33);
  for (const std::size_t size : {1U, 2U, 3U, 5U, 8U, 13U, 33U}) {
    const auto tree = naive::Leaves(leaves).first(size);
    const terms::Digest root = naive::root(tree);
    for (std::size_t index = 0; index < size; ++index) {
      Proof proof = naive::inclusion(index, tree);
      for (std::size_t bit = 0; bit < 256; ++bit) {
        for (terms::Digest& hash : proof) {
          flip(hash, bit);
          EXPECT_FALSE(includes(root, size, index, leaves[index], proof));
          flip(hash, bit);
        }
        terms::Digest other = root;
        flip(other, bit);
        EXPECT_FALSE(includes(other, size, index, leaves[index], proof));
        other = leaves[index];
        flip(other, bit);
        EXPECT_FALSE(includes(root, size, index, other, proof));
      }
    }
  }
}

TEST(Proof, ConsistencyOfEveryPairOfSmallTrees) {
  const auto leaves = naive::leaves(size_max);
  naive::Tiles tiles(leaves);
  for (std::size_t size = 1; size <= size_max; ++size) {
    const auto tree = naive::Leaves(leaves).first(size);
    const terms::Digest root = naive::root(tree);
    ProofBuilder builder(tiles, size);
    for (std::size_t before = 1; before <= size; ++before) {
      const terms::Digest root_before = naive::root(tree.first(before));
      const auto proof = builder.consistency(before);
      ASSERT_TRUE(proof.ok());
      EXPECT_EQ(proof.value(), naive::consistency(before, tree)) << before << " in " << size;
      EXPECT_TRUE(extends(root_before, before, root, size, proof.value()));
      EXPECT_EQ(extends(root, before, root, size, proof.value()), before == size);
    }
    EXPECT_EQ(builder.consistency(size + 1).error(), ProofError::out_of_range);
  }
}

TEST(Proof, ConsistencyHoldsForNoOtherSize) {
  const auto leaves = naive::leaves(24);
  for (std::size_t size = 1; size <= 24; ++size) {
    const auto tree = naive::Leaves(leaves).first(size);
    const terms::Digest root = naive::root(tree);
    for (std::size_t before = 1; before < size; ++before) {
      const terms::Digest root_before = naive::root(tree.first(before));
      const Proof proof = naive::consistency(before, tree);
      for (std::size_t other = 0; other < size + 3; ++other) {
        EXPECT_EQ(extends(root_before, other, root, size, proof), other == before)
            << before << " as " << other << " in " << size;
      }
      Proof changed = proof;
      changed.push_back(root);
      EXPECT_FALSE(extends(root_before, before, root, size, changed));
      EXPECT_FALSE(
          extends(root_before, before, root, size, naive::Leaves(proof).first(proof.size() - 1)));
    }
  }
}

TEST(Proof, NoBitOfAConsistencyCanBeFlipped) {
  const auto leaves = naive::leaves(21);
  for (const std::size_t size : {2U, 3U, 4U, 7U, 8U, 21U}) {
    const auto tree = naive::Leaves(leaves).first(size);
    for (std::size_t before = 1; before < size; ++before) {
      Proof proof = naive::consistency(before, tree);
      terms::Digest root_before = naive::root(tree.first(before));
      terms::Digest root = naive::root(tree);
      std::vector<terms::Digest*> parts{&root_before, &root};
      for (terms::Digest& hash : proof) {
        parts.push_back(&hash);
      }
      for (terms::Digest* part : parts) {
        for (std::size_t bit = 0; bit < 256; ++bit) {
          flip(*part, bit);
          EXPECT_FALSE(extends(root_before, before, root, size, proof));
          flip(*part, bit);
        }
      }
    }
  }
}

TEST(Proof, ConsistencyWithNothingAndWithItself) {
  const terms::Digest root = naive::root(naive::leaves(3));
  EXPECT_TRUE(extends(empty_root(), 0, root, 3, {}));
  EXPECT_FALSE(extends(root, 0, root, 3, {}));
  EXPECT_TRUE(extends(root, 3, root, 3, {}));
  EXPECT_FALSE(extends(empty_root(), 3, root, 3, {}));
  const Proof something{root};
  EXPECT_FALSE(extends(root, 3, root, 3, something));
  EXPECT_FALSE(extends(empty_root(), 0, root, 3, something));
  EXPECT_TRUE(extends(empty_root(), 0, empty_root(), 0, {}));
  EXPECT_FALSE(extends(empty_root(), 0, root, 0, {})) << "a tree without leaves has one root";
}

TEST(Proof, AFork) {
  auto leaves = naive::leaves(50);
  const terms::Digest root_before = naive::root(naive::Leaves(leaves).first(30));
  leaves[7] = leaves[8];
  const terms::Digest root = naive::root(leaves);
  EXPECT_FALSE(extends(root_before, 30, root, 50, naive::consistency(30, leaves)));
}

TEST(Proof, OfALargeLogReadsFewTiles) {
  const std::uint64_t size = 70'000;
  const auto leaves = naive::leaves(size);
  Frontier frontier;
  for (const terms::Digest& leaf : leaves) {
    frontier.append(leaf);
  }
  naive::Tiles tiles(leaves);
  ProofBuilder builder(tiles, size);
  EXPECT_EQ(builder.root().value(), frontier.root());
  for (std::uint64_t index = 0; index < size; index += 97) {
    const auto proof = builder.inclusion(index);
    ASSERT_TRUE(proof.ok());
    EXPECT_TRUE(includes(frontier.root(), size, index, leaves[index], proof.value())) << index;
  }
  const std::uint64_t tiles_in_all = tiles_between(0, size).size();
  EXPECT_LT(tiles.reads, tiles_in_all * 2) << "in the order of leaves each is read about once";
  for (const std::uint64_t before : {1U, 255U, 256U, 257U, 65'535U, 65'536U, 69'999U}) {
    const auto proof = builder.consistency(before);
    ASSERT_TRUE(proof.ok());
    EXPECT_TRUE(extends(naive::root(naive::Leaves(leaves).first(before)), before, frontier.root(),
                        size, proof.value()));
  }
}

TEST(Proof, WithoutATileThereIsNone) {
  naive::Tiles tiles(naive::leaves(300));
  EXPECT_EQ(ProofBuilder(tiles, 301).inclusion(0).error(), ProofError::no_tile);
  EXPECT_EQ(ProofBuilder(tiles, 301).root().error(), ProofError::no_tile);
}

}  // namespace
}  // namespace receipt

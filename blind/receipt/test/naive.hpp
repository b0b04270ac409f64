// The tree as RFC 6962 defines it, by recursion over all leaves: slow, and easy to believe.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include <base/invariant.hpp>
#include <receipt/digest.hpp>
#include <receipt/proof.hpp>
#include <receipt/tree.hpp>

namespace receipt::naive {

using Leaves = std::span<const terms::Digest>;

inline std::size_t split(Leaves leaves) {
  std::size_t half = 1;
  while (half * 2 < leaves.size()) {
    half *= 2;
  }
  return half;
}

inline terms::Digest root(Leaves leaves) {
  if (leaves.empty()) {
    return Hasher().digest();
  }
  if (leaves.size() == 1) {
    return leaves.front();
  }
  const std::size_t half = split(leaves);
  return node_hash(root(leaves.first(half)), root(leaves.subspan(half)));
}

inline Proof inclusion(std::size_t index, Leaves leaves) {
  if (leaves.size() == 1) {
    return {};
  }
  const std::size_t half = split(leaves);
  const bool left = index < half;
  Proof proof =
      left ? inclusion(index, leaves.first(half)) : inclusion(index - half, leaves.subspan(half));
  proof.push_back(root(left ? leaves.subspan(half) : leaves.first(half)));
  return proof;
}

inline Proof subproof(std::size_t before, Leaves leaves, bool known) {
  if (before == leaves.size()) {
    return known ? Proof{} : Proof{root(leaves)};
  }
  const std::size_t half = split(leaves);
  const bool left = before <= half;
  Proof proof = left ? subproof(before, leaves.first(half), known)
                     : subproof(before - half, leaves.subspan(half), false);
  proof.push_back(root(left ? leaves.subspan(half) : leaves.first(half)));
  return proof;
}

/// 0 < before <= leaves.
inline Proof consistency(std::size_t before, Leaves leaves) {
  return subproof(before, leaves, true);
}

inline std::vector<terms::Digest> leaves(std::size_t count) {
  std::vector<terms::Digest> made;
  made.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    Hasher hasher;
    hasher.add_u32(i);
    made.push_back(leaf_hash(to_bytes(hasher.digest())));
  }
  return made;
}

/// All tiles of a log, made level by level from its leaves.
class Tiles final : public TileSource {
 public:
  explicit Tiles(std::vector<terms::Digest> leaves) {
    levels_.push_back(std::move(leaves));
    while (levels_.back().size() >= tile_width_max) {
      const Leaves below = levels_.back();
      std::vector<terms::Digest> above;
      for (std::size_t i = 0; (i + 1) * tile_width_max <= below.size(); ++i) {
        above.push_back(root(below.subspan(i * tile_width_max, tile_width_max)));
      }
      levels_.push_back(std::move(above));
    }
  }

  base::Result<std::vector<terms::Digest>, ProofError> read(const Tile& tile) override {
    ++reads;
    const std::size_t first = tile.index * tile_width_max;
    if (tile.level >= levels_.size() || first + tile.width > levels_[tile.level].size()) {
      return base::Fail{ProofError::no_tile};
    }
    const Leaves hashes = Leaves(levels_[tile.level]).subspan(first, tile.width);
    return std::vector<terms::Digest>(hashes.begin(), hashes.end());
  }

  [[nodiscard]] Leaves level(std::size_t number) const { return levels_.at(number); }
  std::uint64_t reads = 0;

 private:
  std::vector<std::vector<terms::Digest>> levels_;
};

}  // namespace receipt::naive

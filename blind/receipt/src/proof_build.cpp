#include <algorithm>
#include <bit>

#include <receipt/proof.hpp>
#include <receipt/tree.hpp>

namespace receipt {
namespace {

constexpr std::size_t tiles_kept_max = 64;

using base::Fail;
using base::Result;

}  // namespace

/// The leaves from `from` up to, not including, `to`; from < to.
struct ProofBuilder::Range {
  std::uint64_t from = 0;
  std::uint64_t to = 0;

  [[nodiscard]] std::uint64_t leaves() const { return to - from; }
  /// Where the tree over these leaves divides: after the largest power of two that leaves some.
  [[nodiscard]] std::uint64_t middle() const { return from + std::bit_floor(leaves() - 1); }
};

Result<terms::Digest, ProofError> ProofBuilder::hash_of(const Node& node) {
  const Tile tile = tile_of(node, size_);
  const std::pair key{tile.level, tile.index};
  auto at = tiles_.find(key);
  if (at == tiles_.end()) {
    auto hashes = source_.read(tile);
    if (!hashes.ok()) {
      return Fail{hashes.error()};
    }
    if (hashes->size() < tile.width) {
      return Fail{ProofError::no_tile};
    }
    if (tiles_.size() >= tiles_kept_max) {
      tiles_.clear();
    }
    at = tiles_.emplace(key, TileTree(tile, *hashes)).first;
  }
  return at->second.at(node);
}

Result<terms::Digest, ProofError> ProofBuilder::root_of(Range range) {
  // Complete subtrees from the left, each the largest that fits, as the tree is built.
  std::vector<terms::Digest> complete;
  while (range.from < range.to) {
    const std::uint64_t leaves = std::bit_floor(range.leaves());
    const auto level = static_cast<std::uint32_t>(std::countr_zero(leaves));
    auto hash = hash_of({level, range.from >> level});
    if (!hash.ok()) {
      return hash;
    }
    complete.push_back(*hash);
    range.from += leaves;
  }
  terms::Digest root = complete.back();
  for (std::size_t i = complete.size() - 1; i > 0; --i) {
    root = node_hash(complete[i - 1], root);
  }
  return root;
}

Result<Proof, ProofError> ProofBuilder::roots_of(std::span<const Range> ranges) {
  Proof proof;
  for (const Range& range : ranges) {
    auto root = root_of(range);
    if (!root.ok()) {
      return Fail{root.error()};
    }
    proof.push_back(*root);
  }
  return proof;
}

Result<Proof, ProofError> ProofBuilder::inclusion(std::uint64_t index) {
  if (index >= size_) {
    return Fail{ProofError::out_of_range};
  }
  std::vector<Range> siblings;
  for (Range here{0, size_}; here.leaves() > 1;) {
    const std::uint64_t middle = here.middle();
    if (index < middle) {
      siblings.push_back({middle, here.to});
      here.to = middle;
    } else {
      siblings.push_back({here.from, middle});
      here.from = middle;
    }
  }
  std::reverse(siblings.begin(), siblings.end());
  return roots_of(siblings);
}

Result<Proof, ProofError> ProofBuilder::consistency(std::uint64_t before) {
  if (before > size_) {
    return Fail{ProofError::out_of_range};
  }
  if (before == 0 || before == size_) {
    return Proof{};
  }
  std::vector<Range> parts;
  Range here{0, size_};
  while (before < here.to) {
    const std::uint64_t middle = here.middle();
    if (before <= middle) {
      parts.push_back({middle, here.to});
      here.to = middle;
    } else {
      parts.push_back({here.from, middle});
      here.from = middle;
    }
  }
  // The smaller tree's own root is known to whoever checks, a part of it is not.
  if (here.from != 0) {
    parts.push_back(here);
  }
  std::reverse(parts.begin(), parts.end());
  return roots_of(parts);
}

Result<terms::Digest, ProofError> ProofBuilder::root() {
  if (size_ == 0) {
    return empty_root();
  }
  return root_of({0, size_});
}

}  // namespace receipt

// The right edge of the tree: what must be in memory to go on writing it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <receipt/tile.hpp>
#include <receipt/tree.hpp>

namespace tlog {

using TilePlace = std::pair<std::uint32_t, std::uint64_t>;  // level, index

/// A copyable value; 64 hashes and up to 8 tiles.
class Edge {
 public:
  Edge() = default;
  /// partial   for each level, the hashes of its last tile where that is not full.
  Edge(receipt::Frontier frontier,
       std::array<std::vector<terms::Digest>, receipt::tile_levels> partial)
      : frontier_(std::move(frontier)), partial_(std::move(partial)) {}

  void append(const terms::Digest& leaf);

  [[nodiscard]] std::uint64_t size() const { return frontier_.size(); }
  [[nodiscard]] const receipt::Frontier& frontier() const { return frontier_; }
  /// Tiles above level 0 that append() has touched since forget_touched(), as they are now.
  [[nodiscard]] const std::map<TilePlace, std::vector<terms::Digest>>& touched() const {
    return touched_;
  }
  void forget_touched() { touched_.clear(); }

 private:
  receipt::Frontier frontier_;
  std::array<std::vector<terms::Digest>, receipt::tile_levels> partial_;
  std::map<TilePlace, std::vector<terms::Digest>> touched_;
};

}  // namespace tlog

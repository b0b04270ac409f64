#include <receipt/tile.hpp>

#include <algorithm>

#include <receipt/tree.hpp>

namespace receipt {
namespace {

/// How many complete nodes of tile level `level` a tree has.
std::uint64_t hashes_of_level(std::uint32_t level, std::uint64_t size) {
  return level < tile_levels ? size >> (tile_height * level) : 0;
}

}  // namespace

std::optional<Tile> tile_at(std::uint32_t level, std::uint64_t index, std::uint64_t size) {
  const std::uint64_t hashes = hashes_of_level(level, size);
  if (index > hashes / tile_width_max) {
    return std::nullopt;
  }
  const std::uint64_t left = hashes - index * tile_width_max;
  if (left == 0) {
    return std::nullopt;
  }
  return Tile{level, index,
              static_cast<std::uint32_t>(std::min<std::uint64_t>(left, tile_width_max))};
}

bool exists(const Tile& tile, std::uint64_t size) {
  const auto widest = tile_at(tile.level, tile.index, size);
  return widest && tile.width >= 1 && tile.width <= widest->width;
}

std::vector<Tile> tiles_between(std::uint64_t before, std::uint64_t after) {
  base::invariant(before <= after, "a log only grows");
  std::vector<Tile> tiles;
  for (std::uint32_t level = 0; level < tile_levels; ++level) {
    if (hashes_of_level(level, before) == hashes_of_level(level, after)) {
      break;  // nor does anything above grow
    }
    std::uint64_t index = hashes_of_level(level, before) / tile_width_max;
    while (const auto tile = tile_at(level, index, after)) {
      tiles.push_back(*tile);
      ++index;
    }
  }
  return tiles;
}

Tile tile_of(const Node& node, std::uint64_t size) {
  const std::uint32_t level = node.level / tile_height;
  const std::uint64_t first = node.index << (node.level % tile_height);
  const auto tile = tile_at(level, first / tile_width_max, size);
  const std::uint64_t nodes = std::uint64_t{1} << (node.level % tile_height);
  base::invariant(tile && first % tile_width_max + nodes <= tile->width,
                  "a node that is asked for lies in the tree");
  return *tile;
}

TileTree::TileTree(const Tile& tile, std::span<const terms::Digest> hashes) : tile_(tile) {
  base::invariant(tile.width >= 1 && tile.width <= tile_width_max && hashes.size() >= tile.width,
                  "a tile has all its hashes");
  rows_.emplace_back(hashes.begin(), hashes.begin() + tile.width);
  while (rows_.back().size() > 1) {
    const std::vector<terms::Digest>& below = rows_.back();
    std::vector<terms::Digest> row;
    row.reserve(below.size() / 2);
    for (std::size_t i = 0; i + 1 < below.size(); i += 2) {
      row.push_back(node_hash(below[i], below[i + 1]));
    }
    rows_.push_back(std::move(row));
  }
}

const terms::Digest& TileTree::at(const Node& node) const {
  const std::uint32_t bottom = tile_.level * tile_height;
  base::invariant(node.level >= bottom && node.level - bottom < rows_.size(),
                  "a tile knows the levels above its own");
  const std::uint32_t row = node.level - bottom;
  const std::uint64_t first = (tile_.index * tile_width_max) >> row;
  base::invariant(node.index >= first && node.index - first < rows_[row].size(),
                  "a tile knows its own nodes");
  return rows_[row][node.index - first];
}

terms::Digest root_of_full_tile(std::span<const terms::Digest> hashes) {
  base::invariant(hashes.size() == tile_width_max, "only a full tile has one root");
  return TileTree({0, 0, tile_width_max}, hashes).at({tile_height, 0});
}

}  // namespace receipt

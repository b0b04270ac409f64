#include "edge.hpp"

#include <utility>

namespace tlog {

void Edge::append(const terms::Digest& leaf) {
  frontier_.append(leaf);
  terms::Digest hash = leaf;
  // The index of the last tile of a level, counted from the number of leaves before this one.
  std::uint64_t tiles = (frontier_.size() - 1) >> receipt::tile_height;
  for (std::uint32_t level = 0; level < receipt::tile_levels; ++level) {
    std::vector<terms::Digest>& tile = partial_.at(level);
    tile.push_back(hash);
    if (level > 0) {
      touched_[{level, tiles}] = tile;
    }
    if (tile.size() < receipt::tile_width_max) {
      return;
    }
    hash = receipt::root_of_full_tile(tile);
    tile.clear();
    tiles >>= receipt::tile_height;
  }
}

}  // namespace tlog

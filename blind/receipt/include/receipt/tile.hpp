// Where the hashes of a tree lie when it is published in tiles of 256 (C2SP tlog-tiles).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <base/invariant.hpp>
#include <terms/ids.hpp>

namespace receipt {

inline constexpr std::uint32_t tile_height = 8;
inline constexpr std::uint32_t tile_width_max = 256;
/// Tiles of a tree of 2^63 leaves have levels 0 .. 7.
inline constexpr std::uint32_t tile_levels = 8;

/// A complete subtree: the leaves index * 2^level up to (index + 1) * 2^level.
struct Node {
  std::uint32_t level = 0;  ///< 0 = leaves; below 64.
  std::uint64_t index = 0;
  friend constexpr auto operator<=>(const Node&, const Node&) = default;
};

/// `width` nodes of level 8 * level, from the node number 256 * index on.
struct Tile {
  std::uint32_t level = 0;
  std::uint64_t index = 0;
  std::uint32_t width = 0;  ///< 1 .. 256; below 256 the tile is partial.
  friend constexpr auto operator<=>(const Tile&, const Tile&) = default;
};

/// The widest tile of that place in a tree of `size` leaves; nothing when there is none. Pure.
[[nodiscard]] std::optional<Tile> tile_at(std::uint32_t level, std::uint64_t index,
                                          std::uint64_t size);

/// Whether a tree of `size` leaves has all hashes of the tile (it may have a wider one). Pure.
[[nodiscard]] bool exists(const Tile& tile, std::uint64_t size);

/// The tiles that a tree of `after` leaves has and one of `before` had not, or had with a smaller
/// width: what is to be published when the log grows. By level, then index. Pure.
[[nodiscard]] std::vector<Tile> tiles_between(std::uint64_t before, std::uint64_t after);

/// The tile from whose hashes the node follows, in a tree of `size` leaves that contains it. Pure.
[[nodiscard]] Tile tile_of(const Node& node, std::uint64_t size);

/// The hashes of one tile, with all nodes above them inside the tile: 510 hashes at most.
class TileTree {
 public:
  /// `hashes` are the tile's, in order; any that are more than `tile.width` are ignored.
  TileTree(const Tile& tile, std::span<const terms::Digest> hashes);

  [[nodiscard]] const Tile& tile() const { return tile_; }
  /// A node of the tile's own level up to the root of a full tile; it must lie in this tile.
  [[nodiscard]] const terms::Digest& at(const Node& node) const;

 private:
  Tile tile_;
  /// rows_[0] are the tile's hashes; each row has the complete nodes over the one before.
  std::vector<std::vector<terms::Digest>> rows_;
};

/// The root of a full tile: one hash of the tile above it. Pure.
[[nodiscard]] terms::Digest root_of_full_tile(std::span<const terms::Digest> hashes);

}  // namespace receipt

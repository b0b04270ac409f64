#include <receipt/tile.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "naive.hpp"

namespace receipt {
namespace {

std::vector<Tile> all_tiles(std::uint64_t size) {
  return tiles_between(0, size);
}

std::uint32_t width_at(std::uint32_t level, std::uint64_t index, std::uint64_t size) {
  const auto tile = tile_at(level, index, size);
  return tile ? tile->width : 0;
}

// The specification's own example.
TEST(Tiles, OfSeventyThousandLeaves) {
  const auto tiles = all_tiles(70'000);
  const auto count = [&](std::uint32_t level, bool full) {
    return std::count_if(tiles.begin(), tiles.end(), [&](const Tile& tile) {
      return tile.level == level && (tile.width == tile_width_max) == full;
    });
  };
  EXPECT_EQ(count(0, true), 273);
  EXPECT_EQ(width_at(0, 273, 70'000), 112U);
  EXPECT_EQ(count(1, true), 1);
  EXPECT_EQ(width_at(1, 1, 70'000), 17U);
  EXPECT_EQ(count(2, true), 0);
  EXPECT_EQ(width_at(2, 0, 70'000), 1U);
  EXPECT_EQ(tiles.size(), 273U + 1 + 1 + 1 + 1);
}

TEST(Tiles, AreThereExactlyWhenTheyHaveHashes) {
  EXPECT_TRUE(all_tiles(0).empty());
  EXPECT_FALSE(tile_at(0, 0, 0).has_value());
  EXPECT_FALSE(tile_at(0, 1, 256).has_value()) << "an empty tile is never served";
  EXPECT_FALSE(tile_at(1, 0, 255).has_value());
  EXPECT_EQ(tile_at(1, 0, 256), (Tile{1, 0, 1}));
  EXPECT_EQ(tile_at(0, 0, 255), (Tile{0, 0, 255}));
  EXPECT_TRUE(exists({0, 0, 255}, 256)) << "a tree once had it";
  EXPECT_FALSE(exists({0, 0, 256}, 255));
  EXPECT_FALSE(exists({0, 0, 0}, 255));
  EXPECT_FALSE(exists({0, 0, 257}, 1'000'000));
  EXPECT_FALSE(exists({8, 0, 1}, UINT64_MAX)) << "no tree is that high";
  EXPECT_FALSE(exists({0, UINT64_MAX, 1}, UINT64_MAX));
}

TEST(Tiles, ALogThatGrowsPublishesWhatIsNew) {
  // Sizes around the places where tiles and levels begin.
  const std::vector<std::uint64_t> sizes{0,   1,   2,    255,    256,    257,    511,
                                         512, 513, 1000, 65'535, 65'536, 65'537, 16'777'217};
  for (const std::uint64_t before : sizes) {
    for (const std::uint64_t after : sizes) {
      if (after < before || after - before > 70'000) {
        continue;
      }
      std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint32_t> fresh;
      for (const Tile& tile : tiles_between(before, after)) {
        EXPECT_EQ(tile_at(tile.level, tile.index, after), tile);
        EXPECT_FALSE(exists(tile, before));
        EXPECT_TRUE(fresh.emplace(std::pair{tile.level, tile.index}, tile.width).second);
      }
      // And nothing else is new.
      for (std::uint32_t level = 0; level < tile_levels; ++level) {
        for (std::uint64_t back = 0; back < 300; ++back) {
          const std::uint64_t last = (after >> (8 * level)) / 256;
          const std::uint64_t index = last - std::min(last, back);
          if (width_at(level, index, before) != width_at(level, index, after)) {
            EXPECT_EQ(fresh.count({level, index}), 1U) << before << " to " << after;
          }
        }
      }
    }
  }
}

TEST(Tiles, EveryNodeOfATreeFollowsFromItsTile) {
  const std::uint64_t size = 1000;
  naive::Tiles tiles(naive::leaves(size));
  for (std::uint32_t level = 0; size >> level != 0; ++level) {
    for (std::uint64_t index = 0; index < size >> level; ++index) {
      const Node node{level, index};
      const Tile tile = tile_of(node, size);
      EXPECT_TRUE(exists(tile, size));
      const auto hashes = tiles.read(tile);
      ASSERT_TRUE(hashes.ok());
      const std::uint64_t leaves = std::uint64_t{1} << level;
      EXPECT_EQ(TileTree(tile, hashes.value()).at(node),
                naive::root(tiles.level(0).subspan(index * leaves, leaves)))
          << "level " << level << " index " << index;
    }
  }
}

TEST(Tiles, TheRootOfAFullTileIsAHashOfTheTileAbove) {
  const naive::Tiles tiles(naive::leaves(512));
  EXPECT_EQ(root_of_full_tile(tiles.level(0).first(256)), tiles.level(1)[0]);
  EXPECT_EQ(root_of_full_tile(tiles.level(0).subspan(256)), tiles.level(1)[1]);
}

}  // namespace
}  // namespace receipt

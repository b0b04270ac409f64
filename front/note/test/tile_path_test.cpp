#include <note/tile_path.hpp>

#include <gtest/gtest.h>

namespace note {
namespace {

TEST(TilePaths, AreTheSpecifications) {
  EXPECT_EQ(tile_path({0, 1'234'067, 256}), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path({1, 0, 256}), "tile/1/000");
  EXPECT_EQ(tile_path({0, 273, 112}), "tile/0/273.p/112");
  EXPECT_EQ(tile_path({2, 1000, 1}), "tile/2/x001/000.p/1");
  EXPECT_EQ(entries_path({0, 999, 255}), "tile/entries/999.p/255");
}

TEST(TilePaths, ComeBackAsTheyWere) {
  for (const std::uint64_t index : {0ULL, 9ULL, 999ULL, 1000ULL, 999'999ULL, 1'000'000ULL,
                                    1'234'067ULL, 9'007'199'254'740'992ULL}) {
    for (const std::uint32_t width : {1U, 17U, 255U, 256U}) {
      const receipt::Tile tile{3, index, width};
      EXPECT_EQ(parse_tile(3, tile_path(tile).substr(7)), tile) << tile_path(tile);
    }
  }
}

TEST(TilePaths, OneSpellingOnly) {
  for (const char* path : {"",
                           "0",
                           "0000",
                           "x000/000",
                           "x001/x234/67",
                           "x001/234/067",
                           "1/234/067",
                           "000.p/0",
                           "000.p/256",
                           "000.p/017",
                           "000.p/",
                           "000.p",
                           "000/",
                           "/000",
                           "00a",
                           "x001/x234/067x",
                           "-01",
                           "000.p/1.p/1",
                           "x999/x999/x999/x999/x999/x999/x999/999",
                           "..",
                           "x001/../000"}) {
    EXPECT_FALSE(parse_tile(0, path).has_value()) << path;
  }
}

}  // namespace
}  // namespace note

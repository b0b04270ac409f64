// Where a log serves its tiles (tlog-tiles), below its prefix.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <receipt/tile.hpp>

namespace note {

/// "tile/0/x001/x234/067", and with ".p/17" behind it where the tile is partial. Pure.
[[nodiscard]] std::string tile_path(const receipt::Tile& tile);
/// "tile/entries/x001/x234/067", of the entries below a tile of level 0. Pure.
[[nodiscard]] std::string entries_path(const receipt::Tile& tile);

/// What follows "tile/L/" or "tile/entries/", for level `level`. Nothing for any other spelling.
/// Says nothing about whether such a tile exists. Pure.
[[nodiscard]] std::optional<receipt::Tile> parse_tile(std::uint32_t level, std::string_view path);

}  // namespace note

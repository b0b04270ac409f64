#include <note/tile_path.hpp>

#include <algorithm>

#include <note/checkpoint.hpp>

namespace note {
namespace {

constexpr std::string_view partial_mark = ".p/";
constexpr std::size_t digits_of_group = 3;

std::string three_digits(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(digits_of_group - digits.size(), '0') + digits;
}

/// Groups of three digits, all but the last with an x before them; then the width.
std::string place(const receipt::Tile& tile) {
  std::string path = three_digits(tile.index % 1000);
  for (std::uint64_t rest = tile.index / 1000; rest > 0; rest /= 1000) {
    path = "x" + three_digits(rest % 1000) + "/" + path;
  }
  if (tile.width < receipt::tile_width_max) {
    path += std::string(partial_mark) + std::to_string(tile.width);
  }
  return path;
}

}  // namespace

std::string tile_path(const receipt::Tile& tile) {
  return "tile/" + std::to_string(tile.level) + "/" + place(tile);
}

std::string entries_path(const receipt::Tile& tile) {
  return "tile/entries/" + place(tile);
}

std::optional<receipt::Tile> parse_tile(std::uint32_t level, std::string_view path) {
  receipt::Tile tile{level, 0, receipt::tile_width_max};
  std::string_view groups = path;
  if (const std::size_t mark = path.find(partial_mark); mark != std::string_view::npos) {
    const auto width = parse_size(path.substr(mark + partial_mark.size()));
    if (!width || *width == 0 || *width >= receipt::tile_width_max) {
      return std::nullopt;
    }
    tile.width = static_cast<std::uint32_t>(*width);
    groups = path.substr(0, mark);
  }
  std::string digits;
  for (const char c : groups) {
    if (c >= '0' && c <= '9') {
      digits += c;
    }
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  const auto index = parse_size(digits.empty() ? "0" : digits);
  if (!index) {
    return std::nullopt;
  }
  tile.index = *index;
  // One spelling only: the one that is written.
  return place(tile) == path ? std::optional(tile) : std::nullopt;
}

}  // namespace note

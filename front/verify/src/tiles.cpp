#include "tiles.hpp"

#include <fstream>
#include <string>

#include <note/tile_path.hpp>
#include <receipt/digest.hpp>

namespace verify {
namespace {

/// Nothing where the file is not there or has not that many hashes.
std::vector<terms::Digest> hashes_in(const std::filesystem::path& file, std::uint32_t width) {
  std::ifstream in(file, std::ios::binary);
  std::vector<terms::Digest> hashes;
  receipt::DigestBytes bytes{};
  while (hashes.size() < width && in.read(reinterpret_cast<char*>(bytes.data()),
                                          static_cast<std::streamsize>(bytes.size()))) {
    hashes.push_back(receipt::from_bytes(bytes));
  }
  return hashes.size() == width ? hashes : std::vector<terms::Digest>{};
}

}  // namespace

base::Result<std::vector<terms::Digest>, receipt::ProofError> TileFolder::read(
    const receipt::Tile& tile) {
  // The full tile also has what a partial one had.
  for (const receipt::Tile& place :
       {tile, receipt::Tile{tile.level, tile.index, receipt::tile_width_max}}) {
    auto hashes = hashes_in(folder_ / note::tile_path(place), tile.width);
    if (!hashes.empty()) {
      return hashes;
    }
  }
  return base::Fail{receipt::ProofError::no_tile};
}

}  // namespace verify

#include "tiles.hpp"

#include <receipt/digest.hpp>
#include <receipt/tree.hpp>

namespace tlog {

using base::Fail;

terms::Digest leaf_hash_of(const ledger::LeafRow& leaf) {
  return leaf.kind == ledger::LeafKind::document
             ? leaf.value
             : receipt::leaf_hash(receipt::to_bytes(leaf.value));
}

Answer<std::vector<ledger::LeafRow>> leaves_of(ledger::Reader& reader, std::uint64_t first,
                                               std::uint64_t count) {
  auto rows = reader.leaves(first, static_cast<std::uint32_t>(count));
  if (!rows.ok()) {
    return Fail{Error::ledger_unavailable};
  }
  std::uint64_t next = first;
  for (const ledger::LeafRow& row : *rows) {
    if (row.index != next) {
      return Fail{Error::ledger_differs};
    }
    ++next;
  }
  if (next != first + count) {
    return Fail{Error::ledger_differs};
  }
  return std::move(rows).value();
}

Answer<std::vector<terms::Digest>> Tiles::hashes(const receipt::Tile& tile) {
  if (tile.level > 0) {
    if (unsaved_ != nullptr) {
      const auto found = unsaved_->touched().find({tile.level, tile.index});
      if (found != unsaved_->touched().end()) {
        return found->second;
      }
    }
    return archive_.tile(tile.level, tile.index);
  }
  auto rows = leaves_of(reader_, tile.index * receipt::tile_width_max, tile.width);
  if (!rows.ok()) {
    return Fail{rows.error()};
  }
  std::vector<terms::Digest> hashes;
  hashes.reserve(rows.value().size());
  for (const ledger::LeafRow& row : *rows) {
    hashes.push_back(leaf_hash_of(row));
  }
  return hashes;
}

base::Result<std::vector<terms::Digest>, receipt::ProofError> Tiles::read(
    const receipt::Tile& tile) {
  auto found = hashes(tile);
  if (!found.ok()) {
    error_ = found.error();
    return Fail{receipt::ProofError::unavailable};
  }
  if (found.value().size() < tile.width) {
    error_ = Error::damaged;
    return Fail{receipt::ProofError::no_tile};
  }
  return std::move(found).value();
}

}  // namespace tlog

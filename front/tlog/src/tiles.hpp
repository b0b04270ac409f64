// Where the log's hashes and entries come from: the ledger below, log.db above.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <ledger/reader.hpp>
#include <receipt/proof.hpp>
#include <tlog/error.hpp>

#include "archive.hpp"
#include "edge.hpp"

namespace tlog {

/// SHA-256(0x00 || entry).
[[nodiscard]] terms::Digest leaf_hash_of(const ledger::LeafRow& leaf);

/// Entries `first` .. `first` + `count` of the ledger, all of them; ledger_differs when one is not
/// there or not the next.
[[nodiscard]] Answer<std::vector<ledger::LeafRow>> leaves_of(ledger::Reader& reader,
                                                             std::uint64_t first,
                                                             std::uint64_t count);

/// Level 0 is made of the ledger's own entries, which are durable and never change; what lies above
/// is read from `unsaved` where it is there, else from log.db. Not thread-safe.
class Tiles final : public receipt::TileSource {
 public:
  Tiles(ledger::Reader& reader, Archive& archive, const Edge* unsaved = nullptr)
      : reader_(reader), archive_(archive), unsaved_(unsaved) {}

  [[nodiscard]] base::Result<std::vector<terms::Digest>, receipt::ProofError> read(
      const receipt::Tile& tile) override;
  /// What went wrong when the last read() failed.
  [[nodiscard]] Error error() const { return error_; }

 private:
  Answer<std::vector<terms::Digest>> hashes(const receipt::Tile& tile);

  ledger::Reader& reader_;
  Archive& archive_;
  const Edge* unsaved_;
  Error error_ = Error::unavailable;
};

}  // namespace tlog

// Proofs that a leaf is in a tree, and that one tree is the beginning of another (RFC 9162, 2.1).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <base/result.hpp>
#include <receipt/tile.hpp>
#include <terms/ids.hpp>

namespace receipt {

/// At most 64 hashes for inclusion, 65 for consistency.
using Proof = std::vector<terms::Digest>;

enum class ProofError : std::uint32_t {
  out_of_range = 1,  ///< The tree has no such leaf, or no such smaller tree.
  no_tile,           ///< A tile that the tree must have is not there.
  unavailable,       ///< The place where tiles are kept does not answer; try again.
};

/// Where tiles are kept. Called from the thread that builds the proof.
class TileSource {
 public:
  virtual ~TileSource() = default;
  /// The tile's hashes in order: at least `tile.width`, of which more are ignored (a log that has
  /// grown may have kept only the wider tile). Errors: no_tile, unavailable.
  [[nodiscard]] virtual base::Result<std::vector<terms::Digest>, ProofError> read(
      const Tile& tile) = 0;
};

/// Builds proofs for one size of a log. Tiles that were read are kept, 64 at most (about 1 MiB), so
/// that many proofs in the order of their leaves read each tile about once. Not thread-safe.
class ProofBuilder {
 public:
  /// `source` must outlive this and have the tiles of a tree of `size` leaves.
  ProofBuilder(TileSource& source, std::uint64_t size) : source_(source), size_(size) {}

  /// That leaf `index` is in the tree; the sibling nearest to the leaf first.
  [[nodiscard]] base::Result<Proof, ProofError> inclusion(std::uint64_t index);
  /// That the tree of the first `before` leaves is the beginning of this one. Empty when `before`
  /// is 0 or the size itself.
  [[nodiscard]] base::Result<Proof, ProofError> consistency(std::uint64_t before);
  [[nodiscard]] base::Result<terms::Digest, ProofError> root();

 private:
  struct Range;
  base::Result<terms::Digest, ProofError> root_of(Range range);
  base::Result<terms::Digest, ProofError> hash_of(const Node& node);
  base::Result<Proof, ProofError> roots_of(std::span<const Range> ranges);

  TileSource& source_;
  std::uint64_t size_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, TileTree> tiles_;
};

/// Whether `proof` shows that the leaf is number `index` of the tree with that size and root. Pure.
[[nodiscard]] bool includes(const terms::Digest& root, std::uint64_t size, std::uint64_t index,
                            const terms::Digest& leaf, std::span<const terms::Digest> proof);

/// Whether `proof` shows that the first `before` leaves of the tree are the tree `root_before`.
/// Pure.
[[nodiscard]] bool extends(const terms::Digest& root_before, std::uint64_t before,
                           const terms::Digest& root, std::uint64_t size,
                           std::span<const terms::Digest> proof);

}  // namespace receipt

// A Merkle tree whose nodes carry sums: who knows one leaf can check that it is part of the total.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <base/quantity.hpp>
#include <base/result.hpp>
#include <terms/ids.hpp>

namespace receipt {

struct SumNode {
  terms::Digest hash;
  base::Nano sum;  ///< Of all leaves below; >= 0.

  friend constexpr bool operator==(const SumNode&, const SumNode&) = default;
};

/// The nodes beside the way from a leaf to the root, nearest the leaf first.
using SumProof = std::vector<SumNode>;

enum class SumError : std::uint32_t {
  negative = 1,  ///< A balance below zero: it would hide another.
  overflow,      ///< The total does not fit in 63 bits.
};

/// SHA-256(0x03 || salt[32] || account[16] || balance[8]), numbers big-endian. The balance is not
/// negative. Pure.
[[nodiscard]] SumNode sum_leaf(const terms::Digest& salt, terms::Pseudonym account,
                               base::Nano balance);

/// SHA-256(0x02 || left hash || left sum[8] || right hash || right sum[8]). Both sums are in the
/// hash, so that neither can be told differently to two customers. Pure.
[[nodiscard]] base::Result<SumNode, SumError> sum_node(const SumNode& left, const SumNode& right);

/// The whole tree, in the shape of the log's (RFC 6962): 2 nodes for each leaf in memory.
class SumTree {
 public:
  [[nodiscard]] static base::Result<SumTree, SumError> over(std::vector<SumNode> leaves);

  /// Of a tree without leaves: SHA-256 of nothing, and zero.
  [[nodiscard]] SumNode root() const;
  [[nodiscard]] std::uint64_t size() const { return rows_.front().size(); }
  /// index   below size().
  [[nodiscard]] SumProof path(std::uint64_t index) const;

 private:
  SumTree() = default;
  /// rows_[0] are the leaves; a node without a sibling moves up as it is.
  std::vector<std::vector<SumNode>> rows_;
};

/// The root that follows from leaf number `index` of `size` and the nodes beside its way; nothing
/// when the path has not the length for that, or a sum is negative or too large. Pure.
[[nodiscard]] std::optional<SumNode> sum_root(const SumNode& leaf, std::uint64_t index,
                                              std::uint64_t size, std::span<const SumNode> path);

}  // namespace receipt

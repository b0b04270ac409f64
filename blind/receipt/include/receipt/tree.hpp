// The log's Merkle tree, as RFC 6962 (and 9162) hash it: leaves, nodes, roots.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <terms/ids.hpp>

namespace receipt {

/// SHA-256(0x00 || entry). Pure.
[[nodiscard]] terms::Digest leaf_hash(std::span<const std::uint8_t> entry);

/// SHA-256(0x01 || left || right). Pure.
[[nodiscard]] terms::Digest node_hash(const terms::Digest& left, const terms::Digest& right);

/// SHA-256 of nothing: the root of a tree without leaves. Pure.
[[nodiscard]] terms::Digest empty_root();

/// The right edge of a growing tree: all that must be kept to append to it and to know its root.
/// 64 hashes at most; not thread-safe; no I/O.
class Frontier {
 public:
  /// The empty tree.
  Frontier() = default;
  /// What `size()` and `hashes()` said of another. Nothing when they do not belong together (as
  /// many hashes as `size` has bits that are set).
  [[nodiscard]] static std::optional<Frontier> restore(std::uint64_t size,
                                                       std::vector<terms::Digest> hashes);

  /// Cost: one hash on average, 63 at most.
  void append(const terms::Digest& leaf);
  /// Cost: as many hashes as the frontier has, less one.
  [[nodiscard]] terms::Digest root() const;

  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Roots of the complete subtrees that the tree is made of, the largest (leftmost) first.
  [[nodiscard]] const std::vector<terms::Digest>& hashes() const { return hashes_; }

  friend bool operator==(const Frontier&, const Frontier&) = default;

 private:
  std::uint64_t size_ = 0;
  std::vector<terms::Digest> hashes_;
};

}  // namespace receipt

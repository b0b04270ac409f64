#include <receipt/tree.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include <base/invariant.hpp>
#include <receipt/digest.hpp>

namespace receipt {
namespace {

constexpr std::uint8_t leaf_mark = 0x00;
constexpr std::uint8_t node_mark = 0x01;

}  // namespace

terms::Digest leaf_hash(std::span<const std::uint8_t> entry) {
  std::vector<std::uint8_t> bytes{leaf_mark};
  bytes.reserve(1 + entry.size());
  bytes.insert(bytes.end(), entry.begin(), entry.end());
  return sha256(bytes);
}

terms::Digest node_hash(const terms::Digest& left, const terms::Digest& right) {
  std::array<std::uint8_t, 1 + 2 * digest_bytes> bytes{node_mark};
  const DigestBytes first = to_bytes(left);
  const DigestBytes second = to_bytes(right);
  std::copy(first.begin(), first.end(), bytes.begin() + 1);
  std::copy(second.begin(), second.end(), bytes.begin() + 1 + digest_bytes);
  return sha256(bytes);
}

terms::Digest empty_root() {
  return sha256({});
}

std::optional<Frontier> Frontier::restore(std::uint64_t size, std::vector<terms::Digest> hashes) {
  if (static_cast<std::size_t>(std::popcount(size)) != hashes.size()) {
    return std::nullopt;
  }
  Frontier frontier;
  frontier.size_ = size;
  frontier.hashes_ = std::move(hashes);
  return frontier;
}

void Frontier::append(const terms::Digest& leaf) {
  terms::Digest hash = leaf;
  // Each low bit that is set is a complete subtree as large as what has just been completed.
  for (std::uint64_t rest = size_; (rest & 1U) != 0; rest >>= 1U) {
    hash = node_hash(hashes_.back(), hash);
    hashes_.pop_back();
  }
  hashes_.push_back(hash);
  ++size_;
  base::invariant(size_ != 0, "a tree has fewer than 2^64 leaves");
}

terms::Digest Frontier::root() const {
  if (hashes_.empty()) {
    return empty_root();
  }
  terms::Digest hash = hashes_.back();
  for (std::size_t i = hashes_.size() - 1; i > 0; --i) {
    hash = node_hash(hashes_[i - 1], hash);
  }
  return hash;
}

}  // namespace receipt

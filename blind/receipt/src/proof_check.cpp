#include <receipt/proof.hpp>
#include <receipt/tree.hpp>

namespace receipt {
namespace {

bool is_right(std::uint64_t node) {
  return (node & 1U) != 0;
}

}  // namespace

// RFC 9162, section 2.1.3.2, with its names fn and sn written out.
bool includes(const terms::Digest& root, std::uint64_t size, std::uint64_t index,
              const terms::Digest& leaf, std::span<const terms::Digest> proof) {
  if (index >= size) {
    return false;
  }
  std::uint64_t node = index;
  std::uint64_t last = size - 1;
  terms::Digest hash = leaf;
  for (const terms::Digest& sibling : proof) {
    if (last == 0) {
      return false;  // the proof is too long
    }
    if (is_right(node) || node == last) {
      hash = node_hash(sibling, hash);
      while (!is_right(node) && node != 0) {
        node >>= 1U;  // alone at its level: it moves up as it is
        last >>= 1U;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1U;
    last >>= 1U;
  }
  return last == 0 && hash == root;
}

// RFC 9162, section 2.1.4.2.
bool extends(const terms::Digest& root_before, std::uint64_t before, const terms::Digest& root,
             std::uint64_t size, std::span<const terms::Digest> proof) {
  if (before == 0 || before == size) {
    const terms::Digest& expected = before == 0 ? empty_root() : root;
    return proof.empty() && root_before == expected && (size != 0 || root == empty_root());
  }
  if (before > size || proof.empty()) {
    return false;
  }
  std::uint64_t node = before - 1;
  std::uint64_t last = size - 1;
  while (is_right(node)) {
    node >>= 1U;
    last >>= 1U;
  }
  // A smaller tree that is complete is itself the first part; its root is not repeated.
  const bool complete = node == 0;
  terms::Digest hash_before = complete ? root_before : proof.front();
  terms::Digest hash = hash_before;
  for (const terms::Digest& part : proof.subspan(complete ? 0 : 1)) {
    if (last == 0) {
      return false;
    }
    if (is_right(node) || node == last) {
      hash_before = node_hash(part, hash_before);
      hash = node_hash(part, hash);
      while (!is_right(node) && node != 0) {
        node >>= 1U;
        last >>= 1U;
      }
    } else {
      hash = node_hash(hash, part);
    }
    node >>= 1U;
    last >>= 1U;
  }
  return last == 0 && hash_before == root_before && hash == root;
}

}  // namespace receipt

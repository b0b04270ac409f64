#include <receipt/sum_tree.hpp>

#include <array>
#include <utility>

#include <base/invariant.hpp>
#include <receipt/digest.hpp>
#include <receipt/tree.hpp>

namespace receipt {
namespace {

constexpr std::uint8_t node_mark = 0x02;
constexpr std::uint8_t leaf_mark = 0x03;

void put(std::vector<std::uint8_t>& bytes, std::uint64_t word) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<std::uint8_t>(word >> shift));
  }
}

void put(std::vector<std::uint8_t>& bytes, const terms::Digest& digest) {
  for (const std::uint64_t word : digest.words) {
    put(bytes, word);
  }
}

void put(std::vector<std::uint8_t>& bytes, base::Nano amount) {
  put(bytes, static_cast<std::uint64_t>(amount.value));
}

}  // namespace

SumNode sum_leaf(const terms::Digest& salt, terms::Pseudonym account, base::Nano balance) {
  std::vector<std::uint8_t> bytes{leaf_mark};
  put(bytes, salt);
  put(bytes, account.high);
  put(bytes, account.low);
  put(bytes, balance);
  return {sha256(bytes), balance};
}

base::Result<SumNode, SumError> sum_node(const SumNode& left, const SumNode& right) {
  if (left.sum.value < 0 || right.sum.value < 0) {
    return base::Fail{SumError::negative};
  }
  const auto sum = base::checked_add(left.sum, right.sum);
  if (!sum) {
    return base::Fail{SumError::overflow};
  }
  std::vector<std::uint8_t> bytes{node_mark};
  put(bytes, left.hash);
  put(bytes, left.sum);
  put(bytes, right.hash);
  put(bytes, right.sum);
  return SumNode{sha256(bytes), *sum};
}

base::Result<SumTree, SumError> SumTree::over(std::vector<SumNode> leaves) {
  for (const SumNode& leaf : leaves) {
    if (leaf.sum.value < 0) {
      return base::Fail{SumError::negative};
    }
  }
  SumTree tree;
  tree.rows_.push_back(std::move(leaves));
  while (tree.rows_.back().size() > 1) {
    const std::vector<SumNode>& below = tree.rows_.back();
    std::vector<SumNode> row;
    row.reserve((below.size() + 1) / 2);
    for (std::size_t i = 0; i + 1 < below.size(); i += 2) {
      const auto node = sum_node(below[i], below[i + 1]);
      if (!node.ok()) {
        return base::Fail{node.error()};
      }
      row.push_back(node.value());
    }
    if (below.size() % 2 == 1) {
      row.push_back(below.back());
    }
    tree.rows_.push_back(std::move(row));
  }
  return tree;
}

SumNode SumTree::root() const {
  return rows_.back().empty() ? SumNode{empty_root(), {}} : rows_.back().front();
}

SumProof SumTree::path(std::uint64_t index) const {
  base::invariant(index < size(), "only a leaf has a path");
  SumProof path;
  for (const std::vector<SumNode>& row : rows_) {
    const std::uint64_t sibling = index ^ 1U;
    if (sibling < row.size()) {
      path.push_back(row[sibling]);
    }
    index >>= 1U;
  }
  return path;
}

std::optional<SumNode> sum_root(const SumNode& leaf, std::uint64_t index, std::uint64_t size,
                                std::span<const SumNode> path) {
  if (index >= size || leaf.sum.value < 0) {
    return std::nullopt;
  }
  SumNode node = leaf;
  for (std::uint64_t last = size - 1; last != 0; last >>= 1U, index >>= 1U) {
    const bool right = (index & 1U) != 0;
    if (!right && index == last) {
      continue;  // alone at its level: it moves up as it is
    }
    if (path.empty()) {
      return std::nullopt;
    }
    const auto above = right ? sum_node(path.front(), node) : sum_node(node, path.front());
    if (!above.ok()) {
      return std::nullopt;
    }
    node = above.value();
    path = path.subspan(1);
  }
  return path.empty() ? std::optional(node) : std::nullopt;
}

}  // namespace receipt

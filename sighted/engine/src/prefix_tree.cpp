#include "prefix_tree.hpp"

#include <algorithm>

#include <base/invariant.hpp>

namespace engine {

PrefixTree::Key PrefixTree::key_at(std::span<const content::TokenId> tokens, std::size_t block) {
  Key key;
  std::copy_n(tokens.begin() + static_cast<std::ptrdiff_t>(block * kv_block_tokens), key.size(),
              key.begin());
  return key;
}

std::vector<std::uint32_t> PrefixTree::find(Space space,
                                            std::span<const content::TokenId> tokens) const {
  std::vector<std::uint32_t> blocks;
  const auto root = roots_.find(space);
  const auto* children = root == roots_.end() ? nullptr : &root->second.children;
  for (std::size_t i = 0; children != nullptr && (i + 1) * kv_block_tokens <= tokens.size(); ++i) {
    const auto child = children->find(key_at(tokens, i));
    if (child == children->end()) {
      break;
    }
    blocks.push_back(child->second->block);
    children = &child->second->children;
  }
  return blocks;
}

void PrefixTree::add(Space space, std::span<const content::TokenId> tokens,
                     std::span<const std::uint32_t> blocks) {
  const std::size_t full = std::min(tokens.size() / kv_block_tokens, blocks.size());
  if (full == 0) {
    return;
  }
  Root& root = roots_[space];
  Node* parent = nullptr;
  for (std::size_t i = 0; i < full; ++i) {
    auto& children = parent == nullptr ? root.children : parent->children;
    const auto [child, fresh] = children.try_emplace(key_at(tokens, i), nullptr);
    if (fresh) {
      base::invariant(!holds(blocks[i]), "a block holds one beginning");
      base::invariant(parent == nullptr || !parent->idle, "who adds to a block uses it");
      nodes_[blocks[i]] = std::make_unique<Node>();
      Node& node = *nodes_[blocks[i]];
      node.space = space;
      node.parent = parent;
      node.key = child->first;
      node.block = blocks[i];
      node.depth = static_cast<std::uint32_t>(i);
      child->second = &node;
      ++root.held;
    }
    parent = child->second;
  }
}

/// Makes an idle leaf one that may be lost.
void PrefixTree::offer(const Node& node) {
  if (node.idle && node.children.empty()) {
    roots_.at(node.space).leaves.emplace(node.worth, node.since, node.block);
  }
}

void PrefixTree::withdraw(const Node& node) {
  roots_.at(node.space).leaves.erase({node.worth, node.since, node.block});
}

void PrefixTree::idle(std::uint32_t block) {
  // A token costs its pass over the weights and a look at those before it; for models of the sizes
  // that run here the second is as much as the first after some thousands of tokens.
  constexpr std::uint64_t weights_cost = 4096;
  Node& node = *nodes_[block];
  node.idle = true;
  node.worth = roots_.at(node.space).lost_worth + weights_cost + node.depth * kv_block_tokens;
  node.since = ++now_;
  offer(node);
}

void PrefixTree::busy(std::uint32_t block) {
  Node& node = *nodes_[block];
  withdraw(node);
  node.idle = false;
}

std::optional<std::uint32_t> PrefixTree::lose_one() {
  auto most = roots_.end();
  for (auto root = roots_.begin(); root != roots_.end(); ++root) {
    if (!root->second.leaves.empty() &&
        (most == roots_.end() || root->second.held > most->second.held)) {
      most = root;
    }
  }
  if (most == roots_.end()) {
    return std::nullopt;
  }
  Root& root = most->second;
  const auto [worth, since, block] = *root.leaves.begin();
  root.leaves.erase(root.leaves.begin());
  root.lost_worth = worth;
  const std::unique_ptr<Node> node = std::move(nodes_[block]);
  (node->parent == nullptr ? root.children : node->parent->children).erase(node->key);
  if (node->parent != nullptr) {
    offer(*node->parent);
  }
  if (--root.held == 0) {
    roots_.erase(most);
  }
  return block;
}

std::uint32_t PrefixTree::held(Space space) const {
  const auto root = roots_.find(space);
  return root == roots_.end() ? 0 : root->second.held;
}

}  // namespace engine

#include "prefix_tree.hpp"

#include <algorithm>
#include <functional>

#include <base/invariant.hpp>

namespace engine {

PrefixTree::Key PrefixTree::key_at(const Spaces& spaces, std::span<const content::TokenId> tokens,
                                   std::size_t block) {
  Key key;
  key.space = spaces.of(block);
  std::copy_n(tokens.begin() + static_cast<std::ptrdiff_t>(block * kv_block_tokens),
              key.tokens.size(), key.tokens.begin());
  return key;
}

std::vector<std::uint32_t> PrefixTree::find(const Spaces& spaces,
                                            std::span<const content::TokenId> tokens) const {
  std::vector<std::uint32_t> blocks;
  const auto* children = &roots_;
  for (std::size_t i = 0; (i + 1) * kv_block_tokens <= tokens.size(); ++i) {
    const auto child = children->find(key_at(spaces, tokens, i));
    if (child == children->end()) {
      break;
    }
    blocks.push_back(child->second->block);
    children = &child->second->children;
  }
  return blocks;
}

void PrefixTree::add(const Spaces& spaces, std::span<const content::TokenId> tokens,
                     std::span<const std::uint32_t> blocks) {
  const std::size_t full = std::min(tokens.size() / kv_block_tokens, blocks.size());
  Node* parent = nullptr;
  for (std::size_t i = 0; i < full; ++i) {
    auto& children = parent == nullptr ? roots_ : parent->children;
    const auto [child, fresh] = children.try_emplace(key_at(spaces, tokens, i), nullptr);
    if (fresh) {
      base::invariant(!holds(blocks[i]), "a block holds one beginning");
      base::invariant(parent == nullptr || !parent->idle, "who adds to a block uses it");
      nodes_[blocks[i]] = std::make_unique<Node>();
      Node& node = *nodes_[blocks[i]];
      node.parent = parent;
      node.key = child->first;
      node.block = blocks[i];
      node.first_keeper = parent == nullptr ? node.key.space.keeper : parent->first_keeper;
      node.depth = static_cast<std::uint32_t>(i);
      child->second = &node;
      ++keepers_[node.key.space.keeper].held;
    }
    parent = child->second;
  }
}

/// Where a node is found, with what goes on otherwise at the same place.
std::map<PrefixTree::Key, PrefixTree::Node*>& PrefixTree::beside(const Node& node) {
  return node.parent == nullptr ? roots_ : node.parent->children;
}

/// Makes an idle leaf one that may be lost.
void PrefixTree::offer(const Node& node) {
  if (node.idle && node.children.empty()) {
    keeper_of(node).leaves.emplace(node.worth, node.since, node.block);
    if (node.first_keeper != node.key.space.keeper) {
      keepers_.at(node.first_keeper).behind.emplace(node.worth, node.since, node.block);
    }
  }
}

void PrefixTree::withdraw(const Node& node) {
  keeper_of(node).leaves.erase({node.worth, node.since, node.block});
  keepers_.at(node.first_keeper).behind.erase({node.worth, node.since, node.block});
}

void PrefixTree::idle(std::uint32_t block) {
  // A token costs its pass over the weights and a look at those before it; for models of the sizes
  // that run here the second is as much as the first after some thousands of tokens.
  constexpr std::uint64_t weights_cost = 4096;
  Node& node = *nodes_[block];
  node.idle = true;
  node.worth = keeper_of(node).lost_worth + weights_cost + node.depth * kv_block_tokens;
  node.since = ++now_;
  offer(node);
}

void PrefixTree::busy(std::uint32_t block) {
  Node& node = *nodes_[block];
  withdraw(node);
  node.idle = false;
}

/// Takes out an idle leaf; then its parent may be one.
void PrefixTree::remove(std::uint32_t block) {
  withdraw(*nodes_[block]);
  const std::unique_ptr<Node> node = std::move(nodes_[block]);
  beside(*node).erase(node->key);
  if (node->parent != nullptr) {
    offer(*node->parent);
  }
  if (--keeper_of(*node).held == 0) {
    keepers_.erase(node->key.space.keeper);
  }
}

std::optional<std::uint32_t> PrefixTree::lose_one() {
  auto most = keepers_.end();
  for (auto keeper = keepers_.begin(); keeper != keepers_.end(); ++keeper) {
    const bool can_lose = !keeper->second.leaves.empty() || !keeper->second.behind.empty();
    if (can_lose && (most == keepers_.end() || keeper->second.held > most->second.held)) {
      most = keeper;
    }
  }
  if (most == keepers_.end()) {
    return std::nullopt;
  }
  const bool own = !most->second.leaves.empty();
  const auto [worth, since, block] = *(own ? most->second.leaves : most->second.behind).begin();
  keeper_of(*nodes_[block]).lost_worth = worth;
  remove(block);
  return block;
}

std::vector<std::uint32_t> PrefixTree::forget(std::uint64_t keeper) {
  std::vector<std::uint32_t> going;
  for (const std::unique_ptr<Node>& node : nodes_) {
    const Node* on_the_way = node.get();
    while (on_the_way != nullptr && on_the_way->key.space.keeper != keeper) {
      on_the_way = on_the_way->parent;
    }
    if (on_the_way != nullptr) {
      going.push_back(node->block);
    }
  }
  // From the ends of their ways; what somebody uses stays, and all that is on the way to it.
  std::ranges::sort(going, std::greater{}, [this](auto block) { return nodes_[block]->depth; });
  std::erase_if(going, [this](std::uint32_t block) {
    const bool stays = !nodes_[block]->idle || !nodes_[block]->children.empty();
    if (!stays) {
      remove(block);
    }
    return stays;
  });
  return going;
}

std::uint32_t PrefixTree::held(std::uint64_t keeper) const {
  const auto found = keepers_.find(keeper);
  return found == keepers_.end() ? 0 : found->second.held;
}

}  // namespace engine

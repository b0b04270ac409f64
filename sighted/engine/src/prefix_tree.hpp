// Which blocks of a KV cache hold which beginnings of prompts, after their lanes are gone.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <vector>

#include <content/tokens.hpp>

#include "kv_block.hpp"
#include "spaces.hpp"

namespace engine {

/// A tree over blocks of tokens, each with its space: who knows the way knows what the blocks hold.
/// Spaces share nothing; but a way may begin in one, an opened beginning, and go on in another.
/// Tokens are compared one by one, not by a hash, so nothing is found by accident.
///
/// What is lost first: of the keeper that holds most, the leaf that is cheapest to compute again
/// for its age (GreedyDual, Young 1994: each leaf is worth its cost more than the last one lost
/// was; of two worth the same the one that rests longer). So everyone keeps a part of the cache,
/// whatever others do, and may hold more while nobody needs it. Where what it holds leads on to
/// others' leaves only, one of those is lost: nobody hides its blocks behind another's.
///
/// Deterministic; engine thread only.
class PrefixTree {
 public:
  /// blocks   of the cache; they are numbered from 0.
  explicit PrefixTree(std::uint32_t blocks) : nodes_(blocks) {}

  /// The blocks that hold the longest known beginning of `tokens`, one for each 16 of them.
  [[nodiscard]] std::vector<std::uint32_t> find(const Spaces& spaces,
                                                std::span<const content::TokenId> tokens) const;
  /// Adds what find() does not know: blocks[i] holds tokens 16 i .. 16 i + 15. Those that are added
  /// are in use until idle() is told. Blocks at the end that are not full are left out.
  void add(const Spaces& spaces, std::span<const content::TokenId> tokens,
           std::span<const std::uint32_t> blocks);
  [[nodiscard]] bool holds(std::uint32_t block) const { return nodes_[block] != nullptr; }

  /// Nobody uses a block but the tree, from here on; and: somebody does. Who uses a block uses
  /// those on the way to it.
  void idle(std::uint32_t block);
  void busy(std::uint32_t block);
  /// Forgets an idle block. Nothing: there is none.
  std::optional<std::uint32_t> lose_one();

  /// Forgets the idle blocks of a keeper and those whose way leads over one of its. Returns them.
  std::vector<std::uint32_t> forget(std::uint64_t keeper);

  /// Blocks that a keeper holds.
  [[nodiscard]] std::uint32_t held(std::uint64_t keeper) const;

 private:
  struct Key {
    Space space;
    std::array<content::TokenId, kv_block_tokens> tokens{};
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Node {
    Node* parent = nullptr;  ///< Null at the beginning of a prompt.
    Key key{};
    std::uint64_t first_keeper = 0;  ///< Of the first block on the way here.
    std::uint32_t block = 0;
    std::uint32_t depth = 0;
    bool idle = false;
    std::uint64_t worth = 0;
    std::uint64_t since = 0;  ///< When it became idle.
    std::map<Key, Node*> children;
  };
  using Rank = std::tuple<std::uint64_t, std::uint64_t, std::uint32_t>;  ///< worth, since, block
  struct Keeper {
    std::uint64_t lost_worth = 0;  ///< Of what was lost last.
    std::uint32_t held = 0;
    std::set<Rank> leaves;  ///< Idle ones.
    std::set<Rank> behind;  ///< Those of others whose way begins with its blocks.
  };

  [[nodiscard]] static Key key_at(const Spaces& spaces, std::span<const content::TokenId> tokens,
                                  std::size_t block);
  [[nodiscard]] std::map<Key, Node*>& beside(const Node& node);
  [[nodiscard]] Keeper& keeper_of(const Node& node) { return keepers_.at(node.key.space.keeper); }
  void remove(std::uint32_t block);
  void offer(const Node& node);
  void withdraw(const Node& node);

  std::vector<std::unique_ptr<Node>> nodes_;  ///< By block.
  std::map<Key, Node*> roots_;                ///< First blocks of prompts.
  std::map<std::uint64_t, Keeper> keepers_;   ///< Those that hold something.
  std::uint64_t now_ = 0;                     ///< Counts what became idle.
};

}  // namespace engine

// Which blocks of a KV cache hold which lane's tokens. Numbers only; the store holds the bytes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <content/tokens.hpp>

#include "kv_block.hpp"
#include "prefix_tree.hpp"

namespace engine {

/// A block belongs to as many lanes as share it, and to the tree of prefixes where that knows it;
/// whoever writes into a shared one gets a copy first. There are enough blocks for any lanes whose
/// tokens (those that several share counted once) are no more than kv_tokens: beside the full
/// blocks each lane has at most one that is not full, and at most one that it copied where it
/// parted from the others. What no lane needs keeps prefixes. Engine thread only.
class BlockTables {
 public:
  struct Copy {
    std::uint32_t from;
    std::uint32_t to;
  };
  using Tokens = std::span<const content::TokenId>;
  /// What an empty slot found to begin with: whole blocks.
  struct Found {
    std::uint32_t tokens = 0;
    std::uint32_t shared = 0;  ///< Of these, held by `with`, too: they take no room.
    std::uint32_t with = 0;    ///< The slot that holds them; only where there are any.
  };

  BlockTables(std::uint32_t kv_tokens, std::uint32_t lanes_max);

  [[nodiscard]] std::uint32_t blocks() const { return static_cast<std::uint32_t>(users_.size()); }
  /// Blocks that hold nothing.
  [[nodiscard]] std::uint32_t free() const { return static_cast<std::uint32_t>(free_.size()); }
  [[nodiscard]] const std::vector<std::uint32_t>& table(std::uint32_t slot) const {
    return tables_[slot];
  }

  /// Makes room for tokens first .. last - 1 of a lane. Adds to `copies` what must be copied before
  /// they are written.
  void extend(std::uint32_t slot, std::uint32_t first, std::uint32_t last,
              std::vector<Copy>& copies);
  /// The empty `to` shares the blocks of the first `tokens` tokens of `from`.
  void share(std::uint32_t from, std::uint32_t to, std::uint32_t tokens);
  void drop(std::uint32_t slot);

  /// How many tokens of a beginning are kept: whole blocks.
  [[nodiscard]] std::uint32_t kept(const Spaces& spaces, Tokens tokens) const;
  /// The empty `slot` begins with what is kept of `tokens`: what other slots use, and of the rest
  /// no more than `room` tokens.
  Found attach(std::uint32_t slot, const Spaces& spaces, Tokens tokens, std::size_t room);
  /// The slot holds `tokens`: its full blocks are kept for others of the space. What is kept
  /// already the slot shares from here on, and gives its own back: they are the same to the bit.
  void keep(std::uint32_t slot, const Spaces& spaces, Tokens tokens);
  /// Blocks that are kept for a keeper.
  [[nodiscard]] std::uint32_t held(std::uint64_t keeper) const { return tree_.held(keeper); }
  /// Nothing is kept for a keeper any more, but what lanes use.
  void forget(std::uint64_t keeper);

 private:
  std::uint32_t take();
  void use(std::uint32_t block);
  void let_go(std::uint32_t block);

  std::vector<std::vector<std::uint32_t>> tables_;  ///< By slot.
  std::vector<std::uint32_t> held_;                 ///< By slot: its tokens.
  std::vector<std::uint32_t> users_;                ///< By block; the tree is one.
  std::vector<std::uint32_t> free_;
  PrefixTree tree_;
};

}  // namespace engine

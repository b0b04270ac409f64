// Which blocks of a KV cache hold which lane's tokens. Numbers only; the store holds the bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels.hpp"

namespace engine::native {

/// A block belongs to as many lanes as share it; whoever writes into a shared one gets a copy
/// first. There are enough blocks for any lanes whose tokens (shared ones counted once) are no more
/// than kv_tokens: beside the full blocks each lane has at most one that is not full, and at most
/// one that it copied. Engine thread only.
class BlockTables {
 public:
  struct Copy {
    std::uint32_t from;
    std::uint32_t to;
  };

  BlockTables(std::uint32_t kv_tokens, std::uint32_t lanes_max);

  [[nodiscard]] std::uint32_t blocks() const { return static_cast<std::uint32_t>(users_.size()); }
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

 private:
  std::uint32_t take();
  void let_go(std::uint32_t block);

  std::vector<std::vector<std::uint32_t>> tables_;  ///< By slot.
  std::vector<std::uint32_t> users_;                ///< By block.
  std::vector<std::uint32_t> free_;
};

}  // namespace engine::native

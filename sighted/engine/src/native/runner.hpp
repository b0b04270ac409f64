// Runs tokens by our own kernels.
#pragma once

#include <vector>

#include "../block_tables.hpp"
#include "../runner.hpp"
#include "forward.hpp"

namespace engine::native {

class NativeRunner final : public Runner {
 public:
  struct Limits {
    std::uint32_t kv_tokens;
    std::uint32_t lanes_max;
    std::uint32_t step_tokens_max;
    std::uint32_t threads;
  };

  /// Throws std::bad_alloc.
  NativeRunner(const Kernels& kernels, Shape shape, Weights weights, Limits limits);

  void share(std::uint32_t from, std::uint32_t to, std::uint32_t tokens) override {
    tables_.share(from, to, tokens);
  }
  void drop(std::uint32_t slot) override { tables_.drop(slot); }
  [[nodiscard]] bool keeps() const override { return true; }
  [[nodiscard]] std::uint32_t kept(const Spaces& spaces,
                                   std::span<const content::TokenId> tokens) const override {
    return tables_.kept(spaces, tokens);
  }
  BlockTables::Found attach(std::uint32_t slot, const Spaces& spaces,
                            std::span<const content::TokenId> tokens, std::size_t room) override {
    return tables_.attach(slot, spaces, tokens, room);
  }
  void keep(std::uint32_t slot, const Spaces& spaces,
            std::span<const content::TokenId> tokens) override {
    tables_.keep(slot, spaces, tokens);
  }
  void forget(std::uint64_t keeper) override { tables_.forget(keeper); }
  Ran generate(std::span<const Piece> pieces) override;
  Ran embed(std::span<const Piece> pieces) override;
  const float* logits(std::size_t piece) override { return forward_.logits(outputs_of_[piece]); }

 private:
  /// Runs the tokens of all pieces; outputs_ says of which rows something is wanted.
  void run(std::span<const Piece> pieces);

  Shape shape_;
  Weights weights_;
  BlockTables tables_;
  KvStore store_;
  Forward forward_;
  content::TokenIds tokens_;
  std::vector<Stretch> stretches_;
  std::vector<BlockTables::Copy> copies_;
  std::vector<std::uint32_t> outputs_;
  std::vector<std::size_t> outputs_of_;  ///< By piece.
};

}  // namespace engine::native

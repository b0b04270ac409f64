// What a lane engine runs its tokens on: one implementation for each way to compute a model.
#pragma once

#include <cstdint>
#include <span>

#include <content/tokens.hpp>

#include "block_tables.hpp"
#include "llama/pooling.hpp"

namespace engine {

/// A stretch of one lane's tokens. Lanes that are resident have a slot, a number below lanes_max.
struct Piece {
  std::uint32_t slot = 0;
  std::uint32_t position = 0;  ///< Of the first token.
  std::span<const content::TokenId> tokens;
  bool wants_logits = false;          ///< Of the last token.
  llama::Pooling* pooling = nullptr;  ///< embed: where each token's vector goes.
};

enum class Ran { done, no_room, failed };

/// Its callers see to it that pieces are sound: slots and positions follow each other, tokens are
/// in the vocabulary, all together fit a step and the KV cache. Engine thread only.
class Runner {
 public:
  virtual ~Runner() = default;
  /// The empty slot `to` begins with the first `tokens` tokens of `from`.
  virtual void share(std::uint32_t from, std::uint32_t to, std::uint32_t tokens) = 0;
  virtual void drop(std::uint32_t slot) = 0;

  /// Whether beginnings outlive their lanes here. If not, nothing is ever kept.
  [[nodiscard]] virtual bool keeps() const { return false; }
  /// How many of the first of `tokens` are kept.
  [[nodiscard]] virtual std::uint32_t kept(const Spaces& /*spaces*/,
                                           std::span<const content::TokenId> /*tokens*/) const {
    return 0;
  }
  /// The empty slot begins with what is kept of `tokens`: what other slots use, and of the rest no
  /// more than `room` tokens.
  virtual BlockTables::Found attach(std::uint32_t /*slot*/, const Spaces& /*spaces*/,
                                    std::span<const content::TokenId> /*tokens*/,
                                    std::size_t /*room*/) {
    return {};
  }
  /// The slot holds `tokens`: kept for others of the spaces, as long as there is room.
  virtual void keep(std::uint32_t /*slot*/, const Spaces& /*spaces*/,
                    std::span<const content::TokenId> /*tokens*/) {}
  virtual void forget(std::uint64_t /*keeper*/) {}

  /// All pieces or, no_room, none.
  virtual Ran generate(std::span<const Piece> pieces) = 0;
  virtual Ran embed(std::span<const Piece> pieces) = 0;
  /// Of a piece of the last generate() that wanted them; one for each entry of the vocabulary.
  virtual const float* logits(std::size_t piece) = 0;
};

}  // namespace engine

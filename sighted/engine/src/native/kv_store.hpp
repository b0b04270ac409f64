// The bytes of a KV cache: for each layer and block, keys and values of each KV head, as halves.
#pragma once

#include <cstddef>
#include <cstdint>

#include "buffer.hpp"
#include "kernels.hpp"

namespace engine::native {

/// In a block: for each KV head keys as [dim][16 tokens], so that scores come out side by side,
/// then values as [16 tokens][padded dim], so that sums do.
class KvStore {
 public:
  KvStore(std::uint32_t layers, std::uint32_t blocks, std::uint32_t heads, std::uint32_t dim);

  [[nodiscard]] std::size_t block_stride() const { return heads_ * head_halves_; }
  /// Of block 0; block b lies b x block_stride() behind.
  [[nodiscard]] const std::uint16_t* keys(std::size_t layer, std::size_t head) const {
    return at(layer, 0, head);
  }
  [[nodiscard]] const std::uint16_t* values(std::size_t layer, std::size_t head) const {
    return at(layer, 0, head) + dim_ * kv_block_tokens;
  }

  /// Puts one token's keys and values ([heads][dim]) into place `token` of a block.
  void write(const Kernels& kernels, std::size_t layer, std::uint32_t block, std::size_t token,
             const float* keys, const float* values);
  void copy(std::uint32_t from, std::uint32_t to);

 private:
  [[nodiscard]] std::uint16_t* at(std::size_t layer, std::size_t block, std::size_t head) const {
    return bytes_.as<std::uint16_t>() + (layer * blocks_ + block) * block_stride() +
           head * head_halves_;
  }

  std::size_t layers_;
  std::size_t blocks_;
  std::size_t heads_;
  std::size_t dim_;
  std::size_t head_halves_;
  Buffer bytes_;
};

}  // namespace engine::native

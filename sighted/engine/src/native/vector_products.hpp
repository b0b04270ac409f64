// What products of all packings share. Included by each kernels_*.cpp, after its target is set.
#pragma once

#include "kernels.hpp"
#include "vectors.hpp"

namespace engine::native {
namespace {

/// How far ahead weights are asked for. Beside the arithmetic of several tokens the processor by
/// itself asks too late: with 8 tokens a pass over the weights took twice as long. Measured with 2,
/// 4, 8 and 16 KiB; asking beyond the matrix does no harm.
constexpr std::size_t ahead_bytes = 8192;

inline void put(const Product& product, std::size_t group, std::size_t token,
                const Floats& result) {
  float* const to = product.out + token * product.out_stride + group * group_rows;
  store(to, product.add ? load(to) + result : result);
}

using MultiplyTile = void (*)(const Product&, std::size_t, std::size_t);

/// of     for 1 .. 8 tokens.
/// wide   how many groups they multiply at once.
inline void multiply_groups(const Product& product, std::size_t first, std::size_t last,
                            const MultiplyTile (&of)[tile_tokens], std::size_t wide = 1) {
  for (std::size_t group = first; group < last; group += wide) {
    for (std::size_t tile = 0; tile * tile_tokens < product.tokens; ++tile) {
      const std::size_t left = product.tokens - tile * tile_tokens;
      of[(left < tile_tokens ? left : tile_tokens) - 1](product, group, tile);
    }
  }
}

}  // namespace
}  // namespace engine::native

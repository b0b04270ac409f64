// For processors that multiply pairs of bf16 (AVX512_BF16); all but bf16 weights is AVX-512's.
#include "kernels.hpp"

#if defined(__x86_64__)

#if defined(__clang__)
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")
#endif

#include <immintrin.h>

#include "vector_products.hpp"

namespace engine::native {
namespace {

void round_pairs(const float* row, std::size_t columns, std::size_t token, PairColumn* tile) {
  constexpr std::size_t together = 32;
  for (std::size_t i = 0; i < columns; i += together) {
    float last[together] = {};
    const std::size_t count = columns - i < together ? columns - i : together;
    const float* from = row + i;
    if (count < together) {
      __builtin_memcpy(last, from, count * sizeof(float));
      from = last;
    }
    const __m512bh rounded = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + 16), _mm512_loadu_ps(from));
    std::uint32_t words[together / 2];
    __builtin_memcpy(words, &rounded, sizeof(words));
    for (std::size_t w = 0; w < (count + 1) / 2; ++w) {
      tile[i / 2 + w].values[token] = words[w];
    }
  }
}

/// `wide` groups side by side times one tile: a word of activations that is spread over a vector
/// serves them all, and there are sums enough to hide the latency of six cycles. Each sum is one
/// chain, whatever is beside it.
template <int tokens, int wide>
void multiply_pairs(const Product& product, std::size_t group, std::size_t tile) {
  const std::byte* weights = product.groups + group * product.group_bytes;
  const auto* column =
      reinterpret_cast<const PairColumn*>(product.tiles + tile * product.tile_bytes);
  __m512 sums[wide][tokens];
  MAINS_UNROLL for (int g = 0; g < wide; ++g) {
    MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
      sums[g][t] = _mm512_setzero_ps();
    }
  }
  for (std::size_t i = 0; i < product.columns; i += 2, ++column, weights += 64) {
    if (tile == 0) {  // For the others it is in a near cache already.
      // Behind the end of each group comes the one that is read in its place next.
      constexpr std::size_t ahead = ahead_bytes / wide;
      const bool within = i / 2 * 64 + ahead < product.group_bytes;
      const std::byte* const next =
          weights + ahead + (within ? 0 : (wide - 1) * product.group_bytes);
      MAINS_UNROLL for (int g = 0; g < wide; ++g) {
        _mm_prefetch(next + static_cast<std::size_t>(g) * product.group_bytes, _MM_HINT_T0);
      }
    }
    __m512bh weight[wide];
    MAINS_UNROLL for (int g = 0; g < wide; ++g) {
      __builtin_memcpy(&weight[g], weights + static_cast<std::size_t>(g) * product.group_bytes, 64);
    }
    MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
      const __m512i word = _mm512_set1_epi32(static_cast<int>(column->values[t]));
      __m512bh pair;
      __builtin_memcpy(&pair, &word, sizeof(pair));
      MAINS_UNROLL for (int g = 0; g < wide; ++g) {
        sums[g][t] = _mm512_dpbf16_ps(sums[g][t], weight[g], pair);
      }
    }
  }
  MAINS_UNROLL for (int g = 0; g < wide; ++g) {
    MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
      Floats result;
      __builtin_memcpy(&result, &sums[g][t], sizeof(result));
      put(product, group + static_cast<std::size_t>(g),
          tile * tile_tokens + static_cast<std::size_t>(t), result);
    }
  }
}

template <int wide>
void multiply_wide(const Product& product, std::size_t first, std::size_t last) {
  static constexpr MultiplyTile of[tile_tokens] = {
      multiply_pairs<1, wide>, multiply_pairs<2, wide>, multiply_pairs<3, wide>,
      multiply_pairs<4, wide>, multiply_pairs<5, wide>, multiply_pairs<6, wide>,
      multiply_pairs<7, wide>, multiply_pairs<8, wide>};
  multiply_groups(product, first, last, of, wide);
}

void multiply_pair_groups(const Product& product, std::size_t first, std::size_t last) {
  const std::size_t even = first + (last - first) / 2 * 2;
  multiply_wide<2>(product, first, even);
  multiply_wide<1>(product, even, last);
}

}  // namespace

const Kernels* avx512_bf16_kernels() {
  const Kernels* const base = avx512_kernels();
  if (base == nullptr || __builtin_cpu_supports("avx512bf16") == 0) {
    return nullptr;
  }
  static const Kernels kernels = [&] {
    Kernels with = *base;
    with.name = "AVX-512 VNNI and BF16";
    with.multiply[static_cast<std::size_t>(Packing::bf16)] = multiply_pair_groups;
    with.round_pairs = round_pairs;
    return with;
  }();
  return &kernels;
}

}  // namespace engine::native

#if defined(__clang__)
#pragma clang attribute pop
#endif

#else

namespace engine::native {
const Kernels* avx512_bf16_kernels() {
  return nullptr;
}
}  // namespace engine::native

#endif

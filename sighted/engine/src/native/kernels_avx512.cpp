// For processors with AVX-512 and its byte dot products (VNNI).
#include "kernels.hpp"

#if defined(__x86_64__)

#if defined(__clang__)
#pragma clang attribute push(                                                               \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), \
    apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c")
#endif

#include <immintrin.h>

#include "vectors.hpp"

#if !defined(__clang__)
// gcc 12 finds fault with its own intrinsics that begin with an undefined vector.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

namespace engine::native {
namespace {

inline __m512 load_halves(const std::uint16_t* from) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}

inline void store_halves(std::uint16_t* to, __m512 values) {
  // What is too large for a half becomes its largest, not infinity.
  const __m512 most = _mm512_set1_ps(65504.0F);
  values = _mm512_min_ps(_mm512_max_ps(values, _mm512_sub_ps(_mm512_setzero_ps(), most)), most);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                      _mm512_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT));
}

/// Rows of attention whose sums are kept in registers side by side.
constexpr std::size_t rows_together = 8;

}  // namespace
}  // namespace engine::native

#include "vector_attention.hpp"

namespace engine::native {
namespace {

inline __m512i load_bytes(const std::byte* from) {
  return _mm512_loadu_si512(from);
}

/// Beside so much arithmetic as six tokens make, weights are asked for further ahead: from memory,
/// 8 tokens take two thirds of the time that they take with ahead_bytes, 16 tokens three quarters.
/// With fewer tokens it is up to a tenth slower. Measured with 8, 12, 16, 20, 24 and 48 KiB.
constexpr std::size_t far_ahead_bytes = 24576;

/// `wide` groups times `tokens` tokens of a tile, from its token `from` on. Bytes of weights are
/// unsigned (128 or 8 was added to them), those of activations signed: what was added is taken away
/// by beginning each block at its bias.
template <Packing packing, int tokens, int wide>
void multiply_part(const Product& product, std::size_t group, std::size_t tile, std::size_t from) {
  constexpr bool nibbles = packing == Packing::w4;
  constexpr std::size_t block_bytes = group_rows * block_values / (nibbles ? 2 : 1);
  const std::size_t blocks = product.columns / block_values;
  const std::byte* weights = product.groups + group * product.group_bytes;
  const std::byte* scales = weights + blocks * block_bytes;
  const auto* block =
      reinterpret_cast<const QuantizedBlock*>(product.tiles + tile * product.tile_bytes);
  const __m512i low_halves = _mm512_set1_epi8(15);
  __m512 sums[wide][tokens];
  MAINS_UNROLL for (int g = 0; g < wide; ++g) {
    MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
      sums[g][t] = _mm512_setzero_ps();
    }
  }
  for (std::size_t b = 0; b < blocks; ++b, ++block, weights += block_bytes, scales += 32) {
    if (wide == 1 && tile == 0) {  // For the others it is in the nearest cache already.
      constexpr std::size_t ahead = tokens > 5 ? far_ahead_bytes : ahead_bytes;
      MAINS_UNROLL for (std::size_t i = 0; i < block_bytes; i += 64) {
        _mm_prefetch(weights + ahead + i, _MM_HINT_T0);
      }
      _mm_prefetch(scales + ahead, _MM_HINT_T0);  // What lies there is behind all blocks.
    }
    __m512i dots[wide][tokens];
    MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
      const std::size_t at = from + static_cast<std::size_t>(t);
      MAINS_UNROLL for (int g = 0; g < wide; ++g) {
        dots[g][t] = _mm512_set1_epi32(nibbles ? block->bias8[at] : block->bias128[at]);
      }
    }
    MAINS_UNROLL for (std::size_t i = 0; i < block_values / 4; ++i) {
      __m512i weight[wide];
      MAINS_UNROLL for (int g = 0; g < wide; ++g) {
        weight[g] = load_bytes(weights + static_cast<std::size_t>(g) * product.group_bytes +
                               (nibbles ? i / 2 : i) * 64);
        if constexpr (nibbles) {
          weight[g] = _mm512_and_si512(i % 2 == 0 ? weight[g] : _mm512_srli_epi16(weight[g], 4),
                                       low_halves);
        }
      }
      MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
        const __m512i word =
            _mm512_set1_epi32(block->values[i][from + static_cast<std::size_t>(t)]);
        MAINS_UNROLL for (int g = 0; g < wide; ++g) {
          dots[g][t] = _mm512_dpbusd_epi32(dots[g][t], weight[g], word);
        }
      }
    }
    MAINS_UNROLL for (int g = 0; g < wide; ++g) {
      const __m512 scale = load_halves(reinterpret_cast<const std::uint16_t*>(
          scales + static_cast<std::size_t>(g) * product.group_bytes));
      MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
        const __m512 factor = _mm512_set1_ps(block->scales[from + static_cast<std::size_t>(t)]);
        sums[g][t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots[g][t]), _mm512_mul_ps(scale, factor),
                                     sums[g][t]);
      }
    }
  }
  MAINS_UNROLL for (int g = 0; g < wide; ++g) {
    MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
      put(product, group + static_cast<std::size_t>(g),
          tile * tile_tokens + from + static_cast<std::size_t>(t), sums[g][t]);
    }
  }
}

template <Packing packing, int tokens>
void multiply_bytes(const Product& product, std::size_t group, std::size_t tile) {
  multiply_part<packing, tokens, 1>(product, group, tile, 0);
}

/// From how many tokens on several groups are multiplied at once. One group times 8 tokens loads a
/// word of activations for each multiplication, and loading is what it waits for; three groups
/// times 4 tokens use each word thrice. But their weights do not stay in the nearest cache, so with
/// few tokens they are slower.
constexpr std::size_t many_tokens = 64;

/// Groups first .. first + groups_together - 1 times all full tiles.
template <Packing packing>
void multiply_many(const Product& product, std::size_t first) {
  constexpr std::size_t half = tile_tokens / 2;
  const std::size_t passes = product.tokens / tile_tokens * 2;
  const std::size_t bytes = groups_together * product.group_bytes;
  const std::byte* const next = product.groups + first * product.group_bytes + bytes;
  for (std::size_t pass = 0; pass < passes; ++pass) {
    // Each asks for a part of the weights that come next.
    for (std::size_t i = bytes * pass / passes; i < bytes * (pass + 1) / passes; i += 64) {
      _mm_prefetch(next + i, _MM_HINT_T1);
    }
    multiply_part<packing, half, groups_together>(product, first, pass / 2, pass % 2 * half);
  }
}

template <Packing packing>
void multiply_byte_groups(const Product& product, std::size_t first, std::size_t last) {
  static constexpr MultiplyTile of[tile_tokens] = {
      multiply_bytes<packing, 1>, multiply_bytes<packing, 2>, multiply_bytes<packing, 3>,
      multiply_bytes<packing, 4>, multiply_bytes<packing, 5>, multiply_bytes<packing, 6>,
      multiply_bytes<packing, 7>, multiply_bytes<packing, 8>};
  if (product.tokens >= many_tokens) {
    const std::size_t left = product.tokens % tile_tokens;
    for (; first + groups_together <= last; first += groups_together) {
      multiply_many<packing>(product, first);
      for (std::size_t g = 0; left > 0 && g < groups_together; ++g) {
        of[left - 1](product, first + g, product.tokens / tile_tokens);
      }
    }
  }
  multiply_groups(product, first, last, of);
}

}  // namespace

const Kernels* avx512_kernels() {
  static constexpr Kernels kernels{
      "AVX-512 VNNI",
      rms_norm,
      swiglu,
      quantize,
      {multiply_floats<LoadF32>, multiply_floats<LoadF16>, multiply_floats<LoadBf16>,
       multiply_byte_groups<Packing::w8>, multiply_byte_groups<Packing::w4>},
      attend,
      to_half};
  const bool there =
      __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
      __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
      __builtin_cpu_supports("avx512vnni") != 0;
  return there ? &kernels : nullptr;
}

}  // namespace engine::native

#if defined(__clang__)
#pragma clang attribute pop
#endif

#else

namespace engine::native {
const Kernels* avx512_kernels() {
  return nullptr;
}
}  // namespace engine::native

#endif

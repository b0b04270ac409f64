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

}  // namespace
}  // namespace engine::native

#include "vector_attention.hpp"

namespace engine::native {
namespace {

inline __m512i load_bytes(const std::byte* from) {
  return _mm512_loadu_si512(from);
}

/// One group times one tile. Bytes of weights are unsigned (128 or 8 was added to them), those of
/// activations signed: what was added is taken away by beginning each block at its bias.
template <Packing packing, int tokens>
void multiply_bytes(const Product& product, std::size_t group, std::size_t tile) {
  constexpr bool nibbles = packing == Packing::w4;
  constexpr std::size_t block_bytes = group_rows * block_values / (nibbles ? 2 : 1);
  const std::size_t blocks = product.columns / block_values;
  const std::byte* weights = product.groups + group * product.group_bytes;
  const auto* scales = reinterpret_cast<const std::uint16_t*>(weights + blocks * block_bytes);
  const auto* block =
      reinterpret_cast<const QuantizedBlock*>(product.tiles + tile * product.tile_bytes);
  __m512 sums[tokens];
  MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
    sums[t] = _mm512_setzero_ps();
  }
  for (std::size_t b = 0; b < blocks; ++b, ++block, weights += block_bytes, scales += group_rows) {
    if (tile == 0) {  // For the others it is in the nearest cache already.
      MAINS_UNROLL for (std::size_t i = 0; i < block_bytes; i += 64) {
        _mm_prefetch(weights + ahead_bytes + i, _MM_HINT_T0);
      }
    }
    __m512i dots[tokens];
    MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
      dots[t] = _mm512_set1_epi32(nibbles ? block->bias8[t] : block->bias128[t]);
    }
    MAINS_UNROLL for (std::size_t i = 0; i < block_values / 4; i += nibbles ? 2 : 1) {
      const __m512i loaded = load_bytes(weights + (nibbles ? i / 2 : i) * 64);
      const __m512i low_halves = _mm512_set1_epi8(15);
      const __m512i first = nibbles ? _mm512_and_si512(loaded, low_halves) : loaded;
      MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
        dots[t] = _mm512_dpbusd_epi32(dots[t], first, _mm512_set1_epi32(block->values[i][t]));
      }
      if constexpr (nibbles) {
        const __m512i second = _mm512_and_si512(_mm512_srli_epi16(loaded, 4), low_halves);
        MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
          dots[t] =
              _mm512_dpbusd_epi32(dots[t], second, _mm512_set1_epi32(block->values[i + 1][t]));
        }
      }
    }
    const __m512 scale = load_halves(scales);
    MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
      sums[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots[t]),
                                _mm512_mul_ps(scale, _mm512_set1_ps(block->scales[t])), sums[t]);
    }
  }
  MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
    put(product, group, tile * tile_tokens + static_cast<std::size_t>(t), sums[t]);
  }
}

template <Packing packing>
void multiply_byte_groups(const Product& product, std::size_t first, std::size_t last) {
  static constexpr MultiplyTile of[tile_tokens] = {
      multiply_bytes<packing, 1>, multiply_bytes<packing, 2>, multiply_bytes<packing, 3>,
      multiply_bytes<packing, 4>, multiply_bytes<packing, 5>, multiply_bytes<packing, 6>,
      multiply_bytes<packing, 7>, multiply_bytes<packing, 8>};
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

// For processors with AVX2, FMA and F16C.
#include "kernels.hpp"

#if defined(__x86_64__)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,f16c")
#endif

#include <immintrin.h>

#include "vectors.hpp"

namespace engine::native {
namespace {

inline Floats load_halves(const std::uint16_t* from) {
  const __m256 parts[2] = {
      _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))),
      _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 8)))};
  Floats values;
  __builtin_memcpy(&values, parts, sizeof(values));
  return values;
}

inline void store_halves(std::uint16_t* to, const Floats& values) {
  __m256 parts[2];
  __builtin_memcpy(parts, &values, sizeof(values));
  // What is too large for a half becomes its largest, not infinity.
  const __m256 most = _mm256_set1_ps(65504.0F);
  const __m256 least = _mm256_set1_ps(-65504.0F);
  for (int i = 0; i < 2; ++i) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i * 8),
                     _mm256_cvtps_ph(_mm256_min_ps(_mm256_max_ps(parts[i], least), most),
                                     _MM_FROUND_TO_NEAREST_INT));
  }
}

/// Rows of attention whose sums are kept in registers side by side.
constexpr std::size_t rows_together = 4;

}  // namespace
}  // namespace engine::native

#include "vector_attention.hpp"

namespace engine::native {
namespace {

/// Four products of bytes to a sum each. unsigned x signed, pairs added to 16 bits: that holds
/// where one side is at most 128, as it is here.
inline __m256i dot(__m256i sums, __m256i unsigned_bytes, __m256i signed_bytes) {
  const __m256i pairs = _mm256_maddubs_epi16(unsigned_bytes, signed_bytes);
  return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

inline __m256i load_bytes(const std::byte* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

/// Half a group (8 rows) times `tokens` tokens of a tile, from its token `from` on.
template <Packing packing, int tokens>
void multiply_half(const Product& product, std::size_t group, std::size_t tile, std::size_t from,
                   std::size_t half, float (&out)[tokens][group_rows]) {
  constexpr bool nibbles = packing == Packing::w4;
  constexpr std::size_t block_bytes = group_rows * block_values / (nibbles ? 2 : 1);
  const std::size_t blocks = product.columns / block_values;
  const std::byte* weights = product.groups + group * product.group_bytes;
  const auto* scales =
      reinterpret_cast<const std::uint16_t*>(weights + blocks * block_bytes) + half * 8;
  const auto* block =
      reinterpret_cast<const QuantizedBlock*>(product.tiles + tile * product.tile_bytes);
  const __m256i low_halves = _mm256_set1_epi8(15);
  const __m256i sign = _mm256_set1_epi8(-128);
  __m256 sums[tokens];
  MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
    sums[t] = _mm256_setzero_ps();
  }
  weights += half * 32;
  for (std::size_t b = 0; b < blocks; ++b, ++block, weights += block_bytes, scales += group_rows) {
    __m256i dots[tokens];
    MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
      dots[t] = _mm256_set1_epi32(nibbles ? block->bias8[from + static_cast<std::size_t>(t)] : 0);
    }
    MAINS_UNROLL for (std::size_t i = 0; i < block_values / 4; ++i) {
      if constexpr (nibbles) {
        const __m256i loaded = load_bytes(weights + i / 2 * 64);
        const __m256i values =
            _mm256_and_si256(i % 2 == 0 ? loaded : _mm256_srli_epi16(loaded, 4), low_halves);
        MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
          const auto at = from + static_cast<std::size_t>(t);
          dots[t] = dot(dots[t], values, _mm256_set1_epi32(block->values[i][at]));
        }
      } else {
        const __m256i values = _mm256_xor_si256(load_bytes(weights + i * 64), sign);
        const __m256i sizes = _mm256_abs_epi8(values);
        MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
          const auto at = from + static_cast<std::size_t>(t);
          const __m256i factors = _mm256_set1_epi32(block->values[i][at]);
          dots[t] = dot(dots[t], sizes, _mm256_sign_epi8(factors, values));
        }
      }
    }
    const __m256 scale = _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(scales)));
    MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
      const __m256 factor = _mm256_set1_ps(block->scales[from + static_cast<std::size_t>(t)]);
      sums[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[t]), _mm256_mul_ps(scale, factor), sums[t]);
    }
  }
  MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
    _mm256_storeu_ps(out[t] + half * 8, sums[t]);
  }
}

template <Packing packing, int tokens>
void multiply_part(const Product& product, std::size_t group, std::size_t tile, std::size_t from) {
  float out[tokens][group_rows];
  multiply_half<packing, tokens>(product, group, tile, from, 0, out);
  multiply_half<packing, tokens>(product, group, tile, from, 1, out);
  MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
    put(product, group, tile * tile_tokens + from + static_cast<std::size_t>(t), load(out[t]));
  }
}

template <Packing packing>
void multiply_byte_groups(const Product& product, std::size_t first, std::size_t last) {
  for (std::size_t group = first; group < last; ++group) {
    for (std::size_t token = 0; token < product.tokens;) {
      const std::size_t tile = token / tile_tokens;
      const std::size_t from = token % tile_tokens;
      if (product.tokens - token >= 4 && from % 4 == 0) {
        multiply_part<packing, 4>(product, group, tile, from);
        token += 4;
      } else {
        multiply_part<packing, 1>(product, group, tile, from);
        ++token;
      }
    }
  }
}

}  // namespace

const Kernels* avx2_kernels() {
  static constexpr Kernels kernels{
      "AVX2",
      rms_norm,
      swiglu,
      quantize,
      {multiply_floats<LoadF32>, multiply_floats<LoadF16>, multiply_floats<LoadBf16>,
       multiply_byte_groups<Packing::w8>, multiply_byte_groups<Packing::w4>},
      attend,
      to_half};
  const bool there = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
                     __builtin_cpu_supports("f16c") != 0;
  return there ? &kernels : nullptr;
}

}  // namespace engine::native

#if defined(__clang__)
#pragma clang attribute pop
#endif

#else

namespace engine::native {
const Kernels* avx2_kernels() {
  return nullptr;
}
}  // namespace engine::native

#endif

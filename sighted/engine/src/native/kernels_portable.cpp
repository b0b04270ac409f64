// For any processor; and what the other kernels are tested against.
#include <ggml.h>

#include "kernels.hpp"
#include "vectors.hpp"

namespace engine::native {
namespace {

inline Floats load_halves(const std::uint16_t* from) {
  Floats values{};
  for (int i = 0; i < 16; ++i) {
    values[i] = ggml_fp16_to_fp32(from[i]);
  }
  return values;
}

inline void store_halves(std::uint16_t* to, const Floats& values) {
  for (int i = 0; i < 16; ++i) {
    // What is too large for a half becomes its largest, not infinity.
    const float value = values[i] < -65504.0F ? -65504.0F : values[i];
    to[i] = ggml_fp32_to_fp16(value > 65504.0F ? 65504.0F : value);
  }
}

/// Rows of attention whose sums are kept in registers side by side.
constexpr std::size_t rows_together = 4;

}  // namespace
}  // namespace engine::native

#include "vector_attention.hpp"

namespace engine::native {
namespace {

/// Four products of bytes. offset   what was added to the weights' bytes.
std::int32_t dot(const std::uint8_t* weights, std::int32_t packed, int offset) {
  std::int8_t values[4];
  __builtin_memcpy(values, &packed, sizeof(values));
  std::int32_t total = 0;
  for (int i = 0; i < 4; ++i) {
    total += (weights[i] - offset) * values[i];
  }
  return total;
}

template <Packing packing>
void multiply_bytes(const Product& product, std::size_t group, std::size_t token) {
  constexpr bool nibbles = packing == Packing::w4;
  constexpr std::size_t block_bytes = group_rows * block_values / (nibbles ? 2 : 1);
  const std::size_t blocks = product.columns / block_values;
  const auto* weights =
      reinterpret_cast<const std::uint8_t*>(product.groups + group * product.group_bytes);
  const auto* scales = reinterpret_cast<const std::uint16_t*>(weights + blocks * block_bytes);
  const auto* const tile = reinterpret_cast<const QuantizedBlock*>(
      product.tiles + token / tile_tokens * product.tile_bytes);
  Floats sums{};
  for (std::size_t b = 0; b < blocks; ++b, weights += block_bytes, scales += group_rows) {
    Ints dots{};
    for (std::size_t i = 0; i < block_values / 4; ++i) {
      const std::int32_t packed = tile[b].values[i][token % tile_tokens];
      for (std::size_t row = 0; row < group_rows; ++row) {
        const std::uint8_t* from = weights + (nibbles ? i / 2 : i) * 64 + row * 4;
        std::uint8_t bytes[4] = {from[0], from[1], from[2], from[3]};
        for (std::uint8_t& byte : bytes) {
          if (nibbles) {
            byte = static_cast<std::uint8_t>(i % 2 == 0 ? byte & 15U : byte >> 4U);
          }
        }
        dots[row] += dot(bytes, packed, nibbles ? 8 : 128);
      }
    }
    sums += __builtin_convertvector(dots, Floats) *
            (load_halves(scales) * tile[b].scales[token % tile_tokens]);
  }
  put(product, group, token, sums);
}

template <Packing packing>
void multiply_byte_groups(const Product& product, std::size_t first, std::size_t last) {
  for (std::size_t group = first; group < last; ++group) {
    for (std::size_t token = 0; token < product.tokens; ++token) {
      multiply_bytes<packing>(product, group, token);
    }
  }
}

}  // namespace

const Kernels& portable_kernels() {
  static constexpr Kernels kernels{
      "portable",
      rms_norm,
      swiglu,
      quantize,
      {multiply_floats<LoadF32>, multiply_floats<LoadF16>, multiply_floats<LoadBf16>,
       multiply_byte_groups<Packing::w8>, multiply_byte_groups<Packing::w4>},
      attend,
      to_half};
  return kernels;
}

const Kernels& best_kernels() {
  for (const Kernels* const kernels : {avx512_bf16_kernels(), avx512_kernels(), avx2_kernels()}) {
    if (kernels != nullptr) {
      return *kernels;
    }
  }
  return portable_kernels();
}

}  // namespace engine::native

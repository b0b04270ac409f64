// Kernels in terms of vectors of 16 floats. Included by each kernels_*.cpp, after its target is set
// and after its load_halves() and store_halves().
#pragma once

#include "kernels.hpp"
#include "vector_products.hpp"
#include "vectors.hpp"

namespace engine::native {
namespace {

inline Floats spread(float value) {
  return Floats{} + value;
}

inline Floats larger(const Floats& a, const Floats& b) {
  return a > b ? a : b;
}

// Halves are joined until one lane is left, in registers all the way: lane i with i + 8, then with
// i + 4, 2 and 1.

using Eight = float __attribute__((vector_size(32)));
using Four = float __attribute__((vector_size(16)));

inline float sum(const Floats& all) {
  const Eight eight = __builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7) +
                      __builtin_shufflevector(all, all, 8, 9, 10, 11, 12, 13, 14, 15);
  const Four four = __builtin_shufflevector(eight, eight, 0, 1, 2, 3) +
                    __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
  const Four two = four + __builtin_shufflevector(four, four, 2, 3, 0, 1);
  return two[0] + two[1];
}

inline float largest(const Floats& all) {
  const Eight low = __builtin_shufflevector(all, all, 0, 1, 2, 3, 4, 5, 6, 7);
  const Eight high = __builtin_shufflevector(all, all, 8, 9, 10, 11, 12, 13, 14, 15);
  const Eight eight = low > high ? low : high;
  const Four first = __builtin_shufflevector(eight, eight, 0, 1, 2, 3);
  const Four second = __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
  const Four four = first > second ? first : second;
  const Four other = __builtin_shufflevector(four, four, 2, 3, 0, 1);
  const Four two = four > other ? four : other;
  return two[0] > two[1] ? two[0] : two[1];
}

/// Of integers, without regard to overflow.
inline std::uint32_t sum(const Ints& all) {
  using EightWords = std::uint32_t __attribute__((vector_size(32)));
  using FourWords = std::uint32_t __attribute__((vector_size(16)));
  EightWords halves[2];
  __builtin_memcpy(halves, &all, sizeof(halves));
  const EightWords eight = halves[0] + halves[1];
  const FourWords four = __builtin_shufflevector(eight, eight, 0, 1, 2, 3) +
                         __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
  return four[0] + four[1] + four[2] + four[3];
}

/// Adding and taking this away rounds a float below 2^22 to a whole number.
constexpr float rounder = 12582912.0F;

/// e^x to 2 units in the last place, for x in -87 .. 87; beyond, as at the edge.
inline Floats exponential(const Floats& of) {
  Floats x = larger(of, spread(-87.0F));
  x = x < spread(87.0F) ? x : spread(87.0F);
  const Floats turns = (x * 1.44269504F + rounder) - rounder;
  // ln 2 in two parts.
  Floats rest = x - turns * 0.693359375F;
  rest = rest + turns * 2.12194440e-4F;
  Floats power = spread(1.9875691e-4F);
  power = power * rest + 1.3981999e-3F;
  power = power * rest + 8.3334519e-3F;
  power = power * rest + 4.1665796e-2F;
  power = power * rest + 1.6666665e-1F;
  power = power * rest + 5.0000001e-1F;
  power = power * rest * rest + rest + 1.0F;
  const Ints exponent = (__builtin_convertvector(turns, Ints) + 127) << 23;
  Floats scale;
  __builtin_memcpy(&scale, &exponent, sizeof(scale));
  return power * scale;
}

void rms_norm(const float* in, const float* weight, float epsilon, std::size_t count, float* out) {
  Floats squares{};
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const Floats x = load(in + i);
    squares += x * x;
  }
  float total = sum(squares);
  for (; i < count; ++i) {
    total += in[i] * in[i];
  }
  const float scale = 1.0F / __builtin_sqrtf(total / static_cast<float>(count) + epsilon);
  for (i = 0; i + 16 <= count; i += 16) {
    store(out + i, load(in + i) * scale * load(weight + i));
  }
  for (; i < count; ++i) {
    out[i] = in[i] * scale * weight[i];
  }
}

void swiglu(float* gate, const float* up, std::size_t count) {
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const Floats x = load(gate + i);
    store(gate + i, x / (1.0F + exponential(-x)) * load(up + i));
  }
  if (i < count) {
    float last[2][16] = {};
    __builtin_memcpy(last[0], gate + i, (count - i) * sizeof(float));
    __builtin_memcpy(last[1], up + i, (count - i) * sizeof(float));
    swiglu(last[0], last[1], 16);
    __builtin_memcpy(gate + i, last[0], (count - i) * sizeof(float));
  }
}

void quantize(const float* row, std::size_t columns, std::size_t token, QuantizedBlock* tile) {
  for (std::size_t b = 0; b < columns / block_values; ++b) {
    const Floats low = load(row + b * block_values);
    const Floats high = load(row + b * block_values + 16);
    const float most = largest(larger(larger(low, -low), larger(high, -high)));
    const float inverse = most > 0 ? 127.0F / most : 0.0F;
    const Ints low_ints = __builtin_convertvector((low * inverse + rounder) - rounder, Ints);
    const Ints high_ints = __builtin_convertvector((high * inverse + rounder) - rounder, Ints);
    const Bytes bytes[2] = {__builtin_convertvector(low_ints, Bytes),
                            __builtin_convertvector(high_ints, Bytes)};
    std::int32_t words[block_values / 4];
    __builtin_memcpy(words, bytes, sizeof(words));
    // Unsigned, since what is no number (of a damaged model) becomes any integer.
    const std::uint32_t total = sum(low_ints) + sum(high_ints);
    QuantizedBlock& block = tile[b];
    for (std::size_t i = 0; i < block_values / 4; ++i) {
      block.values[i][token] = words[i];
    }
    block.scales[token] = most / 127.0F;
    block.bias128[token] = static_cast<std::int32_t>(0U - 128 * total);
    block.bias8[token] = static_cast<std::int32_t>(0U - 8 * total);
  }
}

// Matrices of floats.

// Each has how many columns lie together, and one of them in 16 rows.

struct LoadF32 {
  static constexpr std::size_t columns = 1;
  static constexpr std::size_t bytes = 64;
  static Floats at(const std::byte* from, std::size_t /*column*/) {
    return load(reinterpret_cast<const float*>(from));
  }
};

struct LoadF16 {
  static constexpr std::size_t columns = 1;
  static constexpr std::size_t bytes = 32;
  static Floats at(const std::byte* from, std::size_t /*column*/) {
    return load_halves(reinterpret_cast<const std::uint16_t*>(from));
  }
};

struct LoadBf16 {
  static constexpr std::size_t columns = 2;
  static constexpr std::size_t bytes = 64;
  static Floats at(const std::byte* from, std::size_t column) {
    using Words = std::uint32_t __attribute__((vector_size(64)));
    Words words;
    __builtin_memcpy(&words, from, sizeof(words));
    words = column == 0 ? words << 16U : words & 0xFFFF0000U;
    Floats values;
    __builtin_memcpy(&values, &words, sizeof(values));
    return values;
  }
};

template <class Load, int tokens>
void multiply_tile(const Product& product, std::size_t group, std::size_t tile) {
  const std::byte* weights = product.groups + group * product.group_bytes;
  const auto* const columns =
      reinterpret_cast<const FloatColumn*>(product.tiles + tile * product.tile_bytes);
  Floats sums[tokens] = {};
  for (std::size_t i = 0; i < product.columns; i += Load::columns, weights += Load::bytes) {
    MAINS_UNROLL for (std::size_t c = 0; c < Load::columns; ++c) {
      if (c == 0 || i + c < product.columns) {
        const Floats weight = Load::at(weights, c);
        MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
          sums[t] += weight * columns[i + c].values[t];
        }
      }
    }
  }
  MAINS_UNROLL for (int t = 0; t < tokens; ++t) {
    put(product, group, tile * tile_tokens + static_cast<std::size_t>(t), sums[t]);
  }
}

template <class Load>
void multiply_floats(const Product& product, std::size_t first, std::size_t last) {
  static constexpr MultiplyTile of[tile_tokens] = {multiply_tile<Load, 1>, multiply_tile<Load, 2>,
                                                   multiply_tile<Load, 3>, multiply_tile<Load, 4>,
                                                   multiply_tile<Load, 5>, multiply_tile<Load, 6>,
                                                   multiply_tile<Load, 7>, multiply_tile<Load, 8>};
  multiply_groups(product, first, last, of);
}

void to_half(const float* in, std::size_t count, std::uint16_t* out) {
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    store_halves(out + i, load(in + i));
  }
  if (i < count) {
    float last[16] = {};
    std::uint16_t halves[16];
    __builtin_memcpy(last, in + i, (count - i) * sizeof(float));
    store_halves(halves, load(last));
    __builtin_memcpy(out + i, halves, (count - i) * sizeof(std::uint16_t));
  }
}

}  // namespace
}  // namespace engine::native

// The inner loops, one set for each instruction set. Which one runs is found out at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "../kv_block.hpp"

namespace engine::native {

/// Rows of a matrix that are multiplied together: one for each lane of a 512-bit vector of floats.
inline constexpr std::size_t group_rows = 16;
/// Groups that are best multiplied by one call, where there are as many.
inline constexpr std::size_t groups_together = 3;
/// Values that share a scale, in weights and in activations.
inline constexpr std::size_t block_values = 32;
/// Tokens of a tile of activations.
inline constexpr std::size_t tile_tokens = 8;
/// Tokens whose attention weights are rescaled together. Spans begin at multiples of it, so that a
/// token's sums do not depend on how its prompt was cut into chunks.
inline constexpr std::size_t span_tokens = 128;
/// The widest head there may be.
inline constexpr std::size_t head_dim_max = 512;
/// Query rows that one call of Kernels::attend takes.
inline constexpr std::size_t attend_rows = 8;

/// How a matrix lies in memory. A group of 16 rows lies together:
///   f32, f16         for each column, 16 values.
///   bf16             for each two columns, 16 x two values; an odd last one is beside zeros.
///   w8               for each block of 32 columns, 8 vectors of [16 rows][4 columns], bytes with
///                    128 added; behind all blocks, for each block, 16 scales (f16).
///   w4               the same with 8 added and two vectors in one: the low halves of the bytes
///                    are the first one's; then the scales.
enum class Packing { f32, f16, bf16, w8, w4 };

/// 32 columns of a tile of tokens, as bytes.
struct QuantizedBlock {
  std::int32_t values[block_values / 4][tile_tokens];  ///< Each is four signed bytes.
  float scales[tile_tokens];
  std::int32_t bias128[tile_tokens];  ///< -128 x the sum of the values.
  std::int32_t bias8[tile_tokens];    ///< -8 x it.
};

/// A column of a tile of tokens, as floats.
struct FloatColumn {
  float values[tile_tokens];
};

/// Two columns of a tile of tokens, rounded to bf16: the first in the low half.
struct PairColumn {
  std::uint32_t values[tile_tokens];
};

/// What a matrix is multiplied with: tiles of FloatColumn, PairColumn or QuantizedBlock.
enum class Takes { floats, pairs, bytes };
inline constexpr Takes all_takes[] = {Takes::floats, Takes::pairs, Takes::bytes};

/// Groups of a matrix times all tiles of a step.
struct Product {
  const std::byte* groups = nullptr;  ///< Of the matrix, from its first.
  std::size_t group_bytes = 0;
  std::size_t columns = 0;
  const std::byte* tiles = nullptr;  ///< As takes() says.
  std::size_t tile_bytes = 0;
  std::size_t tokens = 0;
  float* out = nullptr;  ///< [token][out_stride]; a group writes 16 floats at 16 x its number.
  std::size_t out_stride = 0;
  bool add = false;  ///< To what is there; else overwrites.
};

/// Query rows of one KV head, against the blocks of one lane.
struct Attention {
  const float* queries = nullptr;         ///< [rows][dim], scaled.
  const std::uint32_t* limits = nullptr;  ///< [rows]: how many tokens a row sees; ascending.
  std::size_t rows = 0;                   ///< 1 .. attend_rows.
  std::size_t dim = 0;                    ///< Of a head.
  const std::uint32_t* blocks = nullptr;  ///< The lane's table.
  const std::uint16_t* keys = nullptr;    ///< f16; a block: [dim][16 tokens].
  const std::uint16_t* values = nullptr;  ///< f16; a block: [16 tokens][padded dim].
  std::size_t block_stride = 0;           ///< From block to block, in halves.
  float* out = nullptr;                   ///< [rows][padded dim].
};

struct Kernels {
  const char* name;
  /// out[i] = in[i] x weight[i] / rms(in).
  void (*rms_norm)(const float* in, const float* weight, float epsilon, std::size_t count,
                   float* out);
  /// gate[i] = silu(gate[i]) x up[i].
  void (*swiglu)(float* gate, const float* up, std::size_t count);
  /// Puts a row of `columns` (a multiple of 32) into place `token` of a tile, as bytes: each block
  /// of 32 with the scale that makes its largest value 127.
  void (*quantize)(const float* row, std::size_t columns, std::size_t token, QuantizedBlock* tile);
  /// For groups first .. last - 1, by the matrix's packing. A token's result is the same in any
  /// company and at any place.
  void (*multiply[5])(const Product& product, std::size_t first, std::size_t last);
  /// Softmax(queries x keys) x values.
  void (*attend)(const Attention& attention);
  void (*to_half)(const float* in, std::size_t count, std::uint16_t* out);
  /// Puts a row into place `token` of a tile, rounded to the nearest bf16; an odd last column
  /// beside a zero. Null where bf16 weights are multiplied with floats.
  void (*round_pairs)(const float* row, std::size_t columns, std::size_t token,
                      PairColumn* tile) = nullptr;
};

[[nodiscard]] inline Takes takes(const Kernels& kernels, Packing packing) {
  if (packing == Packing::w8 || packing == Packing::w4) {
    return Takes::bytes;
  }
  const bool pairs = packing == Packing::bf16 && kernels.round_pairs != nullptr;
  return pairs ? Takes::pairs : Takes::floats;
}

[[nodiscard]] inline std::size_t padded(std::size_t count, std::size_t to) {
  return (count + to - 1) / to * to;
}

/// Plain C++: what the others are tested against.
[[nodiscard]] const Kernels& portable_kernels();
/// Null where the processor, or the compiler's target, is another.
[[nodiscard]] const Kernels* avx2_kernels();
[[nodiscard]] const Kernels* avx512_kernels();
[[nodiscard]] const Kernels* avx512_bf16_kernels();
/// The fastest that this processor has.
[[nodiscard]] const Kernels& best_kernels();

}  // namespace engine::native

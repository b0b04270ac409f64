// The tokens of a step on their way through a layer.
#pragma once

#include <cstddef>

#include "buffer.hpp"
#include "kernels.hpp"
#include "matrix.hpp"

namespace engine::native {

/// Rows of activations in the order in which the kernels read them: tiles of 8 tokens, as bytes
/// with scales, as pairs of bf16 or as floats. Room for all; which is filled depends on who
/// multiplies.
class Tiles {
 public:
  Tiles(std::size_t tokens_max, std::size_t columns_max)
      : bytes_(tiles(tokens_max) * padded(columns_max, block_values) / block_values *
               sizeof(QuantizedBlock)),
        pairs_(tiles(tokens_max) * padded(columns_max, 2) / 2 * sizeof(PairColumn)),
        floats_(tiles(tokens_max) * columns_max * sizeof(FloatColumn)) {}

  [[nodiscard]] static std::size_t tiles(std::size_t tokens) {
    return padded(tokens, tile_tokens) / tile_tokens;
  }

  void put(const Kernels& kernels, Takes as, const float* row, std::size_t columns,
           std::size_t token) {
    std::byte* const tile = of(as).get() + token / tile_tokens * tile_bytes(as, columns);
    const std::size_t place = token % tile_tokens;
    if (as == Takes::bytes) {
      kernels.quantize(row, columns, place, reinterpret_cast<QuantizedBlock*>(tile));
    } else if (as == Takes::pairs) {
      kernels.round_pairs(row, columns, place, reinterpret_cast<PairColumn*>(tile));
    } else {
      for (std::size_t i = 0; i < columns; ++i) {
        reinterpret_cast<FloatColumn*>(tile)[i].values[place] = row[i];
      }
    }
  }

  /// A product of these tiles with a matrix; `out` is [token][out_stride].
  [[nodiscard]] Product product(const Kernels& kernels, const Matrix& matrix, std::size_t tokens,
                                float* out, std::size_t out_stride, bool add) const {
    const Takes as = takes(kernels, matrix.packing());
    Product product;
    product.groups = matrix.bytes();
    product.group_bytes = matrix.group_bytes();
    product.columns = matrix.columns();
    product.tiles = of(as).get();
    product.tile_bytes = tile_bytes(as, matrix.columns());
    product.tokens = tokens;
    product.out = out;
    product.out_stride = out_stride;
    product.add = add;
    return product;
  }

 private:
  [[nodiscard]] static std::size_t tile_bytes(Takes as, std::size_t columns) {
    switch (as) {
      case Takes::bytes: return columns / block_values * sizeof(QuantizedBlock);
      case Takes::pairs: return padded(columns, 2) / 2 * sizeof(PairColumn);
      case Takes::floats: break;
    }
    return columns * sizeof(FloatColumn);
  }
  [[nodiscard]] const Buffer& of(Takes as) const {
    return as == Takes::bytes ? bytes_ : as == Takes::pairs ? pairs_ : floats_;
  }

  Buffer bytes_;
  Buffer pairs_;
  Buffer floats_;
};

/// Rows of floats, each padded to whole groups, so that kernels may write whole vectors.
class Rows {
 public:
  Rows(std::size_t rows, std::size_t columns)
      : stride_(padded(columns, group_rows)), bytes_(rows * stride_ * sizeof(float)) {}
  [[nodiscard]] std::size_t stride() const { return stride_; }
  [[nodiscard]] float* row(std::size_t index) const { return bytes_.as<float>() + index * stride_; }

 private:
  std::size_t stride_;
  Buffer bytes_;
};

}  // namespace engine::native

// The tokens of a step on their way through a layer.
#pragma once

#include <cstddef>

#include "buffer.hpp"
#include "kernels.hpp"
#include "matrix.hpp"

namespace engine::native {

/// Rows of activations in the order in which the kernels read them: tiles of 8 tokens, as bytes
/// with scales or as floats. Room for both; which is filled depends on who multiplies.
class Tiles {
 public:
  Tiles(std::size_t tokens_max, std::size_t columns_max)
      : bytes_(tiles(tokens_max) * padded(columns_max, block_values) / block_values *
               sizeof(QuantizedBlock)),
        floats_(tiles(tokens_max) * columns_max * sizeof(FloatColumn)) {}

  [[nodiscard]] static std::size_t tiles(std::size_t tokens) {
    return padded(tokens, tile_tokens) / tile_tokens;
  }

  void put_bytes(const Kernels& kernels, const float* row, std::size_t columns, std::size_t token) {
    kernels.quantize(row, columns, token % tile_tokens,
                     bytes_.as<QuantizedBlock>() + token / tile_tokens * (columns / block_values));
  }
  void put_floats(const float* row, std::size_t columns, std::size_t token) {
    FloatColumn* const tile = floats_.as<FloatColumn>() + token / tile_tokens * columns;
    for (std::size_t i = 0; i < columns; ++i) {
      tile[i].values[token % tile_tokens] = row[i];
    }
  }

  /// A product of these tiles with a matrix; `out` is [token][out_stride].
  [[nodiscard]] Product product(const Matrix& matrix, std::size_t tokens, float* out,
                                std::size_t out_stride, bool add) const {
    Product product;
    product.groups = matrix.bytes();
    product.group_bytes = matrix.group_bytes();
    product.columns = matrix.columns();
    product.tiles = matrix.wants_bytes() ? bytes_.get() : floats_.get();
    product.tile_bytes = matrix.wants_bytes()
                             ? matrix.columns() / block_values * sizeof(QuantizedBlock)
                             : matrix.columns() * sizeof(FloatColumn);
    product.tokens = tokens;
    product.out = out;
    product.out_stride = out_stride;
    product.add = add;
    return product;
  }

 private:
  Buffer bytes_;
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

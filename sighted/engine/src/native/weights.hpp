// The weights of a model, packed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <base/result.hpp>

#include "matrix.hpp"
#include "shape.hpp"

namespace engine::native {

struct Layer {
  std::vector<float> attention_norm, feed_forward_norm;
  std::vector<float> query_bias, key_bias, value_bias;  ///< Empty = none.
  std::vector<float> query_norm, key_norm;              ///< Empty = none.
  Matrix query, key, value, output;
  Matrix gate, up, down;
};

struct Weights {
  Matrix embedding;
  Matrix output;  ///< Empty = the embedding's.
  std::vector<float> output_norm;
  std::vector<float> rope_factors;  ///< Each frequency is divided by its one; empty = none.
  std::vector<Layer> layers;
  std::uint64_t parameters = 0;
  std::uint64_t file_bytes = 0;  ///< Of all tensors, as in the file.

  [[nodiscard]] const Matrix& head() const { return output.empty() ? embedding : output; }
};

/// Reads the file tensor by tensor and packs a group of rows at a time. Throws std::bad_alloc.
/// returns  the reason where the file cannot be read to its end.
[[nodiscard]] base::Result<Weights, std::string> load_weights(
    const std::string& path, const gguf_context* gguf, const Shape& shape,
    const std::function<void(float)>& progress);

}  // namespace engine::native

// What kind of model a GGUF holds, and whether the native engine can run it.
#pragma once

#include <gguf.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include <base/result.hpp>

namespace engine::native {

struct Shape {
  std::string architecture;
  std::uint32_t layers = 0;
  std::uint32_t width = 0;
  std::uint32_t heads = 0;
  std::uint32_t heads_kv = 0;
  std::uint32_t head_dim = 0;
  std::uint32_t feed_forward = 0;
  std::uint32_t vocabulary = 0;
  std::uint32_t context = 0;
  float norm_epsilon = 0;
  float rope_base = 10000.0F;
  float rope_scale = 1.0F;  ///< Positions are multiplied with it.
  /// false: a head's values 2i and 2i + 1 turn together; true: i and i + half.
  bool rope_halves = false;
  bool qk_norm = false;
};

/// A reason is for people and names what is in the way. Every key of the architecture must be
/// known and every tensor expected and of its size: what is not understood is not run.
[[nodiscard]] base::Result<Shape, std::string> read_shape(const gguf_context* gguf);

/// The tensor's sizes, innermost first; 1 where it has no second one.
struct TensorSize {
  std::size_t columns = 0;
  std::size_t rows = 1;
};
/// What a tensor of this name would have to be; nothing (columns 0) where the shape has no such
/// tensor. required   tells whether it may be missing.
[[nodiscard]] TensorSize expected_size(const Shape& shape, const std::string& name, bool& required);

}  // namespace engine::native

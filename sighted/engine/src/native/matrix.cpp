#include "matrix.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace engine::native {
namespace {

Packing packing_of(ggml_type type) {
  switch (type) {
    case GGML_TYPE_F32: return Packing::f32;
    case GGML_TYPE_F16: return Packing::f16;
    case GGML_TYPE_BF16: return Packing::bf16;
    case GGML_TYPE_Q4_0: return Packing::w4;
    default: return Packing::w8;
  }
}

std::size_t bytes_of_group(Packing packing, std::size_t columns) {
  const std::size_t blocks = columns / block_values;
  const std::size_t scales = blocks * group_rows * sizeof(std::uint16_t);
  switch (packing) {
    case Packing::f32: return columns * group_rows * 4;
    case Packing::f16: return columns * group_rows * 2;
    case Packing::bf16: return padded(columns, 2) * group_rows * 2;
    case Packing::w8: return padded(columns * group_rows + scales, 64);
    case Packing::w4: break;
  }
  return padded(columns * group_rows / 2 + scales, 64);
}

/// Where the value of a row and a column lies in a group of floats, in values.
std::size_t float_at(Packing packing, std::size_t row, std::size_t column) {
  return packing == Packing::bf16 ? column / 2 * 2 * group_rows + row * 2 + column % 2
                                  : column * group_rows + row;
}

/// Where the byte of a row and a column lies in a group of w8; of w4, which nibble.
std::size_t byte_at(std::size_t row, std::size_t column) {
  return column / 4 * 64 + row * 4 + column % 4;
}

/// A block of 32 as a file has it.
struct Q8Block {
  std::uint16_t scale;
  std::int8_t values[block_values];
};
struct Q4Block {
  std::uint16_t scale;
  std::uint8_t values[block_values / 2];  ///< Low halves are the first 16.
};

/// The scale is the half that is used, so that what is divided by is what is multiplied with. What
/// is no number in a damaged file becomes 0.
Q8Block quantized(const float* values) {
  float most = 0;
  for (std::size_t i = 0; i < block_values; ++i) {
    if (std::isfinite(values[i])) {
      most = std::max(most, std::fabs(values[i]));
    }
  }
  Q8Block block{};
  block.scale = ggml_fp32_to_fp16(most / 127.0F);
  const float scale = ggml_fp16_to_fp32(block.scale);
  for (std::size_t i = 0; i < block_values && scale > 0; ++i) {
    const float rounded = std::isfinite(values[i]) ? std::nearbyint(values[i] / scale) : 0.0F;
    block.values[i] = static_cast<std::int8_t>(std::clamp(rounded, -127.0F, 127.0F));
  }
  return block;
}

}  // namespace

bool Matrix::can_pack(ggml_type type, std::size_t columns) {
  switch (type) {
    case GGML_TYPE_F32:
    case GGML_TYPE_F16:
    case GGML_TYPE_BF16: return columns > 0;
    case GGML_TYPE_Q8_0:
    case GGML_TYPE_Q4_0:
    case GGML_TYPE_Q4_1:
    case GGML_TYPE_Q5_0:
    case GGML_TYPE_Q5_1: return columns > 0 && columns % block_values == 0;
    case GGML_TYPE_Q4_K:
    case GGML_TYPE_Q5_K:
    case GGML_TYPE_Q6_K: return columns > 0 && columns % 256 == 0;
    default: return false;
  }
}

Matrix::Matrix(ggml_type type, std::size_t rows, std::size_t columns)
    : type_(type),
      packing_(packing_of(type)),
      rows_(rows),
      columns_(columns),
      group_bytes_(bytes_of_group(packing_, columns)),
      bytes_(groups() * group_bytes_) {}

void Matrix::pack(std::size_t group, const std::byte* rows) {
  std::byte* const to = bytes_.get() + group * group_bytes_;
  const std::size_t count = std::min(group_rows, rows_ - group * group_rows);
  // Rows that are not there are zeros: their scales, or all of them.
  std::memset(to, 0, group_bytes_);
  if (packing_ == Packing::w8) {
    pack_bytes(rows, count, to);
  } else if (packing_ == Packing::w4) {
    pack_nibbles(rows, count, to);
  } else {
    pack_floats(rows, count, to);
  }
}

void Matrix::pack_floats(const std::byte* rows, std::size_t count, std::byte* to) const {
  const std::size_t size = packing_ == Packing::f32 ? 4 : 2;
  for (std::size_t row = 0; row < count; ++row) {
    for (std::size_t i = 0; i < columns_; ++i) {
      std::memcpy(to + float_at(packing_, row, i) * size, rows + (row * columns_ + i) * size, size);
    }
  }
}

void Matrix::pack_bytes(const std::byte* rows, std::size_t count, std::byte* to) const {
  const std::size_t blocks = columns_ / block_values;
  const std::size_t row_bytes = ggml_row_size(type_, static_cast<std::int64_t>(columns_));
  const auto to_float = ggml_get_type_traits(type_)->to_float;
  std::vector<float> floats(columns_);
  for (std::size_t row = 0; row < count; ++row) {
    const std::byte* const from = rows + row * row_bytes;
    if (type_ != GGML_TYPE_Q8_0) {
      to_float(from, floats.data(), static_cast<std::int64_t>(columns_));
    }
    for (std::size_t b = 0; b < blocks; ++b) {
      Q8Block block;
      if (type_ == GGML_TYPE_Q8_0) {
        std::memcpy(&block, from + b * sizeof(block), sizeof(block));
      } else {
        block = quantized(floats.data() + b * block_values);
      }
      for (std::size_t i = 0; i < block_values; ++i) {
        to[byte_at(row, b * block_values + i)] = static_cast<std::byte>(block.values[i] + 128);
      }
      std::memcpy(to + columns_ * group_rows + (b * group_rows + row) * 2, &block.scale, 2);
    }
  }
}

void Matrix::pack_nibbles(const std::byte* rows, std::size_t count, std::byte* to) const {
  const std::size_t blocks = columns_ / block_values;
  for (std::size_t row = 0; row < count; ++row) {
    for (std::size_t b = 0; b < blocks; ++b) {
      Q4Block block;
      std::memcpy(&block, rows + (row * blocks + b) * sizeof(block), sizeof(block));
      for (std::size_t i = 0; i < block_values; ++i) {
        const unsigned both = block.values[i % 16];
        const unsigned value = i < 16 ? both & 15U : both >> 4U;
        // Two groups of four columns share a vector: the second one has the high halves.
        const std::size_t vector = i / 8;
        const std::size_t at = b * block_values * group_rows / 2 + vector * 64 + row * 4 + i % 4;
        to[at] |= static_cast<std::byte>(i % 8 < 4 ? value : value << 4U);
      }
      std::memcpy(to + columns_ * group_rows / 2 + (b * group_rows + row) * 2, &block.scale, 2);
    }
  }
}

void Matrix::unpack(std::size_t row, float* out) const {
  const std::byte* const group = bytes_.get() + row / group_rows * group_bytes_;
  const std::size_t lane = row % group_rows;
  const bool nibbles = packing_ == Packing::w4;
  for (std::size_t i = 0; i < columns_; ++i) {
    std::uint16_t half = 0;
    if (packing_ == Packing::f32) {
      std::memcpy(out + i, group + float_at(packing_, lane, i) * 4, 4);
    } else if (packing_ == Packing::f16 || packing_ == Packing::bf16) {
      std::memcpy(&half, group + float_at(packing_, lane, i) * 2, 2);
      out[i] =
          packing_ == Packing::f16 ? ggml_fp16_to_fp32(half) : ggml_bf16_to_fp32(ggml_bf16_t{half});
    } else {
      const std::size_t quants = columns_ * group_rows / (nibbles ? 2 : 1);
      std::memcpy(&half, group + quants + (i / block_values * group_rows + lane) * 2, 2);
      const auto at = nibbles ? i / 8 * 64 + lane * 4 + i % 4 : byte_at(lane, i);
      const auto byte = static_cast<int>(group[at]);
      const int value = nibbles ? (i % 8 < 4 ? byte & 15 : byte >> 4) - 8 : byte - 128;
      out[i] = static_cast<float>(value) * ggml_fp16_to_fp32(half);
    }
  }
}

}  // namespace engine::native

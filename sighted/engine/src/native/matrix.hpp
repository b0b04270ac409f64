// A matrix of weights, packed for the kernels.
#pragma once

#include <ggml.h>

#include <cstddef>
#include <cstdint>

#include "buffer.hpp"
#include "kernels.hpp"

namespace engine::native {

/// rows x columns; a row gives one output. Immutable once packed.
class Matrix {
 public:
  Matrix() = default;
  /// type   of the file; can_pack() must say yes. Rows are put in by pack().
  Matrix(ggml_type type, std::size_t rows, std::size_t columns);

  [[nodiscard]] static bool can_pack(ggml_type type, std::size_t columns);

  /// Packs a group of rows (the last may be short), lying one after the other as in the file.
  void pack(std::size_t group, const std::byte* rows);
  /// A row as floats.
  void unpack(std::size_t row, float* out) const;

  [[nodiscard]] bool empty() const { return rows_ == 0; }
  [[nodiscard]] Packing packing() const { return packing_; }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t columns() const { return columns_; }
  [[nodiscard]] std::size_t groups() const { return padded(rows_, group_rows) / group_rows; }
  [[nodiscard]] std::size_t group_bytes() const { return group_bytes_; }
  [[nodiscard]] const std::byte* bytes() const { return bytes_.get(); }

 private:
  void pack_floats(const std::byte* rows, std::size_t count, std::byte* to) const;
  void pack_bytes(const std::byte* rows, std::size_t count, std::byte* to) const;
  void pack_nibbles(const std::byte* rows, std::size_t count, std::byte* to) const;

  ggml_type type_ = GGML_TYPE_F32;
  Packing packing_ = Packing::f32;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::size_t group_bytes_ = 0;
  Buffer bytes_;
};

}  // namespace engine::native

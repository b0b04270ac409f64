// What a statement answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <postgres/parameters.hpp>

struct pg_result;

namespace postgres {

/// Rows and columns count from 0. Bytes and text live as long as this.
class Rows {
 public:
  explicit Rows(pg_result* result) : result_(result) {}

  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] bool empty() const { return count() == 0; }
  [[nodiscard]] int columns() const;
  /// PostgreSQL's own number of a column's type.
  [[nodiscard]] std::uint32_t type(int column) const;
  /// NULL.
  [[nodiscard]] bool none(std::size_t row, int column) const;
  /// smallint, integer, bigint; boolean as 0 and 1; 0 for NULL.
  [[nodiscard]] std::int64_t integer(std::size_t row, int column) const;
  [[nodiscard]] std::uint64_t number(std::size_t row, int column) const;
  /// bytea, uuid; empty for NULL.
  [[nodiscard]] Bytes bytes(std::size_t row, int column) const;
  [[nodiscard]] std::string_view text(std::size_t row, int column) const;
  /// "COMMIT", "ROLLBACK", "UPDATE 1" ...
  [[nodiscard]] std::string_view tag() const;

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

}  // namespace postgres

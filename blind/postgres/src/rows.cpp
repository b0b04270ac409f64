#include <postgres/rows.hpp>

#include <libpq-fe.h>

namespace postgres {

void Rows::Clear::operator()(pg_result* result) const {
  PQclear(result);
}

std::size_t Rows::count() const {
  return static_cast<std::size_t>(PQntuples(result_.get()));
}

int Rows::columns() const {
  return PQnfields(result_.get());
}

std::uint32_t Rows::type(int column) const {
  return PQftype(result_.get(), column);
}

bool Rows::none(std::size_t row, int column) const {
  return PQgetisnull(result_.get(), static_cast<int>(row), column) == 1;
}

std::int64_t Rows::integer(std::size_t row, int column) const {
  const Bytes big_endian = bytes(row, column);
  if (big_endian.empty()) return 0;
  // The sign is in the first bit, whatever the width.
  std::uint64_t word =
      big_endian.size() > 1 && (big_endian[0] & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
  for (const std::uint8_t byte : big_endian) {
    word = (word << 8U) | byte;
  }
  return static_cast<std::int64_t>(word);
}

std::uint64_t Rows::number(std::size_t row, int column) const {
  return static_cast<std::uint64_t>(integer(row, column));
}

Bytes Rows::bytes(std::size_t row, int column) const {
  const int at = static_cast<int>(row);
  return {reinterpret_cast<const std::uint8_t*>(PQgetvalue(result_.get(), at, column)),
          static_cast<std::size_t>(PQgetlength(result_.get(), at, column))};
}

std::string_view Rows::text(std::size_t row, int column) const {
  const Bytes letters = bytes(row, column);
  return {reinterpret_cast<const char*>(letters.data()), letters.size()};
}

std::string_view Rows::tag() const {
  return PQcmdStatus(result_.get());
}

}  // namespace postgres

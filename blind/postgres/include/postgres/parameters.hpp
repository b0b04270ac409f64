// What goes into a statement, in PostgreSQL's binary form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postgres {

using Bytes = std::span<const std::uint8_t>;

/// PostgreSQL's own numbers of its types.
enum class Type : std::uint32_t { bytea = 17, int8 = 20, text = 25, uuid = 2950 };

/// One column of many rows. A statement with a few of them writes a whole batch:
/// INSERT ... SELECT * FROM unnest($1, $2).
class Array {
 public:
  explicit Array(Type element) : element_(element) {}

  void add(std::int64_t value);
  /// All 64 bits, as the signed number of the same bits.
  void add(std::uint64_t value) { add(static_cast<std::int64_t>(value)); }
  void add(std::uint32_t value) { add(std::int64_t{value}); }
  void add(Bytes bytes);
  void add_none();

  [[nodiscard]] bool empty() const { return count_ == 0; }

 private:
  friend class Parameters;
  [[nodiscard]] std::string encoded() const;

  Type element_;
  std::uint32_t count_ = 0;
  bool has_none_ = false;
  std::string items_;
};

/// $1, $2 ... in the order of the calls.
class Parameters {
 public:
  Parameters& add(std::int64_t value);
  Parameters& add(std::uint64_t value) { return add(static_cast<std::int64_t>(value)); }
  Parameters& add(std::uint32_t value) { return add(std::int64_t{value}); }
  Parameters& add(std::string_view text);
  Parameters& add(Bytes bytes, Type type = Type::bytea);
  Parameters& add(const Array& array);
  Parameters& add_none(Type type);

 private:
  friend class Connection;
  struct Parameter {
    std::uint32_t type = 0;
    std::optional<std::string> value;
  };
  std::vector<Parameter> list_;
};

}  // namespace postgres

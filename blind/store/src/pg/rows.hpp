// Rows of the ledger to and from PostgreSQL's columns. The column lists, the letters of their types
// and the functions that read and write them stand side by side.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <ledger/reader.hpp>
#include <ledger/rows.hpp>
#include <postgres/connection.hpp>

namespace store::pg {

using ledger::Stored;
using postgres::Parameters;
using postgres::Rows;

/// Many rows as one array a column, for INSERT ... SELECT * FROM unnest(...).
/// types   a letter a column: n = number (bigint), u = 128-bit id (uuid), b = bytes (bytea).
class Columns {
 public:
  explicit Columns(std::string_view types);

  // The cells of one row after the other, from left to right.
  Columns& add(std::int64_t value);
  Columns& add(std::uint64_t value) { return add(static_cast<std::int64_t>(value)); }
  Columns& add(std::uint32_t value) { return add(std::int64_t{value}); }
  /// "None" is NULL.
  template <class Tag>
  Columns& add(base::WideId<Tag> id) {
    return add_id(id.high, id.low);
  }
  /// "None" is NULL.
  Columns& add(const terms::Digest& digest);
  /// "None" is 32 zero bytes, for columns that are compared.
  Columns& add_always(const terms::Digest& digest);
  Columns& add(const ledger::RateWindow& window);

  [[nodiscard]] bool empty() const { return arrays_.front().empty(); }
  [[nodiscard]] Parameters parameters() const;
  /// "unnest($1::bigint[], $2::uuid[])", for the same letters.
  [[nodiscard]] static std::string unnest(std::string_view types);

 private:
  postgres::Array& next();
  Columns& add_id(std::uint64_t high, std::uint64_t low);

  std::vector<postgres::Array> arrays_;
  std::size_t at_ = 0;
};

/// "INSERT INTO table (columns) SELECT * FROM unnest(...)".
[[nodiscard]] std::string insert_sql(const std::string& table, const std::string& columns,
                                     std::string_view types);

// One cell.
template <class Id = terms::RequestId>
[[nodiscard]] Id wide_id(const Rows& rows, std::size_t row, int column);
[[nodiscard]] terms::Digest digest(const Rows& rows, std::size_t row, int column);
[[nodiscard]] ledger::RateWindow window(const Rows& rows, std::size_t row, int column);
[[nodiscard]] std::vector<std::uint8_t> bytes_of(const terms::Digest& digest);
[[nodiscard]] std::vector<std::uint8_t> bytes_of(std::uint64_t high, std::uint64_t low);

inline constexpr const char* hold_columns =
    "request, tenant, key, model, price_list, price_input, price_cached, price_output, "
    "idempotency, amount, held_at, reserved_at, input, output_granted, server, account, "
    "price_list_hash";
inline constexpr std::string_view hold_types = "unnnnnnnbnnnnnnub";
[[nodiscard]] ledger::HoldRow read_hold(const Rows& rows, std::size_t row);
void add_hold(Columns& columns, const ledger::HoldRow& row);

inline constexpr const char* posting_columns =
    "request, from_kind, from_tenant, to_kind, to_tenant, amount, time, kind";
inline constexpr std::string_view posting_types = "unnnnnnn";
[[nodiscard]] ledger::Posting read_posting(const Rows& rows, std::size_t row);
void add_posting(Columns& columns, const ledger::Posting& posting);

/// From `receipt_tables`.
inline constexpr const char* receipt_columns =
    "r.tenant, r.time, r.sequence, r.id, r.key, r.model, r.price_list, r.price_input, "
    "r.price_cached, r.price_output, a.weights, a.tokenizer, r.output, r.previous, r.held_at, "
    "r.charge, r.balance_after, r.input, r.cached, r.output_tokens, r.end_reason, r.account, "
    "a.price_list_hash, r.credited, r.salt, r.leaf";
inline constexpr const char* receipt_tables =
    "receipts AS r JOIN artefacts AS a ON a.id = r.artefacts";
[[nodiscard]] ledger::Receipt read_receipt(const Rows& rows, std::size_t row);
inline constexpr const char* receipt_own_columns =
    "tenant, time, sequence, id, key, model, price_list, price_input, price_cached, price_output, "
    "artefacts, output, previous, held_at, charge, balance_after, input, cached, output_tokens, "
    "end_reason, account, credited, salt, leaf";
inline constexpr std::string_view receipt_own_types = "nnnunnnnnnnbbnnnnnnnunbn";
void add_receipt(Columns& columns, const ledger::Receipt& receipt, std::int64_t artefacts);

inline constexpr const char* tenant_columns = "id, available, held, sequence, chain, credited";
inline constexpr std::string_view tenant_types = "nnnnbn";
[[nodiscard]] ledger::TenantEntry read_tenant(const Rows& rows, std::size_t row);
void add_tenant(Columns& columns, terms::TenantId id, const ledger::TenantRow& row);

inline constexpr const char* pruned_columns =
    "tenant, sequence, logged, tokens, charge, time, chain";
inline constexpr std::string_view pruned_types = "nnnnnnb";
[[nodiscard]] ledger::PrunedEntry read_pruned(const Rows& rows, std::size_t row);
void add_pruned(Columns& columns, terms::TenantId tenant, const ledger::PrunedRow& row);

inline constexpr const char* hour_columns =
    "tenant, hour, key, model, price_list, requests, input, cached, output, charge";
inline constexpr std::string_view hour_types = "nnnnnnnnnn";
[[nodiscard]] ledger::HourEntry read_hour(const Rows& rows, std::size_t row);

inline constexpr const char* key_columns = "id, open, requests, tokens";
inline constexpr std::string_view key_types = "nnbb";

inline constexpr const char* month_columns = "key, month, spent, held";
inline constexpr std::string_view month_types = "nnnn";

inline constexpr const char* house_columns = "revenue, outside, leaves";
[[nodiscard]] ledger::HouseRow read_house(const Rows& rows, std::size_t row);

inline constexpr const char* leaf_columns = "id, value, kind";
inline constexpr std::string_view leaf_types = "nbn";
[[nodiscard]] ledger::LeafRow read_leaf(const Rows& rows, std::size_t row);

inline constexpr const char* void_columns = "request, tenant, time";
inline constexpr std::string_view void_types = "unn";
[[nodiscard]] ledger::VoidRow read_void(const Rows& rows, std::size_t row);

template <class Id>
Id wide_id(const Rows& rows, std::size_t row, int column) {
  const postgres::Bytes bytes = rows.bytes(row, column);
  Id id{};
  if (bytes.size() != 16) return id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.high = (id.high << 8U) | bytes[i];
    id.low = (id.low << 8U) | bytes[8 + i];
  }
  return id;
}

}  // namespace store::pg

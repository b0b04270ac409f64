#include "pg/rows.hpp"

#include <base/invariant.hpp>
#include <ledger/month.hpp>

namespace store::pg {
namespace {

using postgres::Type;

Type type_of(char letter) {
  switch (letter) {
    case 'u': return Type::uuid;
    case 'b': return Type::bytea;
    default: return Type::int8;
  }
}

const char* name_of(char letter) {
  switch (letter) {
    case 'u': return "uuid";
    case 'b': return "bytea";
    default: return "bigint";
  }
}

void append_big_endian(std::vector<std::uint8_t>& out, std::uint64_t word) {
  for (int i = 7; i >= 0; --i) {
    out.push_back(static_cast<std::uint8_t>(word >> (8 * i)));
  }
}

std::uint64_t read_big_endian(const std::uint8_t* in) {
  std::uint64_t word = 0;
  for (int i = 0; i < 8; ++i) {
    word = (word << 8U) | in[i];
  }
  return word;
}

std::uint32_t number32(const Rows& rows, std::size_t row, int column) {
  return static_cast<std::uint32_t>(rows.integer(row, column));
}

}  // namespace

Columns::Columns(std::string_view types) {
  for (const char letter : types) {
    arrays_.emplace_back(type_of(letter));
  }
}

postgres::Array& Columns::next() {
  postgres::Array& array = arrays_[at_];
  at_ = (at_ + 1) % arrays_.size();
  return array;
}

Columns& Columns::add(std::int64_t value) {
  next().add(value);
  return *this;
}

Columns& Columns::add_id(std::uint64_t high, std::uint64_t low) {
  if (high == 0 && low == 0) {
    next().add_none();
  } else {
    next().add(bytes_of(high, low));
  }
  return *this;
}

Columns& Columns::add(const terms::Digest& digest) {
  if (digest.valid()) return add_always(digest);
  next().add_none();
  return *this;
}

Columns& Columns::add_always(const terms::Digest& digest) {
  next().add(bytes_of(digest));
  return *this;
}

Columns& Columns::add(const ledger::RateWindow& window) {
  if (window.slots().empty()) {
    next().add_none();
    return *this;
  }
  std::vector<std::uint8_t> bytes;
  for (const ledger::RateWindow::Slot& slot : window.slots()) {
    append_big_endian(bytes, static_cast<std::uint64_t>(slot.second));
    append_big_endian(bytes, slot.count);
  }
  next().add(bytes);
  return *this;
}

Parameters Columns::parameters() const {
  base::invariant(at_ == 0, "every row has all its cells");
  Parameters parameters;
  for (const postgres::Array& array : arrays_) {
    parameters.add(array);
  }
  return parameters;
}

std::string Columns::unnest(std::string_view types) {
  std::string sql = "unnest(";
  for (std::size_t i = 0; i < types.size(); ++i) {
    sql += (i == 0 ? "$" : ", $") + std::to_string(i + 1) + "::" + name_of(types[i]) + "[]";
  }
  return sql + ")";
}

std::string insert_sql(const std::string& table, const std::string& columns,
                       std::string_view types) {
  return "INSERT INTO " + table + " (" + columns + ") SELECT * FROM " + Columns::unnest(types);
}

std::vector<std::uint8_t> bytes_of(const terms::Digest& digest) {
  std::vector<std::uint8_t> bytes;
  for (const std::uint64_t word : digest.words) {
    append_big_endian(bytes, word);
  }
  return bytes;
}

std::vector<std::uint8_t> bytes_of(std::uint64_t high, std::uint64_t low) {
  std::vector<std::uint8_t> bytes;
  append_big_endian(bytes, high);
  append_big_endian(bytes, low);
  return bytes;
}

terms::Digest digest(const Rows& rows, std::size_t row, int column) {
  const postgres::Bytes bytes = rows.bytes(row, column);
  terms::Digest digest;
  if (bytes.size() != 32) return digest;
  for (std::size_t i = 0; i < 4; ++i) {
    digest.words[i] = read_big_endian(bytes.data() + 8 * i);
  }
  return digest;
}

ledger::RateWindow window(const Rows& rows, std::size_t row, int column) {
  const postgres::Bytes bytes = rows.bytes(row, column);
  std::vector<ledger::RateWindow::Slot> slots;
  for (std::size_t at = 0; at + 16 <= bytes.size(); at += 16) {
    slots.push_back({static_cast<std::int64_t>(read_big_endian(bytes.data() + at)),
                     read_big_endian(bytes.data() + at + 8)});
  }
  return ledger::RateWindow::of(std::move(slots));
}

ledger::HoldRow read_hold(const Rows& r, std::size_t i) {
  return {.request = wide_id(r, i, 0),
          .server = {r.number(i, 14)},
          .tenant = {r.number(i, 1)},
          .account = wide_id<terms::Pseudonym>(r, i, 15),
          .key = {r.number(i, 2)},
          .model = {r.number(i, 3)},
          .price_list = {r.number(i, 4)},
          .price_list_hash = digest(r, i, 16),
          .prices = {{r.integer(i, 5)}, {r.integer(i, 6)}, {r.integer(i, 7)}},
          .idempotency = digest(r, i, 8),
          .amount = {r.integer(i, 9)},
          .held_at = {r.integer(i, 10)},
          .reserved_at = {r.integer(i, 11)},
          .input = {number32(r, i, 12)},
          .output_granted = {number32(r, i, 13)}};
}

void add_hold(Columns& columns, const ledger::HoldRow& row) {
  columns.add(row.request).add(row.tenant.value).add(row.key.value).add(row.model.value);
  columns.add(row.price_list.value).add(row.prices.input.value).add(row.prices.cached.value);
  columns.add(row.prices.output.value).add(row.idempotency).add(row.amount.value);
  columns.add(row.held_at.value).add(row.reserved_at.value).add(row.input.value);
  columns.add(row.output_granted.value).add(row.server.value).add(row.account);
  columns.add(row.price_list_hash);
}

ledger::Posting read_posting(const Rows& r, std::size_t i) {
  return {.request = wide_id(r, i, 0),
          .from = {static_cast<ledger::AccountKind>(number32(r, i, 1)), 0, {r.number(i, 2)}},
          .to = {static_cast<ledger::AccountKind>(number32(r, i, 3)), 0, {r.number(i, 4)}},
          .amount = {r.integer(i, 5)},
          .time = {r.integer(i, 6)},
          .kind = static_cast<ledger::PostingKind>(number32(r, i, 7))};
}

void add_posting(Columns& columns, const ledger::Posting& posting) {
  columns.add(posting.request).add(static_cast<std::uint32_t>(posting.from.kind));
  columns.add(posting.from.tenant.value).add(static_cast<std::uint32_t>(posting.to.kind));
  columns.add(posting.to.tenant.value).add(posting.amount.value).add(posting.time.value);
  columns.add(static_cast<std::uint32_t>(posting.kind));
}

ledger::Receipt read_receipt(const Rows& r, std::size_t i) {
  return {.id = wide_id(r, i, 3),
          .tenant = {r.number(i, 0)},
          .account = wide_id<terms::Pseudonym>(r, i, 21),
          .key = {r.number(i, 4)},
          .sequence = r.number(i, 2),
          .model = {r.number(i, 5)},
          .price_list = {r.number(i, 6)},
          .price_list_hash = digest(r, i, 22),
          .prices = {{r.integer(i, 7)}, {r.integer(i, 8)}, {r.integer(i, 9)}},
          .weights = digest(r, i, 10),
          .tokenizer = digest(r, i, 11),
          .output = digest(r, i, 12),
          .previous = digest(r, i, 13),
          .held_at = {r.integer(i, 14)},
          .time = {r.integer(i, 1)},
          .charge = {r.integer(i, 15)},
          .balance_after = {r.integer(i, 16)},
          .credited = {r.integer(i, 23)},
          .salt = digest(r, i, 24),
          .leaf = r.number(i, 25),
          .usage = {{number32(r, i, 17)}, {number32(r, i, 18)}, {number32(r, i, 19)}},
          .end = static_cast<terms::EndReason>(number32(r, i, 20))};
}

void add_receipt(Columns& columns, const ledger::Receipt& receipt, std::int64_t artefacts) {
  columns.add(receipt.tenant.value).add(receipt.time.value).add(receipt.sequence);
  columns.add(receipt.id).add(receipt.key.value).add(receipt.model.value);
  columns.add(receipt.price_list.value).add(receipt.prices.input.value);
  columns.add(receipt.prices.cached.value).add(receipt.prices.output.value).add(artefacts);
  columns.add(receipt.output).add(receipt.previous).add(receipt.held_at.value);
  columns.add(receipt.charge.value).add(receipt.balance_after.value);
  columns.add(receipt.usage.input.value).add(receipt.usage.cached.value);
  columns.add(receipt.usage.output.value).add(static_cast<std::uint32_t>(receipt.end));
  columns.add(receipt.account).add(receipt.credited.value).add(receipt.salt).add(receipt.leaf);
}

ledger::TenantEntry read_tenant(const Rows& r, std::size_t i) {
  return {{r.number(i, 0)},
          {.available = {r.integer(i, 1)},
           .held = {r.integer(i, 2)},
           .sequence = r.number(i, 3),
           .chain = digest(r, i, 4),
           .credited = {r.integer(i, 5)}}};
}

void add_tenant(Columns& columns, terms::TenantId id, const ledger::TenantRow& row) {
  columns.add(id.value).add(row.available.value).add(row.held.value).add(row.sequence);
  columns.add(row.chain).add(row.credited.value);
}

ledger::HouseRow read_house(const Rows& r, std::size_t i) {
  return {.revenue = {r.integer(i, 0)}, .outside = {r.integer(i, 1)}, .leaves = r.number(i, 2)};
}

ledger::LeafRow read_leaf(const Rows& r, std::size_t i) {
  return {.index = r.number(i, 0),
          .value = digest(r, i, 1),
          .kind = static_cast<ledger::LeafKind>(number32(r, i, 2))};
}

ledger::VoidRow read_void(const Rows& r, std::size_t i) {
  return {wide_id(r, i, 0), {r.number(i, 1)}, {r.integer(i, 2)}};
}

ledger::PrunedEntry read_pruned(const Rows& r, std::size_t i) {
  return {{r.number(i, 0)},
          {.sequence = r.number(i, 1),
           .logged = r.number(i, 2),
           .tokens = r.number(i, 3),
           .charge = {r.integer(i, 4)},
           .time = {r.integer(i, 5)},
           .chain = digest(r, i, 6)}};
}

void add_pruned(Columns& columns, terms::TenantId tenant, const ledger::PrunedRow& row) {
  columns.add(tenant.value).add(row.sequence).add(row.logged).add(row.tokens);
  columns.add(row.charge.value).add(row.time.value).add(row.chain);
}

ledger::HourEntry read_hour(const Rows& r, std::size_t i) {
  return {{r.number(i, 0)},
          {.start = {r.integer(i, 1) * ledger::one_hour.value},
           .model = {r.number(i, 3)},
           .key = {r.number(i, 2)},
           .price_list = {r.number(i, 4)},
           .requests = r.number(i, 5),
           .input = {r.number(i, 6)},
           .cached = {r.number(i, 7)},
           .output = {r.number(i, 8)},
           .charge = {r.integer(i, 9)}}};
}

}  // namespace store::pg

#include "sqlite/snapshot.hpp"

#include <string>
#include <utility>

#include <ledger/month.hpp>

#include "sqlite/rows.hpp"

namespace store::sqlite {
namespace {

template <class Row>
class SqliteCursor final : public ledger::Cursor<Row> {
 public:
  using Read = Row (*)(const Statement&);
  SqliteCursor(Statement statement, Read read) : statement_(std::move(statement)), read_(read) {}

  Stored<std::optional<Row>> next() override {
    if (ended_) return std::optional<Row>{};
    auto found = statement_.step();
    ended_ = !found || !*found;
    if (!found) return base::Fail{found.error()};
    if (!*found) return std::optional<Row>{};
    return std::optional<Row>{read_(statement_)};
  }

 private:
  Statement statement_;
  Read read_;
  bool ended_ = false;
};

/// One cursor after another.
template <class Row>
class Chain final : public ledger::Cursor<Row> {
 public:
  using Part = std::unique_ptr<ledger::Cursor<Row>>;
  Chain(Part first, Part second) : first_(std::move(first)), second_(std::move(second)) {}

  Stored<std::optional<Row>> next() override {
    if (first_ != nullptr) {
      auto row = first_->next();
      if (!row || row->has_value()) return row;
      first_.reset();
    }
    return second_->next();
  }

 private:
  Part first_;
  Part second_;
};

ledger::TenantEntry read_entry(const Statement& s) {
  return {{s.number(0)}, read_tenant(s, 1)};
}

ledger::VoidRow read_void(const Statement& s) {
  return {s.wide_id(0), {s.number(1)}, {s.integer(2)}};
}

ledger::KeyEntry read_key(const Statement& s) {
  return {{s.number(0)}, {s.number(1), read_window(s, 2), read_window(s, 3)}};
}

ledger::MonthEntry read_month(const Statement& s) {
  return {
      {s.number(0)}, {static_cast<std::int32_t>(s.integer(1))}, {{s.integer(2)}, {s.integer(3)}}};
}

ledger::ClaimEntry read_claim(const Statement& s) {
  return {{s.number(0)}, s.digest(1), s.wide_id(2)};
}

ledger::PrunedEntry read_mark(const Statement& s) {
  return {{s.number(0)}, read_pruned(s)};
}

ledger::HourEntry read_hour(const Statement& s) {
  return {{s.number(0)},
          {.start = {s.integer(1) * ledger::one_hour.value},
           .model = {s.number(3)},
           .key = {s.number(2)},
           .price_list = {s.number(4)},
           .requests = s.number(5),
           .input = {s.number(6)},
           .cached = {s.number(7)},
           .output = {s.number(8)},
           .charge = {s.integer(9)}}};
}

class SqliteSnapshot final : public ledger::Snapshot {
 public:
  explicit SqliteSnapshot(std::unique_ptr<Connection> connection)
      : connection_(std::move(connection)) {}

  Stored<ledger::HouseRow> house() override {
    const std::string sql = std::string("SELECT ") + house_columns + " FROM house";
    const Statement s(connection_->handle(), sql.c_str());
    auto found = s.step();
    if (!found) return base::Fail{found.error()};
    if (!*found) return ledger::HouseRow{};
    return read_house(s);
  }
  ledger::Rows<ledger::TenantEntry> tenants() override {
    // Ids are compared as the unsigned numbers they are.
    return rows(std::string("SELECT id, ") + tenant_columns + " FROM tenants ORDER BY id < 0, id",
                read_entry);
  }
  ledger::Rows<ledger::Posting> postings_as_written() override {
    return rows(std::string("SELECT ") + posting_columns + " FROM postings ORDER BY id",
                read_posting);
  }
  ledger::Rows<ledger::Posting> postings_by_request() override {
    return rows(std::string("SELECT ") + posting_columns + " FROM postings ORDER BY request, id",
                read_posting);
  }
  ledger::Rows<ledger::HoldRow> holds_by_request() override {
    return rows(std::string("SELECT ") + hold_columns + " FROM holds ORDER BY request", read_hold);
  }
  ledger::Rows<ledger::VoidRow> voids_by_request() override {
    return rows("SELECT request, tenant, time FROM voids ORDER BY request", read_void);
  }
  ledger::Rows<ledger::Receipt> receipts_by_request() override { return receipts("r.id", "1"); }
  ledger::Rows<ledger::Receipt> receipts_by_tenant() override {
    // Two walks along the index instead of a sort: ids are unsigned, stored as signed numbers.
    auto low = receipts("r.tenant, r.sequence", "r.tenant >= 0");
    if (!low) return low;
    auto high = receipts("r.tenant, r.sequence", "r.tenant < 0");
    if (!high) return high;
    return std::unique_ptr<ledger::Cursor<ledger::Receipt>>(
        std::make_unique<Chain<ledger::Receipt>>(std::move(*low), std::move(*high)));
  }
  ledger::Rows<ledger::Receipt> receipts_by_leaf() override {
    return rows(std::string("SELECT ") + receipt_columns + " FROM " + receipt_tables +
                    " WHERE r.account IS NOT NULL ORDER BY r.leaf",
                read_receipt);
  }
  ledger::Rows<ledger::LeafRow> leaves() override {
    return rows(std::string("SELECT ") + leaf_columns + " FROM leaves ORDER BY id", read_leaf);
  }
  ledger::Rows<ledger::KeyEntry> keys() override {
    return rows("SELECT id, open, requests, tokens FROM keys ORDER BY id < 0, id", read_key);
  }
  ledger::Rows<ledger::MonthEntry> months() override {
    return rows("SELECT key, month, spent, held FROM months ORDER BY key < 0, key, month",
                read_month);
  }
  ledger::Rows<ledger::ClaimEntry> claims() override {
    return rows("SELECT tenant, key, request FROM claims ORDER BY tenant < 0, tenant, key",
                read_claim);
  }
  ledger::Rows<ledger::PrunedEntry> pruned() override {
    return rows(
        std::string("SELECT ") + pruned_columns + " FROM pruned ORDER BY tenant < 0, tenant",
        read_mark);
  }
  ledger::Rows<ledger::HourEntry> hours() override {
    return rows(
        "SELECT tenant, hour, key, model, price_list, requests, input, cached, output, charge "
        "FROM usage_hours ORDER BY tenant < 0, tenant, hour, key < 0, key, model < 0, model, "
        "price_list < 0, price_list",
        read_hour);
  }
  Stored<std::optional<ledger::Carried>> month_sum(terms::TenantId tenant) override {
    const Statement s(connection_->handle(),
                      "SELECT ifnull(sum(credited), 0), ifnull(sum(charged), 0) "
                      "FROM tenant_months WHERE tenant = ?");
    if (!s.ready()) return base::Fail{ledger::StoreError::corrupt};
    s.bind(1, tenant.value);
    auto found = s.step();
    if (!found) return base::Fail{found.error()};
    return std::optional{ledger::Carried{{s.integer(0)}, {s.integer(1)}}};
  }
  Stored<ledger::UsageLine> usage_sum(terms::TenantId tenant) override {
    const Statement s(connection_->handle(),
                      "SELECT ifnull(sum(requests), 0), ifnull(sum(input), 0), "
                      "ifnull(sum(cached), 0), ifnull(sum(output), 0), ifnull(sum(charge), 0) "
                      "FROM usage_hours WHERE tenant = ?");
    if (!s.ready()) return base::Fail{ledger::StoreError::corrupt};
    s.bind(1, tenant.value);
    auto found = s.step();
    if (!found) return base::Fail{found.error()};
    ledger::UsageLine line;
    line.requests = s.number(0);
    line.input = {s.number(1)};
    line.cached = {s.number(2)};
    line.output = {s.number(3)};
    line.charge = {s.integer(4)};
    return line;
  }

 private:
  template <class Row>
  ledger::Rows<Row> rows(const std::string& sql, Row (*read)(const Statement&)) {
    Statement statement(connection_->handle(), sql.c_str());
    if (!statement.ready()) {
      return base::Fail{error_of(sqlite3_errcode(connection_->handle()))};
    }
    return std::unique_ptr<ledger::Cursor<Row>>(
        std::make_unique<SqliteCursor<Row>>(std::move(statement), read));
  }
  ledger::Rows<ledger::Receipt> receipts(const std::string& order, const std::string& which) {
    return rows(std::string("SELECT ") + receipt_columns + " FROM " + receipt_tables + " WHERE " +
                    which + " ORDER BY " + order,
                read_receipt);
  }

  std::unique_ptr<Connection> connection_;
};

}  // namespace

Stored<std::unique_ptr<ledger::Snapshot>> open_snapshot(std::unique_ptr<Connection> connection) {
  // Sorting by request spills to a file, so that memory stays flat.
  auto begun = connection->execute("PRAGMA temp_store = FILE; PRAGMA cache_size = -8192; BEGIN;");
  if (!begun) return base::Fail{begun.error()};
  // The transaction sees the books as of its first read.
  auto first = connection->query_integer("SELECT count(*) FROM house");
  if (!first) return base::Fail{first.error()};
  return std::unique_ptr<ledger::Snapshot>(std::make_unique<SqliteSnapshot>(std::move(connection)));
}

}  // namespace store::sqlite

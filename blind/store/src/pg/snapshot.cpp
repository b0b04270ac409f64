#include "pg/snapshot.hpp"

#include <string>
#include <utility>

#include <store/postgres.hpp>

#include "pg/rows.hpp"

namespace store::pg {
namespace {

constexpr const char* rows_a_fetch = "2000";

/// A cursor of the server, so that neither side holds all rows.
template <class Row>
class PgCursor final : public ledger::Cursor<Row> {
 public:
  using Read = Row (*)(const Rows&, std::size_t);
  PgCursor(postgres::Connection& connection, std::string name, Rows first, Read read)
      : connection_(connection), name_(std::move(name)), page_(std::move(first)), read_(read) {}

  Stored<std::optional<Row>> next() override {
    if (at_ == page_.count()) {
      if (page_.empty()) return std::optional<Row>{};
      auto more = connection_.ask(std::string("FETCH ") + rows_a_fetch + " FROM " + name_);
      if (!more) return base::Fail{error_of(more.error())};
      page_ = std::move(more).value();
      at_ = 0;
      if (page_.empty()) return std::optional<Row>{};
    }
    return std::optional<Row>{read_(page_, at_++)};
  }

 private:
  postgres::Connection& connection_;
  std::string name_;
  Rows page_;
  Read read_;
  std::size_t at_ = 0;
};

ledger::KeyEntry read_key(const Rows& r, std::size_t i) {
  return {{r.number(i, 0)}, {r.number(i, 1), window(r, i, 2), window(r, i, 3)}};
}

ledger::MonthEntry read_month(const Rows& r, std::size_t i) {
  return {{r.number(i, 0)},
          {static_cast<std::int32_t>(r.integer(i, 1))},
          {{r.integer(i, 2)}, {r.integer(i, 3)}}};
}

ledger::ClaimEntry read_claim(const Rows& r, std::size_t i) {
  return {{r.number(i, 0)}, digest(r, i, 1), wide_id(r, i, 2)};
}

class PgSnapshot final : public ledger::Snapshot {
 public:
  explicit PgSnapshot(std::unique_ptr<postgres::Connection> connection)
      : connection_(std::move(connection)) {}

  Stored<ledger::HouseRow> house() override {
    auto rows = connection_->ask(std::string("SELECT ") + house_columns + " FROM house");
    if (!rows) return base::Fail{error_of(rows.error())};
    if (rows->empty()) return ledger::HouseRow{};
    return read_house(*rows, 0);
  }
  ledger::Rows<ledger::TenantEntry> tenants() override {
    // Ids are compared as the unsigned numbers they are.
    return all(std::string(tenant_columns) + " FROM tenants ORDER BY id < 0, id", read_tenant);
  }
  ledger::Rows<ledger::Posting> postings_as_written() override {
    return all(std::string(posting_columns) + " FROM postings ORDER BY id", read_posting);
  }
  ledger::Rows<ledger::Posting> postings_by_request() override {
    return all(std::string(posting_columns) + " FROM postings ORDER BY request, id", read_posting);
  }
  ledger::Rows<ledger::HoldRow> holds_by_request() override {
    return all(std::string(hold_columns) + " FROM holds ORDER BY request", read_hold);
  }
  ledger::Rows<ledger::VoidRow> voids_by_request() override {
    return all(std::string(void_columns) + " FROM voids ORDER BY request", read_void);
  }
  ledger::Rows<ledger::Receipt> receipts_by_request() override { return receipts("r.id"); }
  ledger::Rows<ledger::Receipt> receipts_by_tenant() override {
    return receipts("r.tenant < 0, r.tenant, r.sequence");
  }
  ledger::Rows<ledger::Receipt> receipts_by_leaf() override {
    return all(std::string(receipt_columns) + " FROM " + receipt_tables +
                   " WHERE r.account IS NOT NULL ORDER BY r.leaf",
               read_receipt);
  }
  ledger::Rows<ledger::LeafRow> leaves() override {
    return all(std::string(leaf_columns) + " FROM leaves ORDER BY id", read_leaf);
  }
  ledger::Rows<ledger::KeyEntry> keys() override {
    return all(std::string(key_columns) + " FROM keys ORDER BY id < 0, id", read_key);
  }
  ledger::Rows<ledger::MonthEntry> months() override {
    return all(std::string(month_columns) + " FROM months ORDER BY key < 0, key, month",
               read_month);
  }
  ledger::Rows<ledger::ClaimEntry> claims() override {
    return all("tenant, key, request FROM claims ORDER BY tenant < 0, tenant, key", read_claim);
  }
  ledger::Rows<ledger::PrunedEntry> pruned() override {
    return all(std::string(pruned_columns) + " FROM pruned ORDER BY tenant < 0, tenant",
               read_pruned);
  }
  ledger::Rows<ledger::HourEntry> hours() override {
    return all(std::string(hour_columns) +
                   " FROM usage_hours ORDER BY tenant < 0, tenant, hour, key < 0, key, model < 0, "
                   "model, price_list < 0, price_list",
               read_hour);
  }
  Stored<std::optional<ledger::Carried>> month_sum(terms::TenantId tenant) override {
    auto rows = connection_->ask(
        "SELECT coalesce(sum(credited), 0)::bigint, coalesce(sum(charged), 0)::bigint "
        "FROM tenant_months WHERE tenant = $1",
        Parameters().add(tenant.value));
    if (!rows) return base::Fail{error_of(rows.error())};
    return std::optional{ledger::Carried{{rows->integer(0, 0)}, {rows->integer(0, 1)}}};
  }
  Stored<ledger::UsageLine> usage_sum(terms::TenantId tenant) override {
    auto rows = connection_->ask(
        "SELECT coalesce(sum(requests), 0)::bigint, coalesce(sum(input), 0)::bigint, "
        "coalesce(sum(cached), 0)::bigint, coalesce(sum(output), 0)::bigint, "
        "coalesce(sum(charge), 0)::bigint FROM usage_hours WHERE tenant = $1",
        Parameters().add(tenant.value));
    if (!rows) return base::Fail{error_of(rows.error())};
    ledger::UsageLine line;
    line.requests = rows->number(0, 0);
    line.input = {rows->number(0, 1)};
    line.cached = {rows->number(0, 2)};
    line.output = {rows->number(0, 3)};
    line.charge = {rows->integer(0, 4)};
    return line;
  }

 private:
  template <class Row>
  ledger::Rows<Row> all(const std::string& select, Row (*read)(const Rows&, std::size_t)) {
    const std::string name = "c" + std::to_string(++cursors_);
    connection_->queue("DECLARE " + name + " NO SCROLL CURSOR FOR SELECT " + select);
    connection_->queue(std::string("FETCH ") + rows_a_fetch + " FROM " + name);
    auto answers = connection_->run();
    if (!answers) return base::Fail{error_of(answers.error())};
    return std::unique_ptr<ledger::Cursor<Row>>(
        std::make_unique<PgCursor<Row>>(*connection_, name, std::move(answers->back()), read));
  }
  ledger::Rows<ledger::Receipt> receipts(const std::string& order) {
    return all(std::string(receipt_columns) + " FROM " + receipt_tables + " ORDER BY " + order,
               read_receipt);
  }

  std::unique_ptr<postgres::Connection> connection_;
  int cursors_ = 0;
};

}  // namespace

Stored<std::unique_ptr<ledger::Snapshot>> open_snapshot(
    std::unique_ptr<postgres::Connection> connection) {
  connection->queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  // The transaction sees the books as of its first read. What is sorted lies on the server's disk.
  connection->queue("SELECT count(*) FROM house");
  auto begun = connection->run();
  if (!begun) return base::Fail{error_of(begun.error())};
  return std::unique_ptr<ledger::Snapshot>(std::make_unique<PgSnapshot>(std::move(connection)));
}

}  // namespace store::pg

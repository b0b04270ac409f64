// All books into a PostgreSQL database, in one transaction.
#include <store/copy.hpp>

#include <map>

#include <ledger/month.hpp>
#include <store/postgres.hpp>

#include "pg/rows.hpp"
#include "pg/schema.hpp"
#include "pg/writer.hpp"

namespace store {
namespace pg {
namespace {

using Result = base::Result<std::uint64_t, CopyError>;

constexpr std::uint64_t rows_at_once = 2'000;
constexpr std::uint32_t statement_wait_ms = 600'000;

class Copier {
 public:
  Copier(ledger::Snapshot& from, postgres::Connection& to,
         const std::function<void(std::uint64_t)>& progress)
      : from_(from), to_(to), progress_(progress) {}

  Result run() {
    auto begun = begin();
    if (!begun.ok()) return begun;
    auto holds = from_.holds_by_request();
    if (!holds) return failed();
    auto open = (*holds)->next();
    if (!open) return failed();
    if (open->has_value()) return base::Fail{CopyError::open_holds};
    const bool copied = copy_balances() && copy_history() && copy_sums() && copy_house();
    if (!copied) return failed();
    return to_.ask("COMMIT").ok() ? Result(rows_) : failed();
  }

 private:
  static Result failed() { return base::Fail{CopyError::store_failed}; }

  Result begin() {
    to_.queue("SET search_path = mains_ledger");
    to_.queue("BEGIN");
    to_.queue("SELECT 1 FROM house FOR UPDATE");  // no server writes meanwhile
    to_.queue(
        "SELECT EXISTS (SELECT 1 FROM postings) OR EXISTS (SELECT 1 FROM tenants) OR "
        "EXISTS (SELECT 1 FROM leaves) OR EXISTS (SELECT 1 FROM claims)");
    auto answers = to_.run();
    if (!answers) return failed();
    if (answers->back().integer(0, 0) != 0) return base::Fail{CopyError::not_empty};
    return std::uint64_t{0};
  }

  /// Writes one table. `add` puts a row into columns; false: it could not.
  template <class Row, class Add>
  bool copy(ledger::Rows<Row> rows, const std::string& sql, std::string_view types, Add add) {
    if (!rows) return false;
    for (;;) {
      Columns columns(types);
      std::uint64_t count = 0;
      while (count < rows_at_once) {
        auto row = (*rows)->next();
        if (!row) return false;
        if (!row->has_value()) break;
        if (!add(columns, **row)) return false;
        count += 1;
      }
      if (count == 0) return true;
      if (!to_.ask(sql, columns.parameters())) return false;
      rows_ += count;
      progress_(rows_);
    }
  }

  bool copy_balances() {
    return copy(from_.tenants(), insert_sql("tenants", tenant_columns, tenant_types), tenant_types,
                [](Columns& columns, const ledger::TenantEntry& entry) {
                  add_tenant(columns, entry.tenant, entry.row);
                  return true;
                }) &&
           copy(from_.keys(), insert_sql("keys", key_columns, key_types), key_types,
                [](Columns& columns, const ledger::KeyEntry& entry) {
                  columns.add(entry.key.value).add(entry.row.open);
                  columns.add(entry.row.requests).add(entry.row.tokens);
                  return true;
                }) &&
           copy(from_.months(), insert_sql("months", month_columns, month_types), month_types,
                [](Columns& columns, const ledger::MonthEntry& entry) {
                  columns.add(entry.key.value).add(std::int64_t{entry.month.value});
                  columns.add(entry.row.spent.value).add(entry.row.held.value);
                  return true;
                }) &&
           copy(from_.claims(), insert_sql("claims", "tenant, key, request", "nbu"), "nbu",
                [](Columns& columns, const ledger::ClaimEntry& entry) {
                  columns.add(entry.tenant.value).add_always(entry.key).add(entry.request);
                  return true;
                });
  }

  bool copy_history() {
    return copy(from_.postings_as_written(), insert_sql("postings", posting_columns, posting_types),
                posting_types,
                [](Columns& columns, const ledger::Posting& posting) {
                  add_posting(columns, posting);
                  return true;
                }) &&
           copy(from_.voids_by_request(), insert_sql("voids", void_columns, void_types), void_types,
                [](Columns& columns, const ledger::VoidRow& row) {
                  columns.add(row.request).add(row.tenant.value).add(row.time.value);
                  return true;
                }) &&
           copy(from_.leaves(), insert_sql("leaves", leaf_columns, leaf_types), leaf_types,
                [](Columns& columns, const ledger::LeafRow& row) {
                  columns.add(row.index).add(row.value).add(static_cast<std::uint32_t>(row.kind));
                  return true;
                }) &&
           copy(from_.receipts_by_tenant(),
                insert_sql("receipts", receipt_own_columns, receipt_own_types), receipt_own_types,
                [this](Columns& columns, const ledger::Receipt& receipt) {
                  const std::int64_t artefacts = artefacts_of(receipt);
                  add_receipt(columns, receipt, artefacts);
                  return artefacts != 0;
                });
  }

  /// 0: it could not be written.
  std::int64_t artefacts_of(const ledger::Receipt& receipt) {
    const Artefacts artefacts{receipt.weights, receipt.tokenizer, receipt.price_list_hash};
    std::int64_t& id = artefacts_[artefacts];
    if (id == 0) {
      Parameters parameters;
      for (const terms::Digest& digest :
           {artefacts.weights, artefacts.tokenizer, artefacts.price_list}) {
        parameters.add(bytes_of(digest));
      }
      auto row = to_.ask(
          "INSERT INTO artefacts (weights, tokenizer, price_list_hash) VALUES ($1, $2, $3) "
          "RETURNING id",
          parameters);
      id = row ? row->integer(0, 0) : 0;
    }
    return id;
  }

  bool copy_house() {
    auto house = from_.house();
    if (!house) return false;
    return to_
        .ask("UPDATE house SET revenue = $1, outside = $2, leaves = $3",
             Parameters().add(house->revenue.value).add(house->outside.value).add(house->leaves))
        .ok();
  }

  /// Sums by hour are not made anew: some of their receipts may be gone.
  bool copy_sums() {
    return copy(from_.pruned(), insert_sql("pruned", pruned_columns, pruned_types), pruned_types,
                [](Columns& columns, const ledger::PrunedEntry& entry) {
                  add_pruned(columns, entry.tenant, entry.row);
                  return true;
                }) &&
           copy(from_.hours(), insert_sql("usage_hours", hour_columns, hour_types), hour_types,
                [](Columns& columns, const ledger::HourEntry& entry) {
                  const ledger::UsageLine& line = entry.line;
                  columns.add(entry.tenant.value).add(line.start.value / ledger::one_hour.value);
                  columns.add(line.key.value).add(line.model.value).add(line.price_list.value);
                  columns.add(line.requests).add(line.input.value).add(line.cached.value);
                  columns.add(line.output.value).add(line.charge.value);
                  return true;
                }) &&
           to_.ask(sum_up_months).ok();
  }

  ledger::Snapshot& from_;
  postgres::Connection& to_;
  const std::function<void(std::uint64_t)>& progress_;
  std::map<Artefacts, std::int64_t> artefacts_;
  std::uint64_t rows_ = 0;
};

}  // namespace
}  // namespace pg

base::Result<std::uint64_t, CopyError> copy_to_postgres(
    ledger::Snapshot& from, const std::string& url,
    const std::function<void(std::uint64_t)>& progress, std::string* words) {
  postgres::Patience patience;
  patience.statement_ms = patience.forgotten_ms = patience.answer_ms = pg::statement_wait_ms;
  auto connection = postgres::Connection::open(url, patience, words);
  if (!connection) return base::Fail{CopyError::store_failed};
  if (!pg::ensure_schema(**connection, true)) {
    *words = (*connection)->words();
    return base::Fail{CopyError::store_failed};
  }
  auto copied = pg::Copier(from, **connection, progress).run();
  if (!copied.ok()) *words = (*connection)->words();
  return copied;
}

}  // namespace store

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include <ledger/month.hpp>
#include <store/postgres.hpp>

#include "pg/rows.hpp"
#include "pg/schema.hpp"
#include "pg/snapshot.hpp"
#include "usage.hpp"

namespace store {
namespace pg {
namespace {

using terms::TenantId;

/// A check of large books sorts them before it gets the first row.
constexpr std::uint32_t snapshot_wait_ms = 3'600'000;

Stored<std::unique_ptr<postgres::Connection>> open_for_reading(const std::string& url,
                                                               const postgres::Patience& patience,
                                                               std::string* words) {
  auto connection = postgres::Connection::open(url, patience, words);
  if (!connection) return base::Fail{error_of(connection.error())};
  auto expected = expect_schema(**connection);
  if (!expected) return base::Fail{expected.error()};
  (*connection)->queue("SET search_path = mains_ledger");
  (*connection)->queue("SET default_transaction_read_only = on");
  auto ready = (*connection)->run();
  if (!ready) return base::Fail{error_of(ready.error())};
  return std::move(connection).value();
}

Parameters range(TenantId tenant, base::UnixNs from, base::UnixNs to) {
  return Parameters().add(tenant.value).add(from.value).add(to.value);
}

std::string select_receipts() {
  return std::string("SELECT ") + receipt_columns + " FROM " + receipt_tables;
}

class PgReader final : public ledger::Reader {
 public:
  PgReader(std::string url, const PostgresOptions& options)
      : url_(std::move(url)), patience_(options.patience) {}

  Stored<base::Done> connect(std::string* words) {
    const std::lock_guard lock(mutex_);
    return ensure_connection(words);
  }

  Stored<ledger::Balance> balance(TenantId tenant) override {
    const auto read = [](const Rows& r, std::size_t i) {
      return ledger::Balance{{r.integer(i, 0)}, {r.integer(i, 1)}};
    };
    return first<ledger::Balance>("SELECT available, held FROM tenants WHERE id = $1",
                                  Parameters().add(tenant.value), read);
  }

  Stored<ledger::MonthRow> month(terms::KeyId key, ledger::Month month) override {
    const auto read = [](const Rows& r, std::size_t i) {
      return ledger::MonthRow{{r.integer(i, 0)}, {r.integer(i, 1)}};
    };
    return first<ledger::MonthRow>("SELECT spent, held FROM months WHERE key = $1 AND month = $2",
                                   Parameters().add(key.value).add(std::int64_t{month.value}),
                                   read);
  }

  Stored<std::optional<ledger::Receipt>> receipt(terms::RequestId id) override {
    const auto read = [](const Rows& r, std::size_t i) {
      return std::optional{read_receipt(r, i)};
    };
    return first<std::optional<ledger::Receipt>>(
        select_receipts() + " WHERE r.id = $1",
        Parameters().add(bytes_of(id.high, id.low), postgres::Type::uuid), read);
  }

  Stored<std::vector<ledger::Receipt>> receipts(TenantId tenant, base::UnixNs from, base::UnixNs to,
                                                ledger::PageMark after,
                                                std::uint32_t limit) override {
    return all<ledger::Receipt>(
        select_receipts() +
            " WHERE r.tenant = $1 AND r.time >= $2 AND r.time < $3 "
            "AND ($5::bigint = 0 OR (r.time, r.sequence) > ($4::bigint, $5)) "
            "ORDER BY r.time, r.sequence LIMIT $6",
        range(tenant, from, to).add(after.time.value).add(after.sequence).add(limit), read_receipt);
  }

  Stored<std::vector<ledger::Posting>> top_ups(TenantId tenant, base::UnixNs from, base::UnixNs to,
                                               std::uint32_t limit) override {
    const std::string select = std::string("SELECT ") + posting_columns + ", id FROM postings";
    return all<ledger::Posting>(
        select + " WHERE kind = 1 AND to_tenant = $1 AND time >= $2 AND time < $3 UNION ALL " +
            select + " WHERE kind = 2 AND from_tenant = $1 AND time >= $2 AND time < $3 " +
            "ORDER BY time, id LIMIT $4",
        range(tenant, from, to).add(limit), read_posting);
  }

  Stored<std::vector<ledger::UsageLine>> usage(TenantId tenant, base::UnixNs from, base::UnixNs to,
                                               ledger::Grouping grouping) override {
    from = std::max(from, base::UnixNs{0});  // nothing was used before 1970
    if (to <= from) return std::vector<ledger::UsageLine>{};
    const UsageParts parts = parts_of(from, to);
    const std::lock_guard lock(mutex_);
    auto connected = ensure_connection(nullptr);
    if (!connected) return base::Fail{connected.error()};
    connection_->queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    for (const auto& [start, end] : {parts.head, parts.tail}) {
      connection_->queue(
          select_receipts() + " WHERE r.tenant = $1 AND r.time >= $2 AND r.time < $3",
          range(tenant, start, end));
    }
    connection_->queue(std::string("SELECT ") + hour_columns +
                           " FROM usage_hours WHERE tenant = $1 AND hour >= $2 AND hour < $3",
                       Parameters().add(tenant.value).add(parts.first_hour).add(parts.last_hour));
    connection_->queue("COMMIT");
    auto answers = connection_->run();
    if (!answers) return note(answers);
    UsageTable table(grouping);
    for (const std::size_t receipts : {1U, 2U}) {
      for (std::size_t i = 0; i < (*answers)[receipts].count(); ++i) {
        table.add(line_of(read_receipt((*answers)[receipts], i)));
      }
    }
    for (std::size_t i = 0; i < (*answers)[3].count(); ++i) {
      table.add(read_hour((*answers)[3], i).line);
    }
    return table.lines();
  }

  Stored<ledger::Carried> carried(TenantId tenant, ledger::Month month) override {
    const auto read = [](const Rows& r, std::size_t i) {
      return ledger::Carried{{r.integer(i, 0)}, {r.integer(i, 1)}};
    };
    return first<ledger::Carried>(
        "SELECT coalesce(sum(credited), 0)::bigint, coalesce(sum(charged), 0)::bigint "
        "FROM tenant_months WHERE tenant = $1 AND month < $2",
        Parameters().add(tenant.value).add(std::int64_t{month.value}), read);
  }

  Stored<ledger::PrunedRow> pruned(TenantId tenant) override {
    const auto read = [](const Rows& r, std::size_t i) { return read_pruned(r, i).row; };
    return first<ledger::PrunedRow>(
        std::string("SELECT ") + pruned_columns + " FROM pruned WHERE tenant = $1",
        Parameters().add(tenant.value), read);
  }

  /// All that Txn::prune() does. A list of rights in one call would ask for any of them.
  Stored<bool> may_prune() override {
    const auto may = first<std::int64_t>(
        "SELECT (has_table_privilege('receipts', 'DELETE') AND "
        "has_table_privilege('pruned', 'INSERT') AND "
        "has_table_privilege('pruned', 'UPDATE'))::integer::bigint",
        {}, [](const Rows& r, std::size_t i) { return r.integer(i, 0); });
    if (!may) return base::Fail{may.error()};
    return *may == 1;
  }

  Stored<std::vector<ledger::Receipt>> receipts_after(TenantId tenant, std::uint64_t sequence,
                                                      std::uint32_t limit) override {
    return all<ledger::Receipt>(
        select_receipts() + " WHERE r.tenant = $1 AND r.sequence > $2 ORDER BY r.sequence LIMIT $3",
        Parameters().add(tenant.value).add(sequence).add(limit), read_receipt);
  }

  Stored<std::vector<ledger::Receipt>> receipts_of_leaves(std::uint64_t leaf,
                                                          std::uint32_t limit) override {
    return all<ledger::Receipt>(
        select_receipts() +
            " WHERE r.account IS NOT NULL AND r.leaf >= $1 ORDER BY r.leaf LIMIT $2",
        Parameters().add(leaf).add(limit), read_receipt);
  }

  Stored<std::uint64_t> open_holds() override {
    return first<std::uint64_t>("SELECT count(*) FROM holds", {},
                                [](const Rows& r, std::size_t i) { return r.number(i, 0); });
  }

  Stored<std::vector<ledger::LeafRow>> leaves(std::uint64_t from, std::uint32_t limit) override {
    return all<ledger::LeafRow>(
        std::string("SELECT ") + leaf_columns + " FROM leaves WHERE id >= $1 ORDER BY id LIMIT $2",
        Parameters().add(from).add(limit), read_leaf);
  }

  Stored<std::optional<ledger::LeafRow>> document(const terms::Digest& leaf_hash) override {
    const auto read = [](const Rows& r, std::size_t i) { return std::optional{read_leaf(r, i)}; };
    return first<std::optional<ledger::LeafRow>>(
        std::string("SELECT ") + leaf_columns + " FROM leaves WHERE kind = 2 AND value = $1",
        Parameters().add(bytes_of(leaf_hash)), read);
  }

  Stored<ledger::Totals> totals() override {
    const auto read = [](const Rows& r, std::size_t i) {
      return ledger::Totals{{r.integer(i, 0)}, {r.integer(i, 1)}, {r.integer(i, 2)},
                            {r.integer(i, 3)}, r.number(i, 4),    r.number(i, 5)};
    };
    return first<ledger::Totals>(
        "SELECT (SELECT revenue FROM house), (SELECT outside FROM house), "
        "coalesce(sum(available), 0)::bigint, coalesce(sum(held), 0)::bigint, "
        "(SELECT count(*) FROM holds), coalesce(sum(sequence), 0)::bigint FROM tenants",
        {}, read);
  }

  Stored<std::unique_ptr<ledger::Snapshot>> snapshot() override {
    postgres::Patience patience = patience_;
    patience.statement_ms = patience.forgotten_ms = patience.answer_ms = snapshot_wait_ms;
    auto connection = open_for_reading(url_, patience, nullptr);
    if (!connection) return base::Fail{connection.error()};
    return open_snapshot(std::move(connection).value());
  }

 private:
  /// Connects again after an error.
  Stored<base::Done> ensure_connection(std::string* words) {
    if (connection_ != nullptr && !connection_->failed()) return base::Done{};
    connection_.reset();
    auto opened = open_for_reading(url_, patience_, words);
    if (!opened) return base::Fail{opened.error()};
    connection_ = std::move(opened).value();
    return base::Done{};
  }

  /// What was begun is not open on the next query's connection.
  template <class T>
  base::Fail<ledger::StoreError> note(const postgres::Answer<T>& answer) {
    connection_.reset();
    return base::Fail{error_of(answer.error())};
  }

  template <class Row, class Read>
  Stored<std::vector<Row>> all(const std::string& sql, const Parameters& parameters, Read read) {
    const std::lock_guard lock(mutex_);
    const bool old = connection_ != nullptr;
    auto connected = ensure_connection(nullptr);
    if (!connected) return base::Fail{connected.error()};
    auto rows = connection_->ask(sql, parameters);
    if (!rows && connection_->failed() && old) {
      // The session may have ended while nobody looked.
      connected = ensure_connection(nullptr);
      if (!connected) return base::Fail{connected.error()};
      rows = connection_->ask(sql, parameters);
    }
    if (!rows) return note(rows);
    std::vector<Row> found;
    for (std::size_t i = 0; i < rows->count(); ++i) {
      found.push_back(read(*rows, i));
    }
    return found;
  }

  /// The only row, or a zero one.
  template <class Row, class Read>
  Stored<Row> first(const std::string& sql, const Parameters& parameters, Read read) {
    auto rows = all<Row>(sql, parameters, read);
    if (!rows) return base::Fail{rows.error()};
    return rows->empty() ? Row{} : rows->front();
  }

  const std::string url_;
  const postgres::Patience patience_;
  std::mutex mutex_;
  std::unique_ptr<postgres::Connection> connection_;  // null after an error, until the next query
};

}  // namespace
}  // namespace pg

ledger::Stored<std::unique_ptr<ledger::Reader>> open_postgres_reader(const std::string& url,
                                                                     const PostgresOptions& options,
                                                                     std::string* words) {
  auto reader = std::make_unique<pg::PgReader>(url, options);
  auto connected = reader->connect(words);
  if (!connected) return base::Fail{connected.error()};
  return std::unique_ptr<ledger::Reader>(std::move(reader));
}

}  // namespace store

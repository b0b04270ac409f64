#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include <ledger/month.hpp>
#include <store/sqlite.hpp>

#include "sqlite/rows.hpp"
#include "sqlite/schema.hpp"
#include "sqlite/snapshot.hpp"
#include "usage.hpp"

namespace store {
namespace sqlite {
namespace {

using terms::TenantId;

Stored<std::unique_ptr<Connection>> open_for_reading(const std::filesystem::path& file,
                                                     const SqliteOptions& options) {
  auto connection = Connection::open(file, Mode::read, options);
  if (!connection) return connection;
  auto expected = expect_schema(**connection);
  if (!expected) return base::Fail{expected.error()};
  return connection;
}

class SqliteReader final : public ledger::Reader {
 public:
  SqliteReader(std::filesystem::path file, SqliteOptions options)
      : file_(std::move(file)), options_(options) {}

  Stored<base::Done> connect() {
    const std::lock_guard lock(mutex_);
    return ensure_connection();
  }

  Stored<ledger::Balance> balance(TenantId tenant) override {
    const auto bind = [&](const Statement& s) { s.bind(1, tenant.value); };
    const auto read = [](const Statement& s) {
      return ledger::Balance{{s.integer(0)}, {s.integer(1)}};
    };
    return first<ledger::Balance>("SELECT available, held FROM tenants WHERE id = ?", bind, read);
  }

  Stored<ledger::MonthRow> month(terms::KeyId key, ledger::Month month) override {
    const auto bind = [&](const Statement& s) {
      s.bind(1, key.value);
      s.bind(2, std::int64_t{month.value});
    };
    const auto read = [](const Statement& s) {
      return ledger::MonthRow{{s.integer(0)}, {s.integer(1)}};
    };
    return first<ledger::MonthRow>("SELECT spent, held FROM months WHERE key = ? AND month = ?",
                                   bind, read);
  }

  Stored<std::optional<ledger::Receipt>> receipt(terms::RequestId id) override {
    const auto bind = [&](const Statement& s) { s.bind(1, id); };
    const auto read = [](const Statement& s) { return std::optional{read_receipt(s)}; };
    return first<std::optional<ledger::Receipt>>(select_receipts() + " WHERE r.id = ?", bind, read);
  }

  Stored<std::vector<ledger::Receipt>> receipts(TenantId tenant, base::UnixNs from, base::UnixNs to,
                                                ledger::PageMark after,
                                                std::uint32_t limit) override {
    const auto bind = [&](const Statement& s) {
      bind_range(s, tenant, from, to);
      s.bind(4, after.time.value);
      s.bind(5, after.sequence);
      s.bind(6, limit);
    };
    return all<ledger::Receipt>(select_receipts() +
                                    " WHERE r.tenant = ?1 AND r.time >= ?2 AND r.time < ?3 "
                                    "AND (?5 = 0 OR (r.time, r.sequence) > (?4, ?5)) "
                                    "ORDER BY r.time, r.sequence LIMIT ?6",
                                bind, read_receipt);
  }

  Stored<std::vector<ledger::Posting>> top_ups(TenantId tenant, base::UnixNs from, base::UnixNs to,
                                               std::uint32_t limit) override {
    const auto bind = [&](const Statement& s) {
      bind_range(s, tenant, from, to);
      s.bind(4, limit);
    };
    const std::string select = std::string("SELECT ") + posting_columns + ", id FROM postings";
    return all<ledger::Posting>(
        select + " WHERE kind = 1 AND to_tenant = ?1 AND time >= ?2 AND time < ?3 UNION ALL " +
            select + " WHERE kind = 2 AND from_tenant = ?1 AND time >= ?2 AND time < ?3 " +
            "ORDER BY time, id LIMIT ?4",
        bind, read_posting);
  }

  Stored<std::vector<ledger::UsageLine>> usage(TenantId tenant, base::UnixNs from, base::UnixNs to,
                                               ledger::Grouping grouping) override {
    const std::lock_guard lock(mutex_);
    from = std::max(from, base::UnixNs{0});  // nothing was used before 1970
    if (to <= from) return std::vector<ledger::UsageLine>{};
    auto snapshot = read_transaction();
    if (!snapshot) return base::Fail{snapshot.error()};
    auto lines = usage_in_transaction(tenant, from, to, grouping);
    auto ended = note(connection_ == nullptr ? Stored<base::Done>{base::Done{}}
                                             : connection_->execute("COMMIT"));
    if (lines && !ended) return base::Fail{ended.error()};
    return lines;
  }

  Stored<ledger::Carried> carried(TenantId tenant, ledger::Month month) override {
    const auto bind = [&](const Statement& s) {
      s.bind(1, tenant.value);
      s.bind(2, std::int64_t{month.value});
    };
    const auto read = [](const Statement& s) {
      return ledger::Carried{{s.integer(0)}, {s.integer(1)}};
    };
    return first<ledger::Carried>(
        "SELECT ifnull(sum(credited), 0), ifnull(sum(charged), 0) FROM tenant_months "
        "WHERE tenant = ? AND month < ?",
        bind, read);
  }

  Stored<std::vector<ledger::Receipt>> receipts_after(TenantId tenant, std::uint64_t sequence,
                                                      std::uint32_t limit) override {
    const auto bind = [&](const Statement& s) {
      s.bind(1, tenant.value);
      s.bind(2, sequence);
      s.bind(3, limit);
    };
    return all<ledger::Receipt>(
        select_receipts() +
            " WHERE r.tenant = ? AND r.sequence > ? ORDER BY r.tenant, r.sequence LIMIT ?",
        bind, read_receipt);
  }

  Stored<std::vector<ledger::Receipt>> receipts_of_leaves(std::uint64_t leaf,
                                                          std::uint32_t limit) override {
    const auto bind = [&](const Statement& s) {
      s.bind(1, leaf);
      s.bind(2, limit);
    };
    return all<ledger::Receipt>(
        select_receipts() + " WHERE r.account IS NOT NULL AND r.leaf >= ? ORDER BY r.leaf LIMIT ?",
        bind, read_receipt);
  }

  Stored<ledger::PrunedRow> pruned(TenantId tenant) override {
    const auto bind = [&](const Statement& s) { s.bind(1, tenant.value); };
    return first<ledger::PrunedRow>(
        std::string("SELECT ") + pruned_columns + " FROM pruned WHERE tenant = ?", bind,
        read_pruned);
  }

  Stored<std::uint64_t> open_holds() override {
    return first<std::uint64_t>(
        "SELECT count(*) FROM holds", [](const Statement&) {},
        [](const Statement& s) { return s.number(0); });
  }

  Stored<std::vector<ledger::LeafRow>> leaves(std::uint64_t from, std::uint32_t limit) override {
    const auto bind = [&](const Statement& s) {
      s.bind(1, from);
      s.bind(2, limit);
    };
    return all<ledger::LeafRow>(select_leaves() + " WHERE id >= ? ORDER BY id LIMIT ?", bind,
                                read_leaf);
  }

  Stored<std::optional<ledger::LeafRow>> document(const terms::Digest& leaf_hash) override {
    const auto bind = [&](const Statement& s) { s.bind(1, leaf_hash); };
    const auto read = [](const Statement& s) { return std::optional{read_leaf(s)}; };
    return first<std::optional<ledger::LeafRow>>(select_leaves() + " WHERE kind = 2 AND value = ?",
                                                 bind, read);
  }

  Stored<ledger::Totals> totals() override {
    const auto read = [](const Statement& s) {
      return ledger::Totals{{s.integer(0)}, {s.integer(1)}, {s.integer(2)},
                            {s.integer(3)}, s.number(4),    s.number(5)};
    };
    return first<ledger::Totals>(
        "SELECT ifnull((SELECT revenue FROM house), 0), ifnull((SELECT outside FROM house), 0), "
        "ifnull(sum(available), 0), ifnull(sum(held), 0), (SELECT count(*) FROM holds), "
        "ifnull(sum(sequence), 0) FROM tenants",
        [](const Statement&) {}, read);
  }

  Stored<std::unique_ptr<ledger::Snapshot>> snapshot() override {
    auto connection = open_for_reading(file_, options_);
    if (!connection) return base::Fail{connection.error()};
    return open_snapshot(std::move(connection).value());
  }

 private:
  static std::string select_receipts() {
    return std::string("SELECT ") + receipt_columns + " FROM " + receipt_tables;
  }

  static std::string select_leaves() {
    return std::string("SELECT ") + leaf_columns + " FROM leaves";
  }

  static void bind_range(const Statement& s, TenantId tenant, base::UnixNs from, base::UnixNs to) {
    s.bind(1, tenant.value);
    s.bind(2, from.value);
    s.bind(3, to.value);
  }

  /// Opens the file again after an error, or when another file has its name.
  Stored<base::Done> ensure_connection() {
    if (connection_ != nullptr && connection_->file_is_ours()) {
      return base::Done{};
    }
    connection_.reset();
    auto opened = open_for_reading(file_, options_);
    if (!opened) return base::Fail{opened.error()};
    connection_ = std::move(opened).value();
    return base::Done{};
  }

  template <class T>
  Stored<T> note(Stored<T> result) {
    if (!result && result.error() != ledger::StoreError::busy) {
      connection_.reset();
    }
    return result;
  }

  /// Calls `see` on every row.
  template <class Bind, class See>
  Stored<base::Done> each_locked(const std::string& sql, Bind bind, See see) {
    auto connected = ensure_connection();
    if (!connected) return connected;
    auto end = Stored<bool>{base::Fail{ledger::StoreError::corrupt}};
    {
      const Statement statement(connection_->handle(), sql.c_str());
      if (!statement.ready()) {
        end = base::Fail{error_of(sqlite3_errcode(connection_->handle()))};
      } else {
        bind(statement);
        for (end = statement.step(); end && *end; end = statement.step()) {
          see(statement);
        }
      }
    }
    if (!end) return note(Stored<base::Done>{base::Fail{end.error()}});
    return base::Done{};
  }

  template <class Row, class Bind, class Read>
  Stored<std::vector<Row>> all(const std::string& sql, Bind bind, Read read) {
    const std::lock_guard lock(mutex_);
    std::vector<Row> rows;
    auto done = each_locked(sql, bind,
                            [&](const Statement& statement) { rows.push_back(read(statement)); });
    if (!done) return base::Fail{done.error()};
    return rows;
  }

  /// The only row, or a zero one.
  template <class Row, class Bind, class Read>
  Stored<Row> first(const std::string& sql, Bind bind, Read read) {
    auto rows = all<Row>(sql, bind, read);
    if (!rows) return base::Fail{rows.error()};
    return rows->empty() ? Row{} : rows->front();
  }

  Stored<base::Done> read_transaction() {
    auto connected = ensure_connection();
    if (!connected) return connected;
    return note(connection_->execute("BEGIN"));
  }

  /// Whole hours come from their sums, what is left at both ends from the receipts.
  Stored<std::vector<ledger::UsageLine>> usage_in_transaction(TenantId tenant, base::UnixNs from,
                                                              base::UnixNs to,
                                                              ledger::Grouping grouping) {
    const std::int64_t hour = ledger::one_hour.value;
    const base::UnixNs last_hour = ledger::floor_to(to, ledger::one_hour);
    base::UnixNs first_hour = ledger::floor_to(from, ledger::one_hour);
    if (first_hour < from && first_hour < last_hour) {
      first_hour.value += hour;
    }
    UsageTable table(grouping);
    const auto add_receipts = [&](base::UnixNs start, base::UnixNs end) -> Stored<base::Done> {
      if (end <= start) return base::Done{};
      const auto bind = [&](const Statement& s) { bind_range(s, tenant, start, end); };
      const auto add = [&](const Statement& s) { table.add(line_of(read_receipt(s))); };
      return each_locked(select_receipts() + " WHERE r.tenant = ? AND r.time >= ? AND r.time < ?",
                         bind, add);
    };
    if (first_hour >= last_hour) {
      auto added = add_receipts(from, to);
      if (!added) return base::Fail{added.error()};
      return table.lines();
    }
    for (const auto& [start, end] : {std::pair{from, first_hour}, std::pair{last_hour, to}}) {
      auto added = add_receipts(start, end);
      if (!added) return base::Fail{added.error()};
    }
    const auto bind = [&](const Statement& s) {
      bind_range(s, tenant, {first_hour.value / hour}, {last_hour.value / hour});
    };
    const auto add = [&](const Statement& s) {
      table.add({.start = {s.integer(0) * hour},
                 .model = {s.number(1)},
                 .key = {s.number(2)},
                 .price_list = {s.number(3)},
                 .requests = s.number(4),
                 .input = {s.number(5)},
                 .cached = {s.number(6)},
                 .output = {s.number(7)},
                 .charge = {s.integer(8)}});
    };
    auto hours = each_locked(
        "SELECT hour, model, key, price_list, requests, input, cached, output, charge "
        "FROM usage_hours WHERE tenant = ? AND hour >= ? AND hour < ?",
        bind, add);
    if (!hours) return base::Fail{hours.error()};
    return table.lines();
  }

  const std::filesystem::path file_;
  const SqliteOptions options_;
  std::mutex mutex_;
  std::unique_ptr<Connection> connection_;  // null after an error, until the next query
};

}  // namespace
}  // namespace sqlite

ledger::Stored<std::unique_ptr<ledger::Reader>> open_sqlite_reader(
    const std::filesystem::path& file, const SqliteOptions& options) {
  auto reader = std::make_unique<sqlite::SqliteReader>(file, options);
  auto connected = reader->connect();
  if (!connected) return base::Fail{connected.error()};
  return std::unique_ptr<ledger::Reader>(std::move(reader));
}

}  // namespace store

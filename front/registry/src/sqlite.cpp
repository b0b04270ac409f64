// The registry in a SQLite file of its own, for one server.
#include <sqlite3.h>

#include <filesystem>

#include "crypto.hpp"
#include "sql.hpp"

namespace registry {
namespace {

constexpr int busy_wait_ms = 2'000;
constexpr std::int64_t schema_version = 3;

constexpr const char* new_in_version_3 = R"(
CREATE TABLE IF NOT EXISTS books(
  id INTEGER PRIMARY KEY CHECK (id = 1),
  id_high INTEGER NOT NULL,
  id_low INTEGER NOT NULL,
  founded INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  log_size INTEGER NOT NULL,
  log_root BLOB NOT NULL,
  price_key TEXT NOT NULL) STRICT;
INSERT OR IGNORE INTO books VALUES(1, 0, 0, 0, 0, 0, zeroblob(32), '');
CREATE TABLE IF NOT EXISTS withdrawn(
  version INTEGER PRIMARY KEY REFERENCES price_lists(version),
  at INTEGER NOT NULL) STRICT;
PRAGMA user_version = 3;
)";

constexpr const char* schema = R"(
CREATE TABLE tenants(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  salt BLOB NOT NULL,
  account BLOB UNIQUE) STRICT;
CREATE TABLE keys(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant INTEGER REFERENCES tenants(id),
  name TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  prefix TEXT NOT NULL,
  created INTEGER NOT NULL,
  revoked_at INTEGER NOT NULL DEFAULT 0,
  requests_per_minute INTEGER NOT NULL,
  tokens_per_minute INTEGER NOT NULL,
  parallel_requests INTEGER NOT NULL,
  cap_per_month INTEGER NOT NULL) STRICT;
CREATE TABLE models(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE price_lists(
  version INTEGER PRIMARY KEY,
  published INTEGER NOT NULL,
  canonical TEXT NOT NULL,
  hash BLOB NOT NULL,
  signature BLOB NOT NULL,
  public_key TEXT NOT NULL) STRICT;
)";

Error error_of(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL: return Error::full;
    case SQLITE_READONLY:
    case SQLITE_PERM: return Error::read_only;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_SCHEMA: return Error::damaged;
    default: return Error::unavailable;
  }
}

/// Throws SqlFailure for anything but success.
void expect_ok(sqlite3* handle, int code) {
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
    throw SqlFailure{error_of(handle != nullptr ? sqlite3_extended_errcode(handle) : code)};
  }
}

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Prepared = std::unique_ptr<sqlite3_stmt, Finalize>;

int bind(sqlite3_stmt* statement, int index, const Cell& cell) {
  if (const auto* value = std::get_if<std::int64_t>(&cell)) {
    return sqlite3_bind_int64(statement, index, *value);
  }
  if (const auto* text = std::get_if<std::string>(&cell)) {
    return sqlite3_bind_text(statement, index, text->data(), static_cast<int>(text->size()),
                             SQLITE_TRANSIENT);
  }
  if (const auto* bytes = std::get_if<Blob>(&cell)) {
    return sqlite3_bind_blob(statement, index, bytes->data(), static_cast<int>(bytes->size()),
                             SQLITE_TRANSIENT);
  }
  return sqlite3_bind_null(statement, index);
}

Cell cell_at(sqlite3_stmt* statement, int column) {
  const int type = sqlite3_column_type(statement, column);
  if (type == SQLITE_INTEGER) {
    return static_cast<std::int64_t>(sqlite3_column_int64(statement, column));
  }
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  if (type == SQLITE_TEXT) {
    return std::string(reinterpret_cast<const char*>(data), size);
  }
  if (type == SQLITE_BLOB) {
    return Blob(data, data + size);
  }
  return {};
}

class Sqlite final : public Database {
 public:
  explicit Sqlite(const std::filesystem::path& file) {
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(
        file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX,
        nullptr);
    handle_.reset(handle);
    expect_ok(handle, code);
    sqlite3_busy_timeout(handle, busy_wait_ms);
    run("PRAGMA journal_mode = WAL");
    run("PRAGMA synchronous = FULL");
    run("PRAGMA foreign_keys = ON");
    run("PRAGMA secure_delete = ON");
  }

  Answered execute(std::string_view sql, const std::vector<Cell>& parameters) override {
    sqlite3_stmt* raw = nullptr;
    const int code =
        sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
    const Prepared statement(raw);
    expect_ok(handle_.get(), code);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      expect_ok(handle_.get(), bind(raw, static_cast<int>(i) + 1, parameters[i]));
    }
    Answered answered;
    for (;;) {
      const int step = sqlite3_step(raw);
      if (step == SQLITE_DONE) {
        return answered;
      }
      if (step != SQLITE_ROW &&
          sqlite3_extended_errcode(handle_.get()) == SQLITE_CONSTRAINT_UNIQUE) {
        answered.taken = true;
        return answered;
      }
      expect_ok(handle_.get(), step);
      std::vector<Cell>& row = answered.rows.emplace_back();
      for (int column = 0; column < sqlite3_column_count(raw); ++column) {
        row.push_back(cell_at(raw, column));
      }
    }
  }

  void create_tables(base::Random& random) override {
    Transaction transaction(*this);
    Statement row(*this, "PRAGMA user_version");
    const std::int64_t version = row.next() ? row.integer(0) : 0;
    if (version > schema_version) {
      throw SqlFailure{Error::newer};
    }
    if (version == 0) {
      run(schema);
      run(new_in_version_3);
    }
    if (version == 1) {
      run("ALTER TABLE tenants ADD COLUMN account BLOB");
      run("CREATE UNIQUE INDEX tenants_by_account ON tenants(account)");
      give_accounts(random);
    }
    if (version == 1 || version == 2) {
      run(new_in_version_3);
    }
    transaction.commit();
  }

  void begin() override { run("BEGIN IMMEDIATE"); }
  std::int64_t commit() override {
    const int code = sqlite3_exec(handle_.get(), "COMMIT", nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
      rollback();
      expect_ok(handle_.get(), code);
    }
    return 0;
  }
  void rollback() noexcept override {
    sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  /// The log of changes still has the rows: they go into the file, overwritten, and it is emptied.
  void purge() noexcept override {
    sqlite3_exec(handle_.get(), "PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr, nullptr);
  }
  std::int64_t changes() override { return 0; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };

  void run(const char* sql) {
    expect_ok(handle_.get(), sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr));
  }

  /// Tenants of before receipts had accounts get theirs.
  void give_accounts(base::Random& random) {
    std::vector<std::int64_t> tenants;
    for (Statement row(*this, "SELECT id FROM tenants"); row.next();) {
      tenants.push_back(row.integer(0));
    }
    for (const std::int64_t tenant : tenants) {
      const auto bytes = random_bytes(random);
      Statement(*this, "UPDATE tenants SET account = ? WHERE id = ?")
          .bind(std::span(bytes).first(16))
          .bind(tenant)
          .next();
    }
  }

  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace

std::unique_ptr<Database> open_sqlite(const std::filesystem::path& file) {
  return std::make_unique<Sqlite>(file);
}

}  // namespace registry

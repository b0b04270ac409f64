#include "sqlite.hpp"

namespace registry {
namespace {

constexpr int busy_wait_ms = 2'000;

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

}  // namespace

void expect_ok(sqlite3* handle, int code) {
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
    throw SqlFailure{error_of(handle != nullptr ? sqlite3_extended_errcode(handle) : code)};
  }
}

Database::Database(const std::filesystem::path& file) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(file.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  handle_.reset(handle);
  expect_ok(handle, code);
  sqlite3_busy_timeout(handle, busy_wait_ms);
  run("PRAGMA journal_mode = WAL");
  run("PRAGMA synchronous = FULL");
  run("PRAGMA foreign_keys = ON");
}

void Database::run(const char* sql) {
  expect_ok(handle_.get(), sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr));
}

Statement::Statement(const Database& database, const char* sql) : handle_(database.handle()) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr);
  statement_.reset(statement);
  expect_ok(handle_, code);
}

Statement& Statement::bind(std::int64_t value) {
  expect_ok(handle_, sqlite3_bind_int64(statement_.get(), ++bound_, value));
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  expect_ok(handle_, sqlite3_bind_text(statement_.get(), ++bound_, text.data(),
                                       static_cast<int>(text.size()), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind(std::span<const std::uint8_t> bytes) {
  expect_ok(handle_, sqlite3_bind_blob(statement_.get(), ++bound_, bytes.data(),
                                       static_cast<int>(bytes.size()), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind_none() {
  expect_ok(handle_, sqlite3_bind_null(statement_.get(), ++bound_));
  return *this;
}

bool Statement::next() {
  const int code = sqlite3_step(statement_.get());
  expect_ok(handle_, code);
  return code == SQLITE_ROW;
}

bool Statement::insert() {
  const int code = sqlite3_step(statement_.get());
  if (code != SQLITE_DONE && sqlite3_extended_errcode(handle_) == SQLITE_CONSTRAINT_UNIQUE) {
    return false;
  }
  expect_ok(handle_, code);
  return true;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* text = sqlite3_column_text(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return text == nullptr ? "" : std::string(reinterpret_cast<const char*>(text), size);
}

std::span<const std::uint8_t> Statement::bytes(int column) const {
  const auto* data = sqlite3_column_blob(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return {static_cast<const std::uint8_t*>(data), data == nullptr ? 0 : size};
}

Transaction::~Transaction() {
  if (open_) {
    // Nothing more can be done when even this fails: the database drops what was not committed.
    sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace registry

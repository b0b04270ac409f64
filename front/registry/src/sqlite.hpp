// SQLite in a few lines. Failures are thrown as SqlFailure and caught at the room's border.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <registry/registry.hpp>

namespace registry {

struct SqlFailure {
  Error error;
};

class Database {
 public:
  /// Opens or creates a file; WAL, full sync, foreign keys on.
  explicit Database(const std::filesystem::path& file);

  void run(const char* sql);
  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

/// Throws SqlFailure for anything but success.
void expect_ok(sqlite3* handle, int code);

class Statement {
 public:
  Statement(const Database& database, const char* sql);

  Statement& bind(std::int64_t value);
  Statement& bind(std::string_view text);
  Statement& bind(std::span<const std::uint8_t> bytes);
  Statement& bind_none();

  /// True while there is a row.
  bool next();
  /// Runs a statement that answers no rows. False: a UNIQUE rule refused it.
  bool insert();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::span<const std::uint8_t> bytes(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3* handle_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

/// Rolls back unless commit() was called.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {
    database_.run("BEGIN IMMEDIATE");
  }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace registry

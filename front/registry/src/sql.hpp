// The registry's statements, the same for both databases that can keep it. Failures are thrown as
// SqlFailure and caught at the room's border.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <registry/registry.hpp>

namespace registry {

struct SqlFailure {
  Error error;
};

using Blob = std::vector<std::uint8_t>;
/// NULL, a number, text or bytes.
using Cell = std::variant<std::monostate, std::int64_t, std::string, Blob>;

/// All rows of an answer: the registry's tables are small, and read as a whole.
struct Answered {
  std::vector<std::vector<Cell>> rows;
  bool taken = false;  ///< A UNIQUE rule refused it.
};

/// One thread at a time.
class Database {
 public:
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  virtual ~Database() = default;

  /// sql   with ? for each parameter, in words that both databases know.
  virtual Answered execute(std::string_view sql, const std::vector<Cell>& parameters) = 0;
  /// Makes the tables or brings them up to date. Throws SqlFailure{newer} for later ones.
  virtual void create_tables(base::Random& random) = 0;

  // One transaction at a time, nobody else's beside it.
  virtual void begin() = 0;
  /// Returns changes() as of this transaction.
  virtual std::int64_t commit() = 0;
  /// Never throws: a database that cannot even do this drops what was not committed.
  virtual void rollback() noexcept = 0;

  /// A number that differs once anybody has changed anything; asked inside a transaction and
  /// outside. Constant where nobody else can.
  virtual std::int64_t changes() = 0;

  /// Takes what was deleted out of the files too, as far as that is in our hands; what fails is
  /// left to the next time.
  virtual void purge() noexcept = 0;
};

/// `file` for SQLite, made where it is not there.
[[nodiscard]] std::unique_ptr<Database> open_sqlite(const std::filesystem::path& file);
/// The schema mains_registry of a PostgreSQL database.
[[nodiscard]] std::unique_ptr<Database> open_postgres(const std::string& url);

class Statement {
 public:
  Statement(Database& database, std::string_view sql) : database_(database), sql_(sql) {}

  Statement& bind(std::int64_t value);
  Statement& bind(std::string_view text);
  Statement& bind(std::span<const std::uint8_t> bytes);
  Statement& bind_none();

  /// True while there is a row.
  bool next();
  /// Runs an INSERT ... RETURNING one row, which can be read then. False: a UNIQUE rule refused it.
  bool insert();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::span<const std::uint8_t> bytes(int column) const;

 private:
  [[nodiscard]] const Cell& cell(int column) const;

  Database& database_;
  std::string sql_;
  std::vector<Cell> parameters_;
  Answered answered_;
  std::size_t at_ = 0;  ///< The row before it is the one that is read.
  bool ran_ = false;
};

/// Rolls back unless commit() was called.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) { database_.begin(); }
  ~Transaction() {
    if (open_) {
      database_.rollback();
    }
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  std::int64_t commit() {
    open_ = false;
    return database_.commit();
  }

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace registry

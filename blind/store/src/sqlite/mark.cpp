#include "sqlite/mark.hpp"

#include <system_error>

#include "sqlite/connection.hpp"

namespace store::sqlite {
namespace {

constexpr const char* books_table =
    "CREATE TABLE IF NOT EXISTS books ("
    "id INTEGER PRIMARY KEY CHECK (id = 1), books BLOB NOT NULL CHECK (length(books) = 16), "
    "epoch INTEGER NOT NULL) STRICT";

}  // namespace

Stored<std::optional<Mark>> read_mark(const std::filesystem::path& file) {
  std::error_code none;
  if (!std::filesystem::exists(file, none)) {
    return std::optional<Mark>{};
  }
  auto connection = Connection::open(file, Mode::read, {});
  if (!connection) return base::Fail{connection.error()};
  auto there =
      (*connection)->query_integer("SELECT count(*) FROM sqlite_schema WHERE name = 'books'");
  if (!there) return base::Fail{there.error()};
  if (*there == 0) return std::optional<Mark>{};
  const Statement row((*connection)->handle(), "SELECT books, epoch FROM books");
  if (!row.ready()) return base::Fail{ledger::StoreError::corrupt};
  auto found = row.step();
  if (!found) return base::Fail{found.error()};
  if (!*found) return std::optional<Mark>{};
  return std::optional<Mark>{{row.wide_id<BooksId>(0), row.number(1)}};
}

Stored<base::Done> write_mark(const std::filesystem::path& file, const Mark& mark) {
  auto connection = Connection::open(file, Mode::write, {});
  if (!connection) return base::Fail{connection.error()};
  for (const char* sql : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", books_table}) {
    auto done = (*connection)->execute(sql);
    if (!done) return done;
  }
  const Statement put((*connection)->handle(),
                      "INSERT INTO books VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                      "epoch = max(epoch, excluded.epoch) WHERE books = excluded.books");
  if (!put.ready()) return base::Fail{ledger::StoreError::corrupt};
  put.bind(1, terms::RequestId{mark.books.high, mark.books.low});
  put.bind(2, mark.epoch);
  auto done = put.run();
  if (!done) return done;
  return sqlite3_changes((*connection)->handle()) == 1 ? done
                                                       : base::Fail{ledger::StoreError::corrupt};
}

}  // namespace store::sqlite

#include "pg/mark.hpp"

#include <array>

#include <postgres/connection.hpp>
#include <store/postgres.hpp>

#include "pg/rows.hpp"

namespace store::pg {
namespace {

using ledger::Stored;

/// Any number, the same for all servers.
constexpr const char* one_makes_it = "SELECT pg_advisory_xact_lock(3390128457716203581)";

BooksId books_of(postgres::Bytes bytes) {
  BooksId id;
  for (std::size_t i = 0; i < 8 && bytes.size() == 16; ++i) {
    id.high = id.high << 8U | bytes[i];
    id.low = id.low << 8U | bytes[8 + i];
  }
  return id;
}

/// Not to_regclass(): it may answer from before another session made it.
Stored<bool> is_there(postgres::Connection& connection, const std::string& sql) {
  auto count = connection.ask(sql);
  if (!count) return base::Fail{error_of(count.error())};
  return count->integer(0, 0) != 0;
}

Stored<bool> has_table(postgres::Connection& connection, const std::string& schema) {
  return is_there(connection,
                  "SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = "
                  "c.relnamespace WHERE n.nspname = '" +
                      schema + "' AND c.relname = 'books'");
}

Stored<base::Done> make_table(postgres::Connection& connection, const std::string& schema) {
  auto has_schema =
      is_there(connection, "SELECT count(*) FROM pg_namespace WHERE nspname = '" + schema + "'");
  if (!has_schema) return base::Fail{has_schema.error()};
  connection.queue("BEGIN");
  connection.queue(one_makes_it);
  if (!*has_schema) {  // a role that may not make one may not say IF NOT EXISTS either
    connection.queue("CREATE SCHEMA IF NOT EXISTS " + schema);
  }
  connection.queue("CREATE TABLE IF NOT EXISTS " + schema +
                   ".books (id smallint PRIMARY KEY CHECK (id = 1), books uuid NOT NULL, "
                   "epoch bigint NOT NULL)");
  connection.queue("COMMIT");
  auto done = connection.run();
  if (!done) return base::Fail{error_of(done.error())};
  return base::Done{};
}

}  // namespace

Stored<std::optional<Mark>> read_mark(const std::string& url, const std::string& schema) {
  auto connection = postgres::Connection::open(url, {});
  if (!connection) return base::Fail{error_of(connection.error())};
  auto there = has_table(**connection, schema);
  if (!there) return base::Fail{there.error()};
  if (!*there) return std::optional<Mark>{};
  auto row = (*connection)->ask("SELECT books, epoch FROM " + schema + ".books");
  if (!row) return base::Fail{error_of(row.error())};
  if (row->empty()) return std::optional<Mark>{};
  return std::optional<Mark>{{books_of(row->bytes(0, 0)), row->number(0, 1)}};
}

Stored<base::Done> write_mark(const std::string& url, const std::string& schema, const Mark& mark) {
  auto connection = postgres::Connection::open(url, {});
  if (!connection) return base::Fail{error_of(connection.error())};
  auto there = has_table(**connection, schema);
  if (!there) return base::Fail{there.error()};
  if (!*there) {
    auto made = make_table(**connection, schema);
    if (!made) return made;
  }
  const auto bytes = bytes_of(mark.books.high, mark.books.low);
  postgres::Parameters parameters;
  parameters.add(postgres::Bytes(bytes), postgres::Type::uuid).add(mark.epoch);
  auto put = (*connection)
                 ->ask("INSERT INTO " + schema +
                           ".books AS b VALUES (1, $1, $2) ON CONFLICT (id) DO UPDATE SET epoch = "
                           "greatest(b.epoch, excluded.epoch) WHERE b.books = excluded.books",
                       parameters);
  if (!put) return base::Fail{error_of(put.error())};
  if (put->tag() != "INSERT 0 1") return base::Fail{ledger::StoreError::corrupt};
  return base::Done{};
}

}  // namespace store::pg

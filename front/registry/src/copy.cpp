// From a file into a PostgreSQL database.
#include <array>
#include <string>

#include <registry/copy.hpp>

#include "sql.hpp"

namespace registry {
namespace {

struct Table {
  const char* name;
  const char* columns;
  const char* marks;
  bool numbered;  ///< Its first column is an id that the database goes on with.
};

// In an order in which whoever is referred to comes first.
constexpr std::array tables = {
    Table{"tenants", "id, name, created, salt, account", "?, ?, ?, ?, ?", true},
    Table{"keys",
          "id, tenant, name, hash, prefix, created, revoked_at, requests_per_minute, "
          "tokens_per_minute, parallel_requests, cap_per_month",
          "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?", true},
    Table{"models", "id, name", "?, ?", true},
    Table{"price_lists", "version, published, canonical, hash, signature, public_key",
          "?, ?, ?, ?, ?, ?", false},
    Table{"withdrawn", "version, at", "?, ?", false},
};

/// Its one row is there from the start.
constexpr const char* books_columns =
    "id_high, id_low, founded, epoch, log_size, log_root, price_key";

std::vector<std::vector<Cell>> rows_of(Database& database, const Table& table) {
  return database
      .execute(std::string("SELECT ") + table.columns + " FROM " + table.name + " ORDER BY 1", {})
      .rows;
}

}  // namespace

Answer<std::uint64_t> copy_to_postgres(const std::filesystem::path& file, const std::string& url,
                                       base::Random& random) {
  try {
    const auto from = open_sqlite(file);
    from->create_tables(random);  // brings an older one up to date
    const auto to = open_postgres(url);
    to->create_tables(random);
    Transaction transaction(*to);
    std::uint64_t count = 0;
    for (const Table& table : tables) {
      if (!rows_of(*to, table).empty()) {
        return base::Fail{Error::name_taken};
      }
      const auto rows = rows_of(*from, table);
      const std::string insert = std::string("INSERT INTO ") + table.name + "(" + table.columns +
                                 ") VALUES(" + table.marks + ")";
      for (const auto& row : rows) {
        to->execute(insert, row);
      }
      if (table.numbered && !rows.empty()) {
        const auto next = std::get<std::int64_t>(rows.back().front()) + 1;
        to->execute(std::string("ALTER TABLE ") + table.name + " ALTER COLUMN id RESTART WITH " +
                        std::to_string(next),
                    {});
      }
      if (rows_of(*to, table) != rows) {
        return base::Fail{Error::damaged};
      }
      count += rows.size();
    }
    const auto books =
        from->execute(std::string("SELECT ") + books_columns + " FROM books", {}).rows;
    to->execute(
        "UPDATE books SET id_high = ?, id_low = ?, founded = ?, epoch = ?, log_size = ?, "
        "log_root = ?, price_key = ?",
        books.at(0));
    transaction.commit();
    return count;
  } catch (const SqlFailure& failure) {
    return base::Fail{failure.error};
  }
}

}  // namespace registry

// The mark that each part of the books carries: whose it is, and how far the books had come.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <base/id.hpp>
#include <ledger/journal.hpp>

namespace store {

/// One set of books, registry, ledger and log. Random, given once.
using BooksId = base::WideId<struct BooksTag>;

struct Mark {
  BooksId books;
  std::uint64_t epoch = 0;  ///< Of the registry, when this part last heard of it. Only grows.
  friend constexpr bool operator==(const Mark&, const Mark&) = default;
};

/// The place of a part's mark: a SQLite file (`schema` is then empty), or a schema of a PostgreSQL
/// database. Each call opens a connection of its own and closes it: marks change rarely.
struct MarkPlace {
  std::string where;   ///< A path, or an address.
  std::string schema;  ///< "mains_ledger", "mains_log"; empty: a file.
};

/// Nothing: the part is not there, or has no mark yet. Changes and makes nothing.
[[nodiscard]] ledger::Stored<std::optional<Mark>> read_mark(const MarkPlace& place);

/// Durable when it returns. Makes the schema and the table where they are missing, but no file; a
/// lower epoch than the stored one changes nothing. errors: corrupt, the part is other books'.
[[nodiscard]] ledger::Stored<base::Done> write_mark(const MarkPlace& place, const Mark& mark);

}  // namespace store

// Moving books from one store to another.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <ledger/reader.hpp>

namespace store {

enum class CopyError : std::uint32_t {
  store_failed = 1,
  not_empty = 2,   ///< There are books already where these should go.
  open_holds = 3,  ///< The server that made them has to end them first.
};

/// Writes everything into a PostgreSQL database, all or nothing, and makes its tables where there
/// are none. Memory: flat.
/// progress   called now and then with the rows written so far.
/// words      what the database said, where it failed.
[[nodiscard]] base::Result<std::uint64_t, CopyError> copy_to_postgres(
    ledger::Snapshot& from, const std::string& url,
    const std::function<void(std::uint64_t)>& progress, std::string* words);

/// Compares every row of two books. Returns how many there are, or nothing when they differ.
/// Memory: flat.
[[nodiscard]] ledger::Stored<std::optional<std::uint64_t>> compare(ledger::Snapshot& one,
                                                                   ledger::Snapshot& other);

}  // namespace store

// From the data folder's own files to a PostgreSQL database.
#pragma once

#include <cstdint>
#include <functional>

#include <vault/vault.hpp>

namespace vault {

/// What was proved.
struct Migrated {
  std::uint64_t rows = 0;  ///< Of the ledger, each equal in both.
  std::uint64_t tenants = 0;
  std::uint64_t receipts = 0;
  std::uint64_t leaves = 0;
  base::Nano available;
  base::Nano held;
  std::uint64_t names = 0;  ///< Rows of the registry.
};

/// Copies ledger and registry, checks both books, compares every row, and then gives the old files
/// new names (*.migrated.db). The database must be empty; nothing is left there when it fails
/// before the ledger is complete. The folder is ours alone. errors: one line for people.
[[nodiscard]] base::Result<Migrated, std::string> migrate(
    const std::filesystem::path& dir, const std::string& url, const base::Clock& clock,
    base::Random& random, const std::function<void(std::uint64_t)>& progress);

}  // namespace vault

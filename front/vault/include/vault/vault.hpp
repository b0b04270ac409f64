// The registry and the ledger of a server, wherever they are kept.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <base/ports.hpp>
#include <base/result.hpp>
#include <ledger/journal.hpp>
#include <ledger/reader.hpp>
#include <registry/registry.hpp>

namespace vault {

inline constexpr const char* ledger_file = "ledger.db";
inline constexpr const char* registry_file = "registry.db";
/// In a folder whose books are in PostgreSQL: its id, and where they are.
inline constexpr const char* elsewhere_file = "ledger.postgres";

struct Vault {
  std::unique_ptr<registry::Registry> registry;
  std::unique_ptr<ledger::Journal> journal;
  std::unique_ptr<ledger::Reader> reader;
  bool shared = false;  ///< Other servers may write, too: the books must be tended.
};

/// dir   the data folder, which exists and is ours alone.
/// url   of a PostgreSQL database; empty = the folder itself.
/// Clock and random must outlive it. errors: one line for people.
[[nodiscard]] base::Result<Vault, std::string> open(const std::filesystem::path& dir,
                                                    const std::string& url,
                                                    const base::Clock& clock, base::Random& random);

/// What is wrong with the ledger and what to do, for people, to follow "the ledger: ".
[[nodiscard]] std::string describe(ledger::StoreError error);

}  // namespace vault

// The registry and the ledger of a server, wherever they are kept; whether they belong together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <base/ports.hpp>
#include <base/result.hpp>
#include <ledger/journal.hpp>
#include <ledger/reader.hpp>
#include <registry/registry.hpp>

namespace vault {

inline constexpr const char* ledger_file = "ledger.db";
inline constexpr const char* registry_file = "registry.db";
inline constexpr const char* log_file = "log.db";
/// In a folder whose books are in PostgreSQL: its id, where they are, and whose they are.
inline constexpr const char* elsewhere_file = "ledger.postgres";

enum class Use : std::uint8_t {
  read,         ///< Looks at books that are there; makes no folder, file, table or key.
  write,        ///< Changes books that are there.
  make,         ///< The same, and makes new ones where there are none.
  rebuild_log,  ///< As write, where the log alone is lost: it begins anew from the ledger.
};

struct Vault {
  std::unique_ptr<registry::Registry> registry;
  std::unique_ptr<ledger::Journal> journal;  ///< Null where they are only read.
  std::unique_ptr<ledger::Reader> reader;
  bool shared = false;  ///< Other servers may write, too: the books must be tended.
  bool made = false;    ///< There were none before.
  std::string shown;    ///< Where the books are, for people, without a password.
  std::string id;       ///< Whose they are, as text; empty: books of before they had an id.
  registry::BooksState state;

  /// Compares registry, ledger and log once more. errors: which part differs, and what to do.
  std::function<base::Result<base::Done, std::string>()> compare;
};

/// Opens registry and ledger and compares them and the log: all three carry one id, and how far the
/// registry had come when they last heard of it. A part that is lost, older, cut or of other books
/// is refused, and so is a registry that lacks an account of the ledger.
/// dir   the data folder, which exists and is ours alone; where books in PostgreSQL are only read,
///       it need not exist.
/// url   of a PostgreSQL database; empty = the folder itself.
/// Clock and random must outlive it. errors: one line for people.
[[nodiscard]] base::Result<Vault, std::string> open(const std::filesystem::path& dir,
                                                    const std::string& url,
                                                    const base::Clock& clock, base::Random& random,
                                                    Use use = Use::make);

/// Whether there are books, in the folder or in the database; makes nothing. errors: the database
/// does not answer.
[[nodiscard]] base::Result<bool, std::string> there_are_books(const std::filesystem::path& dir,
                                                              const std::string& url);
/// The error where there are none.
[[nodiscard]] std::string no_books(const std::filesystem::path& dir, const std::string& url);

/// The id of the books in a PostgreSQL database, as Vault::id. errors: one line for people.
[[nodiscard]] base::Result<std::string, std::string> id_in(const std::string& url);

/// An address for people, without its password; a folder's path would be shown as it is.
[[nodiscard]] std::string shown(const std::string& url);

/// The ledger's fault and the way out, for people, to follow "the ledger: ".
[[nodiscard]] std::string describe(ledger::StoreError error);

}  // namespace vault

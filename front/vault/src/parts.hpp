// Whether registry, ledger and log belong together.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <base/result.hpp>
#include <ledger/reader.hpp>
#include <registry/registry.hpp>
#include <store/mark.hpp>
#include <vault/vault.hpp>

namespace vault {

/// The places of the parts' marks, and the parts' names for people.
struct Parts {
  store::MarkPlace ledger;
  store::MarkPlace log;
  std::string registry_name;
  std::string ledger_name;
  std::string log_name;
};
[[nodiscard]] Parts parts_in(const std::filesystem::path& dir, const std::string& url,
                             const std::string& shown);

struct Marks {
  std::optional<store::Mark> ledger;
  std::optional<store::Mark> log;
};
[[nodiscard]] base::Result<Marks, std::string> read_marks(const Parts& parts);
/// To both parts. False: one of them did not take it.
[[nodiscard]] bool write_marks(const Parts& parts, const registry::BooksState& state);

/// Compares the marks. log_may_be_lost: it is about to be made anew.
[[nodiscard]] base::Result<base::Done, std::string> compare_marks(const Parts& parts,
                                                                  const registry::BooksState& state,
                                                                  const Marks& marks,
                                                                  bool log_may_be_lost);
/// In a database, before anything is made there: a schema that is lost beside others is an error.
[[nodiscard]] base::Result<base::Done, std::string> look_at_schemas(const Parts& parts,
                                                                    const std::string& url);

/// Each account of the ledger is one of the registry's. receipts: and the last receipt of each
/// calls it as the registry does (one query each).
[[nodiscard]] base::Result<base::Done, std::string> compare_accounts(
    const Parts& parts, const registry::Registry& registry, ledger::Reader& reader, bool receipts);

[[nodiscard]] std::string id_text(std::uint64_t high, std::uint64_t low);

}  // namespace vault

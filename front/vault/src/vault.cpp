#include <vault/vault.hpp>

#include <utility>

#include <postgres/connection.hpp>
#include <store/postgres.hpp>
#include <store/sqlite.hpp>

#include "elsewhere.hpp"

namespace vault {
namespace {

namespace fs = std::filesystem;
using base::Fail;
using base::Result;

Result<Vault, std::string> open_folder(const fs::path& dir, const base::Clock& clock,
                                       base::Random& random) {
  Vault vault;
  auto registry = registry::Registry::open(dir, clock, random);
  if (!registry.ok()) {
    return Fail{"cannot open the registry in " + dir.string() + ": " +
                std::string(registry::describe(registry.error()))};
  }
  vault.registry = std::move(registry).value();
  const fs::path file = dir / ledger_file;
  auto journal = store::open_sqlite_journal(file);
  if (!journal.ok()) {
    return Fail{"cannot open the ledger " + file.string() + ": " + describe(journal.error())};
  }
  vault.journal = std::move(journal).value();
  auto reader = store::open_sqlite_reader(file);
  if (!reader.ok()) {
    return Fail{"cannot read the ledger " + file.string() + ": " + describe(reader.error())};
  }
  vault.reader = std::move(reader).value();
  return vault;
}

Result<Vault, std::string> open_database(const fs::path& dir, const std::string& url,
                                         const store::PostgresOptions& options,
                                         const std::string& shown, const base::Clock& clock,
                                         base::Random& random) {
  Vault vault;
  vault.shared = true;
  std::string words;
  const auto fail = [&](ledger::StoreError error) {
    return Fail{"cannot open the ledger " + shown + ": " +
                (words.empty() ? describe(error) : words)};
  };
  auto journal = store::open_postgres_journal(url, options, &words);
  if (!journal.ok()) {
    return fail(journal.error());
  }
  vault.journal = std::move(journal).value();
  auto reader = store::open_postgres_reader(url, options, &words);
  if (!reader.ok()) {
    return fail(reader.error());
  }
  vault.reader = std::move(reader).value();
  auto registry = registry::Registry::open(dir, clock, random, url);
  if (!registry.ok()) {
    return Fail{"cannot open the registry in " + shown + ": " +
                std::string(registry::describe(registry.error()))};
  }
  vault.registry = std::move(registry).value();
  return vault;
}

}  // namespace

Result<Vault, std::string> open(const fs::path& dir, const std::string& url,
                                const base::Clock& clock, base::Random& random) {
  auto elsewhere = read_elsewhere(dir);
  if (url.empty()) {
    if (elsewhere) {
      return Fail{"the books of " + dir.string() + " are in " + elsewhere->shown +
                  ": name it with --ledger, or in MAINS_LEDGER"};
    }
    return open_folder(dir, clock, random);
  }
  const auto shown = postgres::shown(url);
  if (!shown) {
    return Fail{
        std::string("--ledger takes an address such as "
                    "postgres://user@host:5432/database, as libpq reads it")};
  }
  std::error_code none;
  if (!elsewhere && fs::exists(dir / ledger_file, none)) {
    return Fail{dir.string() +
                " has a ledger of its own: move it with `mains ledger migrate --to " + *shown +
                "`, or name another folder with --data"};
  }
  if (!elsewhere || !elsewhere->home.valid()) {
    elsewhere = Elsewhere{{random.next(), random.next() | 1U}, ""};
  }
  store::PostgresOptions options;
  options.home = elsewhere->home;
  auto vault = open_database(dir, url, options, *shown, clock, random);
  if (vault.ok() && elsewhere->shown != *shown) {
    elsewhere->shown = *shown;
    if (!write_elsewhere(dir, *elsewhere)) {
      return Fail{"cannot write " + (dir / elsewhere_file).string() +
                  ": check the folder's permissions"};
    }
  }
  return vault;
}

std::string describe(ledger::StoreError error) {
  using ledger::StoreError;
  switch (error) {
    case StoreError::busy: return "another process is writing to it; try again";
    case StoreError::full: return "the disk is full; make room and try again";
    case StoreError::read_only:
      return "it may not be written; check the folder's permissions, or the database role's rights";
    case StoreError::corrupt: return "it is damaged; restore it from a backup";
    case StoreError::gone: return "it is not there (any more)";
    case StoreError::newer_schema: return "it was written by a newer version of Mains; use that";
    case StoreError::older_schema:
      return "it was written by an older version of Mains and must be migrated";
    case StoreError::io: break;
  }
  return "it cannot be read or written; check the disk";
}

}  // namespace vault

#include <vault/migrate.hpp>

#include <utility>

#include <postgres/connection.hpp>
#include <registry/copy.hpp>
#include <settle/audit.hpp>
#include <settle/books.hpp>
#include <store/copy.hpp>
#include <store/postgres.hpp>
#include <store/sqlite.hpp>

#include "elsewhere.hpp"
#include "parts.hpp"

namespace vault {
namespace {

namespace fs = std::filesystem;
using base::Fail;
using base::Result;

std::string words_for(store::CopyError error, const std::string& words) {
  switch (error) {
    case store::CopyError::not_empty: return "there are books in it already; name an empty one";
    case store::CopyError::open_holds:
      return "requests were under way; start and stop the server once, then try again";
    case store::CopyError::store_failed: break;
  }
  return words.empty() ? "it could not be written" : words;
}

/// Both ends of the move, at one moment.
struct Both {
  std::unique_ptr<ledger::Snapshot> from;
  std::unique_ptr<ledger::Snapshot> to;
};

Result<Migrated, std::string> prove(const Both& both) {
  Migrated migrated;
  for (const auto& [name, books] :
       {std::pair{"the old books", both.from.get()}, std::pair{"the new books", both.to.get()}}) {
    const auto report = settle::audit(*books);
    if (!report.ok()) {
      return Fail{std::string(name) + " cannot be checked: " + describe(report.error())};
    }
    if (report->finding_count != 0) {
      return Fail{std::string(name) + " are wrong; `mains ledger check` tells more"};
    }
    migrated.tenants = report->tenants;
    migrated.receipts = report->receipts;
    migrated.leaves = report->leaves;
  }
  const auto rows = store::compare(*both.from, *both.to);
  if (!rows.ok()) {
    return Fail{"the books cannot be compared: " + describe(rows.error())};
  }
  if (!rows.value().has_value()) {
    return Fail{
        std::string("the new books are not equal to the old ones; empty the database and "
                    "try again")};
  }
  migrated.rows = *rows.value();
  return migrated;
}

/// Holds that the old server left open are ended, as its next start would.
Result<std::unique_ptr<ledger::Reader>, std::string> settle_old(const fs::path& file,
                                                                const base::Clock& clock) {
  auto journal = store::open_sqlite_journal(file);
  if (!journal.ok()) {
    return Fail{"cannot open the ledger " + file.string() + ": " + describe(journal.error())};
  }
  settle::Books books(**journal);
  if (const auto ended = books.recover(clock.now()); !ended.ok()) {
    return Fail{"cannot write the ledger " + file.string() + ": " + describe(ended.error())};
  }
  auto reader = store::open_sqlite_reader(file);
  if (!reader.ok()) {
    return Fail{"cannot read the ledger " + file.string() + ": " + describe(reader.error())};
  }
  return std::move(reader).value();
}

/// The old files keep what they have, under names that nobody opens.
bool put_aside(const fs::path& dir) {
  std::error_code error;
  for (const auto& [name, aside] : {std::pair{ledger_file, "ledger.migrated.db"},
                                    std::pair{registry_file, "registry.migrated.db"}}) {
    fs::rename(dir / name, dir / aside, error);
    if (error) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<Migrated, std::string> migrate(const fs::path& dir, const std::string& url,
                                      const base::Clock& clock, base::Random& random,
                                      const std::function<void(std::uint64_t)>& progress) {
  const auto shown = postgres::shown(url);
  if (!shown) {
    return Fail{std::string("--to takes an address such as postgres://user@host:5432/database")};
  }
  std::error_code none;
  if (!fs::exists(dir / ledger_file, none) || !fs::exists(dir / registry_file, none)) {
    return Fail{dir.string() + " has no ledger of its own"};
  }
  // Parts that do not belong together are not moved.
  auto old = open(dir, "", clock, random, Use::write);
  if (!old.ok()) {
    return Fail{old.error()};
  }
  const registry::BooksState state = old->state;
  const std::string id = old->id;
  old = Fail{std::string()};
  auto old_reader = settle_old(dir / ledger_file, clock);
  if (!old_reader.ok()) {
    return Fail{old_reader.error()};
  }
  Both both;
  auto from = old_reader.value()->snapshot();
  if (!from.ok()) {
    return Fail{"cannot read the ledger: " + describe(from.error())};
  }
  both.from = std::move(from).value();
  std::string words;
  const auto copied = store::copy_to_postgres(*both.from, url, progress, &words);
  if (!copied.ok()) {
    return Fail{"cannot move the ledger to " + *shown + ": " + words_for(copied.error(), words)};
  }
  auto reader = store::open_postgres_reader(url);
  auto to = reader.ok() ? (*reader)->snapshot()
                        : ledger::Stored<std::unique_ptr<ledger::Snapshot>>(Fail{reader.error()});
  if (!to.ok()) {
    return Fail{"cannot read " + *shown + ": " + describe(to.error())};
  }
  both.to = std::move(to).value();
  auto proved = prove(both);
  if (!proved.ok()) {
    return proved;
  }
  const auto totals = (*reader)->totals();
  const auto names = registry::copy_to_postgres(dir / registry_file, url, random);
  if (!names.ok() || !totals.ok()) {
    return Fail{
        "cannot move the registry to " + *shown + ": " +
        (names.ok() ? describe(totals.error()) : std::string(registry::describe(names.error()))) +
        "; empty the database and try again"};
  }
  if (!write_marks(parts_in(dir, url, *shown), state)) {
    return Fail{"cannot mark the books in " + *shown + "; empty the database and try again"};
  }
  proved->names = *names;
  proved->available = totals->available;
  proved->held = totals->held;
  if (!write_elsewhere(dir, {{random.next(), random.next() | 1U}, *shown, id}) || !put_aside(dir)) {
    return Fail{"everything was moved, but the old files in " + dir.string() +
                " cannot be renamed: do that yourself, so that nobody goes on with them"};
  }
  return proved;
}

}  // namespace vault

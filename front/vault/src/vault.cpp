#include <vault/vault.hpp>

#include <fstream>
#include <utility>

#include <postgres/connection.hpp>
#include <store/postgres.hpp>
#include <store/sqlite.hpp>

#include "elsewhere.hpp"
#include "parts.hpp"

namespace vault {
namespace {

namespace fs = std::filesystem;
using base::Done;
using base::Fail;
using base::Result;

bool is_there(const fs::path& file) {
  std::error_code none;
  return fs::exists(file, none);
}

bool has_bytes(const fs::path& file) {
  std::error_code none;
  const auto size = fs::file_size(file, none);
  return !none && size > 0;
}

/// Nothing is there to compare a key with: books may be lost, and nobody signs another history with
/// the key that signed theirs.
bool has_log_key(const fs::path& dir) {
  return is_there(dir / "log.key") || is_there(dir / "log.next.key");
}

Result<Done, std::string> open_registry(Vault& vault, const fs::path& dir, const std::string& url,
                                        const base::Clock& clock, base::Random& random) {
  auto registry = registry::Registry::open(dir, clock, random, url);
  if (!registry.ok()) {
    return Fail{"cannot open the registry in " + (url.empty() ? dir.string() : vault.shown) + ": " +
                std::string(registry::describe(registry.error()))};
  }
  vault.registry = std::move(registry).value();
  return Done{};
}

/// The files that are there tell which one is lost, before anything is made in its place.
Result<Done, std::string> look_at_files(const fs::path& dir, Use use) {
  const bool has_registry = is_there(dir / registry_file);
  const bool has_ledger = is_there(dir / ledger_file);
  const bool has_log = is_there(dir / log_file);
  const char* restore = "; restore all of one backup, nothing was changed";
  if (!has_registry && (has_ledger || has_log)) {
    return Fail{(dir / registry_file).string() + " is lost, while " +
                (has_ledger ? ledger_file : log_file) + " is there" + restore};
  }
  if (!has_registry && has_log_key(dir)) {
    return Fail{"there are no books in " + dir.string() +
                ", but there is a log.key: the books whose log it signed are lost" + restore +
                ". To begin new books, move log.key away first"};
  }
  if (has_registry && has_ledger && !has_log && has_log_key(dir) && use != Use::rebuild_log) {
    return Fail{(dir / log_file).string() + " is lost, while log.key is there" + restore +
                ". If it is lost for good, `mains log rebuild` makes it anew from the ledger, as "
                "far as it gives what was signed"};
  }
  return Done{};
}

/// A registry that has something in it, and no ledger.
bool ledger_is_lost(const registry::Registry& registry, const fs::path& dir) {
  return !is_there(dir / ledger_file) &&
         (!registry.tenants().empty() || !registry.deleted_tenants().empty() ||
          !registry.price_lists().empty() || is_there(dir / log_file) || has_log_key(dir));
}

Result<Done, std::string> open_folder(Vault& vault, const fs::path& dir, const base::Clock& clock,
                                      base::Random& random, Use use) {
  if (auto looked = look_at_files(dir, use); !looked.ok()) {
    return looked;
  }
  vault.made = !is_there(dir / registry_file);
  if (auto opened = open_registry(vault, dir, "", clock, random); !opened.ok()) {
    return opened;
  }
  const fs::path file = dir / ledger_file;
  const auto state = vault.registry->books([](auto&) { return false; });
  if (ledger_is_lost(*vault.registry, dir) || (state.ok() && state->founded && !has_bytes(file))) {
    return Fail{file.string() + " is lost, or empty, while " + registry_file +
                " is there; restore all of one backup, nothing was changed"};
  }
  if (use != Use::read || !is_there(file)) {
    auto journal = store::open_sqlite_journal(file);
    if (!journal.ok()) {
      return Fail{"cannot open the ledger " + file.string() + ": " + describe(journal.error())};
    }
    vault.journal = std::move(journal).value();
  }
  auto reader = store::open_sqlite_reader(file);
  if (!reader.ok()) {
    return Fail{"cannot read the ledger " + file.string() + ": " + describe(reader.error())};
  }
  vault.reader = std::move(reader).value();
  return Done{};
}

Result<Done, std::string> open_database(Vault& vault, const fs::path& dir, const std::string& url,
                                        const store::PostgresOptions& options,
                                        const base::Clock& clock, base::Random& random, Use use) {
  vault.shared = true;
  std::string words;
  const auto fail = [&](ledger::StoreError error) {
    return Fail{"cannot open the ledger " + vault.shown + ": " +
                (words.empty() ? describe(error) : words)};
  };
  if (use != Use::read) {
    auto journal = store::open_postgres_journal(url, options, &words);
    if (!journal.ok()) {
      return fail(journal.error());
    }
    vault.journal = std::move(journal).value();
  }
  auto reader = store::open_postgres_reader(url, options, &words);
  if (!reader.ok()) {
    return fail(reader.error());
  }
  vault.reader = std::move(reader).value();
  return open_registry(vault, dir, url, clock, random);
}

std::string cannot_write(const Parts& parts) {
  return "cannot write into " + parts.ledger_name + " or " + parts.log_name +
         ": check the permissions of the data folder, or the rights of the database role "
         "(docs/postgresql.md), and start again";
}

/// Compares all parts inside the registry's turn to write, so that nothing moves meanwhile.
class Binding {
 public:
  Binding(Vault& vault, Parts parts, Use use)
      : vault_(vault), parts_(std::move(parts)), use_(use) {}

  Result<Done, std::string> look() {
    Result<Done, std::string> compared = Done{};
    const auto state = vault_.registry->books([&](registry::BooksState& now) {
      compared = compare(now);
      vault_.state = now;
      return false;
    });
    return state.ok() ? compared : failed(state.error());
  }

  /// Moves the epoch on by two: a part of before this start is then behind by more than a crash can
  /// explain. Killed at any moment, the parts differ by one at most, for what the registry counted
  /// last is told to the others before it counts on.
  Result<Done, std::string> move_on(base::Random& random) {
    auto first = count([&](registry::BooksState& now) -> Result<Done, std::string> {
      if (auto compared = compare(now); !compared.ok()) {
        return compared;
      }
      make_log_file(now);
      if (!now.given()) {
        now.id_high = random.next() | 1U;
        now.id_low = random.next();
        return Done{};
      }
      return tell(now);
    });
    if (!first.ok()) {
      return first;
    }
    return count([this](registry::BooksState& now) -> Result<Done, std::string> {
      auto told = tell(now);
      now.founded = true;
      return told;
    });
  }

 private:
  /// New books, or a log that begins anew: its file is there for its mark before it is opened.
  void make_log_file(const registry::BooksState& state) const {
    if (parts_.log.schema.empty() && (!state.founded || use_ == Use::rebuild_log)) {
      std::ofstream(parts_.log.where, std::ios::app).flush();
    }
  }
  Result<Done, std::string> failed(registry::Error error) const {
    return Fail{"cannot use " + parts_.registry_name + ": " +
                std::string(registry::describe(error))};
  }
  Result<Done, std::string> tell(const registry::BooksState& state) const {
    if (!write_marks(parts_, state)) {
      return Fail{cannot_write(parts_)};
    }
    return Done{};
  }
  Result<Done, std::string> compare(const registry::BooksState& state) const {
    const auto marks = read_marks(parts_);
    if (!marks.ok()) {
      return Fail{marks.error()};
    }
    auto same = compare_marks(parts_, state, *marks, use_ == Use::rebuild_log);
    // Books of before there were marks: whatever can be compared is.
    return same.ok() ? compare_accounts(parts_, *vault_.registry, *vault_.reader, !state.founded)
                     : same;
  }
  Result<Done, std::string> count(
      const std::function<Result<Done, std::string>(registry::BooksState&)>& prepare) {
    Result<Done, std::string> prepared = Done{};
    const auto state = vault_.registry->books([&](registry::BooksState& now) {
      prepared = prepare(now);
      now.epoch += prepared.ok() ? 1 : 0;
      return prepared.ok();
    });
    if (!state.ok() || !prepared.ok()) {
      return state.ok() ? prepared : failed(state.error());
    }
    vault_.state = *state;
    return tell(*state);
  }

  Vault& vault_;
  const Parts parts_;
  const Use use_;
};

Result<Done, std::string> bind(Vault& vault, const Parts& parts, base::Random& random, Use use) {
  Binding binding(vault, parts, use);
  auto bound = use == Use::read ? binding.look() : binding.move_on(random);
  if (!bound.ok()) {
    return bound;
  }
  if (use != Use::read) {
    vault.registry->tell_changes(
        [parts](const registry::BooksState& state) { return write_marks(parts, state); });
  }
  vault.id = id_text(vault.state.id_high, vault.state.id_low);
  vault.compare = [registry = vault.registry.get(), reader = vault.reader.get(), parts] {
    Result<Done, std::string> compared = Done{};
    const auto state = registry->books([&](registry::BooksState& now) {
      const auto marks = read_marks(parts);
      compared = marks.ok() ? compare_marks(parts, now, *marks, false)
                            : Result<Done, std::string>(Fail{marks.error()});
      return false;
    });
    if (!state.ok()) {
      return Result<Done, std::string>(Fail{std::string(registry::describe(state.error()))});
    }
    if (compared.ok()) {
      compared = compare_accounts(parts, *registry, *reader, true);
    }
    const auto key = registry->check_price_key();
    return !compared.ok() || key.ok()
               ? compared
               : Result<Done, std::string>(Fail{std::string(registry::describe(key.error()))});
  };
  return bound;
}

constexpr const char* lost_books =
    " (log.key, ledger.postgres). Restore all of one backup; nothing was changed. To begin new "
    "books, name an empty folder with --data";

/// This folder's server has signed or written what that address had.
bool knew_books(const fs::path& dir, const std::optional<Elsewhere>& elsewhere,
                const std::string& shown) {
  return elsewhere ? elsewhere->shown == shown && !elsewhere->id.empty() : has_log_key(dir);
}

/// The folder may say that its books are elsewhere than where they were named to be.
Result<Done, std::string> is_where_it_was(const fs::path& dir, const Elsewhere& elsewhere,
                                          const std::string& url, const std::string& shown) {
  if (elsewhere.shown == shown || elsewhere.shown.empty()) {
    return Done{};
  }
  const auto id = id_in(url);
  if (!id.ok()) {
    return Fail{id.error()};
  }
  const auto there = there_are_books(dir, url);
  if (there.ok() && *there && (elsewhere.id.empty() || elsewhere.id == *id)) {
    return Done{};
  }
  return Fail{"the books of " + dir.string() + " are in " + elsewhere.shown + "; " + shown +
              " has " + (there.ok() && *there ? "other books" : "none") +
              ": name the right one with --ledger (MAINS_LEDGER), or another folder with --data"};
}

}  // namespace

Result<bool, std::string> there_are_books(const fs::path& dir, const std::string& url) {
  if (url.empty()) {
    return is_there(dir / registry_file) || is_there(dir / ledger_file) ||
           is_there(dir / log_file) || has_log_key(dir) || is_there(dir / elsewhere_file);
  }
  std::string words;
  auto connection = postgres::Connection::open(url, {}, &words);
  auto count = connection.ok()
                   ? (*connection)
                         ->ask(
                             "SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid "
                             "= c.relnamespace WHERE n.nspname IN ('mains_ledger', "
                             "'mains_registry') AND c.relname IN ('version', 'state')")
                   : postgres::Answer<postgres::Rows>(Fail{connection.error()});
  if (!count.ok()) {
    return Fail{"cannot open the ledger " + postgres::shown(url).value_or("") + ": " +
                (words.empty() ? describe(store::error_of(count.error())) : words)};
  }
  return count->integer(0, 0) > 0;
}

std::string shown(const std::string& url) {
  return postgres::shown(url).value_or("an address that cannot be read");
}

std::string no_books(const fs::path& dir, const std::string& url) {
  return "there are no books in " +
         (url.empty() ? dir.string() : postgres::shown(url).value_or("")) +
         "; name the right folder with --data or MAINS_DATA, or make new books with `mains init` "
         "or "
         "`mains serve`";
}

Result<std::string, std::string> id_in(const std::string& url) {
  const auto mark = store::read_mark({url, "mains_ledger"});
  if (!mark.ok()) {
    return Fail{"cannot open the ledger " + postgres::shown(url).value_or("") + ": " +
                describe(mark.error())};
  }
  return mark->has_value() ? id_text((*mark)->books.high, (*mark)->books.low) : std::string();
}

Result<Vault, std::string> open(const fs::path& dir, const std::string& url,
                                const base::Clock& clock, base::Random& random, Use use) {
  auto elsewhere = read_elsewhere(dir);
  Vault vault;
  vault.shown = url.empty() ? dir.string() : postgres::shown(url).value_or("");
  if (url.empty() && elsewhere) {
    return Fail{"the books of " + dir.string() + " are in " + elsewhere->shown +
                ": name it with --ledger, or in MAINS_LEDGER"};
  }
  if (vault.shown.empty()) {
    return Fail{
        std::string("--ledger takes an address such as "
                    "postgres://user@host:5432/database, as libpq reads it")};
  }
  if (!url.empty() && !elsewhere && is_there(dir / ledger_file)) {
    return Fail{dir.string() +
                " has a ledger of its own: move it with `mains ledger migrate --to " + vault.shown +
                "`, or name another folder with --data"};
  }
  if (use != Use::make || !url.empty()) {
    const auto there = there_are_books(dir, url);
    if (!there.ok() || (!*there && use != Use::make)) {
      return Fail{there.ok() ? no_books(dir, url) : there.error()};
    }
    if (!*there && !url.empty() && knew_books(dir, elsewhere, vault.shown)) {
      return Fail{"there are no books in " + vault.shown + ", but there were: " + dir.string() +
                  " has what their server kept" + lost_books};
    }
    vault.made = !*there;
  }
  Result<Done, std::string> opened = Done{};
  if (url.empty()) {
    opened = open_folder(vault, dir, clock, random, use);
  } else {
    if (elsewhere) {
      if (auto same = is_where_it_was(dir, *elsewhere, url, vault.shown); !same.ok()) {
        return Fail{same.error()};
      }
    }
    if (auto looked = look_at_schemas(parts_in(dir, url, vault.shown), url); !looked.ok()) {
      return Fail{looked.error()};
    }
    if (!elsewhere || !elsewhere->home.valid()) {
      elsewhere = Elsewhere{{random.next(), random.next() | 1U}, "", ""};
    }
    store::PostgresOptions options;
    options.home = elsewhere->home;
    opened = open_database(vault, dir, url, options, clock, random, use);
  }
  if (opened.ok()) {
    opened = bind(vault, parts_in(dir, url, vault.shown), random, use);
  }
  if (!opened.ok()) {
    return Fail{opened.error()};
  }
  if (elsewhere && use != Use::read &&
      (elsewhere->shown != vault.shown || elsewhere->id != vault.id)) {
    elsewhere->shown = vault.shown;
    elsewhere->id = vault.id;
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

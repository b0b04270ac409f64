#include "parts.hpp"

#include <map>

#include <notation/id_text.hpp>
#include <postgres/connection.hpp>
#include <store/postgres.hpp>

namespace vault {
namespace {

using base::Done;
using base::Fail;
using base::Result;

constexpr const char* way_out =
    ". Restore all parts from one backup of one moment; nothing was changed";

Result<Done, std::string> lost(const std::string& part, const std::string& others) {
  return Fail{part + " is lost, or empty, while " + others + " is there" + way_out};
}

/// One part beside the registry.
Result<Done, std::string> compare_one(const Parts& parts, const registry::BooksState& state,
                                      const std::string& name,
                                      const std::optional<store::Mark>& mark) {
  if (!mark) {
    return lost(name, parts.registry_name);
  }
  if (mark->books != store::BooksId{state.id_high, state.id_low}) {
    return Fail{name + " belongs to other books (" + id_text(mark->books.high, mark->books.low) +
                ") than " + parts.registry_name + " (" + id_text(state.id_high, state.id_low) +
                ")" + way_out};
  }
  const auto stands = [&](const std::string& old, const std::string& young) {
    return Fail{old + " is older than " + young + ", or was cut: " + parts.registry_name +
                " stands at change " + std::to_string(state.epoch) + ", " + name +
                " has seen change " + std::to_string(mark->epoch) + way_out};
  };
  if (mark->epoch > state.epoch) {
    return stands(parts.registry_name, name);
  }
  if (mark->epoch + 1 < state.epoch) {
    return stands(name, parts.registry_name);
  }
  return Done{};
}

/// All numbers that the registry has given, with what receipts call them.
std::map<terms::TenantId, terms::Pseudonym> accounts_of(const registry::Registry& registry) {
  std::map<terms::TenantId, terms::Pseudonym> accounts;
  for (const auto& list : {registry.tenants(), registry.deleted_tenants()}) {
    for (const registry::TenantPtr& tenant : list) {
      accounts[tenant->id] = tenant->account;
    }
  }
  return accounts;
}

}  // namespace

std::string id_text(std::uint64_t high, std::uint64_t low) {
  return (high | low) == 0 ? "" : notation::to_text(terms::RequestId{high, low});
}

Parts parts_in(const std::filesystem::path& dir, const std::string& url, const std::string& shown) {
  if (url.empty()) {
    return {{(dir / ledger_file).string(), ""},
            {(dir / log_file).string(), ""},
            (dir / registry_file).string(),
            (dir / ledger_file).string(),
            (dir / log_file).string()};
  }
  return {{url, "mains_ledger"},
          {url, "mains_log"},
          "the registry (schema mains_registry) in " + shown,
          "the ledger (schema mains_ledger)",
          "the log (schema mains_log)"};
}

Result<Marks, std::string> read_marks(const Parts& parts) {
  auto ledger = store::read_mark(parts.ledger);
  auto log = store::read_mark(parts.log);
  if (!ledger.ok() || !log.ok()) {
    return Fail{"cannot read " + (ledger.ok() ? parts.log_name : parts.ledger_name) + ": " +
                describe(ledger.ok() ? log.error() : ledger.error())};
  }
  return Marks{*ledger, *log};
}

bool write_marks(const Parts& parts, const registry::BooksState& state) {
  const store::Mark mark{{state.id_high, state.id_low}, state.epoch};
  return store::write_mark(parts.ledger, mark).ok() && store::write_mark(parts.log, mark).ok();
}

Result<Done, std::string> compare_marks(const Parts& parts, const registry::BooksState& state,
                                        const Marks& marks, bool log_may_be_lost) {
  const store::BooksId id{state.id_high, state.id_low};
  if (!state.founded) {
    // The id is written to the registry first: whoever has it already is of other books, or these
    // were stopped while they were being made.
    for (const auto& [name, mark] :
         {std::pair{&parts.ledger_name, &marks.ledger}, std::pair{&parts.log_name, &marks.log}}) {
      if (mark->has_value() && (*mark)->books != id) {
        return lost(parts.registry_name, *name);
      }
    }
    return Done{};
  }
  if (auto ledger = compare_one(parts, state, parts.ledger_name, marks.ledger); !ledger.ok()) {
    return ledger;
  }
  if (!marks.log && log_may_be_lost) {
    return Done{};
  }
  auto log = compare_one(parts, state, parts.log_name, marks.log);
  if (!log.ok() && !marks.log) {
    return Fail{log.error() + ". If " + parts.log_name +
                " is lost for good, `mains log rebuild` makes it anew from the ledger, as far as "
                "it gives what was signed"};
  }
  return log;
}

Result<Done, std::string> look_at_schemas(const Parts& parts, const std::string& url) {
  auto connection = postgres::Connection::open(url, {});
  std::optional<postgres::Error> fault;
  if (!connection.ok()) {
    fault = connection.error();
  }
  const auto is_some = [&](const std::string& sql) {
    if (fault) {
      return false;
    }
    const auto count = (*connection)->ask(sql);
    if (!count.ok()) {
      fault = count.error();
    }
    return count.ok() && count->integer(0, 0) != 0;
  };
  const auto has = [&](const std::string& schema, const std::string& table) {
    return is_some(
        "SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE n.nspname = '" +
        schema + "' AND c.relname = '" + table + "'");
  };
  const bool registry = has("mains_registry", "state");
  const bool founded = registry && has("mains_registry", "books") &&
                       is_some("SELECT count(*) FROM mains_registry.books WHERE founded <> 0");
  const bool ledger_lost = founded && !(has("mains_ledger", "version") &&
                                        is_some("SELECT count(*) FROM mains_ledger.version"));
  if (fault) {
    return Fail{"cannot read the parts of the books: " + describe(store::error_of(*fault))};
  }
  if (registry) {
    return ledger_lost ? lost(parts.ledger_name, parts.registry_name)
                       : Result<Done, std::string>(Done{});
  }
  // The registry is made before the marks: where one is, there was a registry.
  const auto marks = read_marks(parts);
  if (!marks.ok()) {
    return Fail{marks.error()};
  }
  return marks->ledger || marks->log
             ? lost(parts.registry_name, marks->ledger ? parts.ledger_name : parts.log_name)
             : Result<Done, std::string>(Done{});
}

Result<Done, std::string> compare_accounts(const Parts& parts, const registry::Registry& registry,
                                           ledger::Reader& reader, bool receipts) {
  const auto cannot = [&](ledger::StoreError error) {
    return Fail{"cannot read " + parts.ledger_name + ": " + describe(error)};
  };
  const auto accounts = accounts_of(registry);
  auto snapshot = reader.snapshot();
  if (!snapshot.ok()) {
    return cannot(snapshot.error());
  }
  auto tenants = (*snapshot)->tenants();
  if (!tenants.ok()) {
    return cannot(tenants.error());
  }
  for (;;) {
    auto entry = (*tenants)->next();
    if (!entry.ok()) {
      return cannot(entry.error());
    }
    if (!entry->has_value()) {
      return Done{};
    }
    const ledger::TenantEntry& tenant = **entry;
    const auto known = accounts.find(tenant.tenant);
    if (known == accounts.end()) {
      return Fail{parts.registry_name + " does not know account " +
                  std::to_string(tenant.tenant.value) + " of " + parts.ledger_name +
                  ": it was lost, is older, or belongs to other books" + way_out};
    }
    if (!receipts || tenant.row.sequence == 0) {
      continue;
    }
    auto last = reader.receipts_after(tenant.tenant, tenant.row.sequence - 1, 1);
    if (!last.ok()) {
      return cannot(last.error());
    }
    if (!last->empty() && last->front().account.valid() && last->front().account != known->second) {
      return Fail{"the receipts of account " + std::to_string(tenant.tenant.value) + " in " +
                  parts.ledger_name + " are another tenant's than " + parts.registry_name +
                  " says: the two belong to different books" + way_out};
    }
  }
}

}  // namespace vault

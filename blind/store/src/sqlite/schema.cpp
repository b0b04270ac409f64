#include "sqlite/schema.hpp"

#include <string>
#include <vector>

namespace store::sqlite {
namespace {

// Money and counts that may not be negative are checked here once more: a rule that is broken by
// a bug above must not reach the disk. Ids of 64 bits are stored as signed numbers.
constexpr const char* tables = R"sql(
CREATE TABLE house (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  revenue INTEGER NOT NULL CHECK (revenue >= 0),
  outside INTEGER NOT NULL CHECK (outside <= 0),
  leaves INTEGER NOT NULL CHECK (leaves >= 0)
) STRICT;
CREATE TABLE tenants (
  id INTEGER PRIMARY KEY,
  available INTEGER NOT NULL CHECK (available >= 0),
  held INTEGER NOT NULL CHECK (held >= 0),
  sequence INTEGER NOT NULL CHECK (sequence >= 0),
  chain BLOB,
  credited INTEGER NOT NULL CHECK (credited >= 0)
) STRICT;
CREATE TABLE keys (
  id INTEGER PRIMARY KEY,
  open INTEGER NOT NULL CHECK (open >= 0),
  requests BLOB,
  tokens BLOB
) STRICT;
CREATE TABLE months (
  key INTEGER NOT NULL,
  month INTEGER NOT NULL,
  spent INTEGER NOT NULL CHECK (spent >= 0),
  held INTEGER NOT NULL CHECK (held >= 0),
  PRIMARY KEY (key, month)
) STRICT, WITHOUT ROWID;
CREATE TABLE holds (
  request BLOB NOT NULL PRIMARY KEY CHECK (length(request) = 16),
  tenant INTEGER NOT NULL,
  key INTEGER NOT NULL,
  model INTEGER NOT NULL,
  price_list INTEGER NOT NULL,
  price_input INTEGER NOT NULL CHECK (price_input >= 0),
  price_cached INTEGER NOT NULL CHECK (price_cached >= 0),
  price_output INTEGER NOT NULL CHECK (price_output >= 0),
  idempotency BLOB,
  amount INTEGER NOT NULL CHECK (amount >= 0),
  held_at INTEGER NOT NULL,
  reserved_at INTEGER NOT NULL,
  input INTEGER NOT NULL CHECK (input >= 0),
  output_granted INTEGER NOT NULL CHECK (output_granted >= 0),
  server INTEGER NOT NULL,
  account BLOB,
  price_list_hash BLOB
) STRICT, WITHOUT ROWID;
CREATE TABLE claims (
  tenant INTEGER NOT NULL,
  key BLOB NOT NULL,
  request BLOB NOT NULL,
  PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE postings (
  id INTEGER PRIMARY KEY,
  request BLOB NOT NULL CHECK (length(request) = 16),
  from_kind INTEGER NOT NULL,
  from_tenant INTEGER NOT NULL,
  to_kind INTEGER NOT NULL,
  to_tenant INTEGER NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  time INTEGER NOT NULL,
  kind INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX top_ups ON postings (request) WHERE kind <= 2;
CREATE INDEX top_ups_in ON postings (to_tenant, time) WHERE kind = 1;
CREATE INDEX top_ups_out ON postings (from_tenant, time) WHERE kind = 2;
CREATE TABLE voids (
  request BLOB NOT NULL PRIMARY KEY CHECK (length(request) = 16),
  tenant INTEGER NOT NULL,
  time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE receipts (
  tenant INTEGER NOT NULL,
  time INTEGER NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence > 0),
  id BLOB NOT NULL CHECK (length(id) = 16),
  key INTEGER NOT NULL,
  model INTEGER NOT NULL,
  price_list INTEGER NOT NULL,
  price_input INTEGER NOT NULL CHECK (price_input >= 0),
  price_cached INTEGER NOT NULL CHECK (price_cached >= 0),
  price_output INTEGER NOT NULL CHECK (price_output >= 0),
  artefacts INTEGER NOT NULL,
  output BLOB,
  previous BLOB,
  held_at INTEGER NOT NULL,
  charge INTEGER NOT NULL CHECK (charge >= 0),
  balance_after INTEGER NOT NULL CHECK (balance_after >= 0),
  input INTEGER NOT NULL CHECK (input >= 0),
  cached INTEGER NOT NULL CHECK (cached BETWEEN 0 AND input),
  output_tokens INTEGER NOT NULL CHECK (output_tokens >= 0),
  end_reason INTEGER NOT NULL,
  account BLOB,
  credited INTEGER NOT NULL,
  salt BLOB CHECK ((salt IS NULL) = (account IS NULL)),
  leaf INTEGER NOT NULL,
  PRIMARY KEY (tenant, time, sequence)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX receipts_by_id ON receipts (id);
CREATE TABLE usage_hours (
  tenant INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  key INTEGER NOT NULL,
  model INTEGER NOT NULL,
  price_list INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  input INTEGER NOT NULL,
  cached INTEGER NOT NULL,
  output INTEGER NOT NULL,
  charge INTEGER NOT NULL,
  PRIMARY KEY (tenant, hour, key, model, price_list)
) STRICT, WITHOUT ROWID;
)sql";

// What came with version 2, for new files and old ones. Receipts are found by time, by number and
// by their place in the log; what a tenant was credited and charged is added up by month, so that
// a statement's opening balance does not walk all history.
constexpr const char* new_in_version_2 = R"sql(
CREATE INDEX receipts_by_number ON receipts (tenant, sequence);
CREATE INDEX receipts_by_leaf ON receipts (leaf) WHERE account IS NOT NULL;
CREATE TABLE tenant_months (
  tenant INTEGER NOT NULL,
  month INTEGER NOT NULL,
  credited INTEGER NOT NULL,
  charged INTEGER NOT NULL CHECK (charged >= 0),
  PRIMARY KEY (tenant, month)
) STRICT, WITHOUT ROWID;
CREATE TABLE artefacts (
  id INTEGER PRIMARY KEY,
  weights BLOB NOT NULL,
  tokenizer BLOB NOT NULL,
  price_list_hash BLOB NOT NULL,
  UNIQUE (weights, tokenizer, price_list_hash)
) STRICT;
CREATE TABLE leaves (
  id INTEGER PRIMARY KEY CHECK (id >= 0),
  value BLOB NOT NULL CHECK (length(value) = 32),
  kind INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX documents ON leaves (value) WHERE kind = 2;
)sql";

// What came with version 3: receipts may go, oldest first, up to a mark that tells of them and only
// moves forward.
constexpr const char* new_in_version_3 = R"sql(
CREATE TABLE pruned (
  tenant INTEGER PRIMARY KEY,
  sequence INTEGER NOT NULL CHECK (sequence > 0),
  logged INTEGER NOT NULL CHECK (logged BETWEEN 0 AND sequence),
  tokens INTEGER NOT NULL CHECK (tokens >= 0),
  charge INTEGER NOT NULL CHECK (charge >= 0),
  time INTEGER NOT NULL,
  chain BLOB
) STRICT;
CREATE TRIGGER pruned_no_UPDATE BEFORE UPDATE ON pruned
  WHEN NEW.tenant <> OLD.tenant OR NEW.sequence <= OLD.sequence
  BEGIN SELECT RAISE(ABORT, 'a mark only moves forward'); END;
CREATE TRIGGER pruned_no_DELETE BEFORE DELETE ON pruned
  BEGIN SELECT RAISE(ABORT, 'a mark only moves forward'); END;
DROP TRIGGER receipts_no_DELETE;
CREATE TRIGGER receipts_no_DELETE BEFORE DELETE ON receipts
  WHEN OLD.sequence > ifnull((SELECT sequence FROM pruned WHERE tenant = OLD.tenant), 0)
  BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;
)sql";

// Version 1 had no log. Its receipts stay as they are, without account, salt and leaf; each
// tenant's chain begins anew with the first receipt in the log.
constexpr const char* from_version_1 = R"sql(
ALTER TABLE house ADD COLUMN leaves INTEGER NOT NULL DEFAULT 0 CHECK (leaves >= 0);
ALTER TABLE tenants ADD COLUMN credited INTEGER NOT NULL DEFAULT 0 CHECK (credited >= 0);
UPDATE tenants SET chain = NULL, credited =
  (SELECT ifnull(sum(amount), 0) FROM postings WHERE kind = 1 AND to_tenant = tenants.id) -
  (SELECT ifnull(sum(amount), 0) FROM postings WHERE kind = 2 AND from_tenant = tenants.id);
ALTER TABLE holds ADD COLUMN server INTEGER NOT NULL DEFAULT 1;
ALTER TABLE holds ADD COLUMN account BLOB;
ALTER TABLE holds ADD COLUMN price_list_hash BLOB;
ALTER TABLE receipts ADD COLUMN account BLOB;
ALTER TABLE receipts ADD COLUMN credited INTEGER NOT NULL DEFAULT 0;
ALTER TABLE receipts ADD COLUMN salt BLOB CHECK ((salt IS NULL) = (account IS NULL));
ALTER TABLE receipts ADD COLUMN leaf INTEGER NOT NULL DEFAULT 0;
DROP TRIGGER artefacts_no_UPDATE;
DROP TRIGGER artefacts_no_DELETE;
ALTER TABLE artefacts RENAME TO artefacts_of_version_1;
)sql";
constexpr const char* from_version_1_after = R"sql(
INSERT INTO artefacts SELECT id, weights, tokenizer, zeroblob(32) FROM artefacts_of_version_1;
DROP TABLE artefacts_of_version_1;
INSERT INTO tenant_months SELECT tenant,
  (strftime('%Y', second, 'unixepoch') - 1970) * 12 + strftime('%m', second, 'unixepoch') - 1,
  sum(credited), sum(charged)
FROM (SELECT tenant, hour * 3600 AS second, 0 AS credited, charge AS charged FROM usage_hours
  UNION ALL SELECT to_tenant, time / 1000000000, amount, 0 FROM postings WHERE kind = 1
  UNION ALL SELECT from_tenant, time / 1000000000, -amount, 0 FROM postings WHERE kind = 2)
GROUP BY 1, 2;
)sql";

// History is insert-only, for a hand with a database shell as well.
std::string guards_of(const std::vector<std::string>& history) {
  std::string sql;
  for (const std::string& table : history) {
    for (const std::string deed : {"UPDATE", "DELETE"}) {
      sql += "CREATE TRIGGER " + table + "_no_" + deed + " BEFORE " + deed + " ON " + table +
             " BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;\n";
    }
  }
  return sql;
}

Stored<base::Done> finish(const Connection& connection, const std::string& changes) {
  const std::string sql =
      changes + "PRAGMA user_version = " + std::to_string(schema_version) + "; COMMIT";
  return connection.execute(sql.c_str());
}

}  // namespace

Stored<base::Done> set_up_writer(const Connection& connection, const SqliteOptions& options) {
  std::string sql =
      "PRAGMA journal_mode = WAL;"
      "PRAGMA synchronous = FULL;"
      "PRAGMA recursive_triggers = ON;"
      "PRAGMA trusted_schema = OFF;"
      "PRAGMA cache_size = -131072;"
      "PRAGMA wal_autocheckpoint = 4000;"
      "PRAGMA journal_size_limit = 67108864;";
  if (options.pages_max > 0) {
    sql += "PRAGMA max_page_count = " + std::to_string(options.pages_max) + ";";
  }
  return connection.execute(sql.c_str());
}

Stored<base::Done> ensure_schema(const Connection& connection, bool may_create) {
  auto begun = connection.execute("BEGIN IMMEDIATE");
  if (!begun) return begun;
  auto version = connection.query_integer("PRAGMA user_version");
  if (!version) return base::Fail{version.error()};
  if (*version == schema_version) {
    return connection.execute("COMMIT");
  }
  if (*version > schema_version) {
    return base::Fail{ledger::StoreError::newer_schema};
  }
  if (*version == 1) {
    const std::string sql = std::string(from_version_1) + new_in_version_2 + from_version_1_after +
                            guards_of({"artefacts", "leaves"}) + new_in_version_3;
    return finish(connection, sql);
  }
  if (*version == 2) {
    return finish(connection, new_in_version_3);
  }
  auto count = connection.query_integer("SELECT count(*) FROM sqlite_schema");
  if (!count) return base::Fail{count.error()};
  if (*count > 0 || !may_create) {
    return base::Fail{ledger::StoreError::corrupt};  // not a ledger, or one that was emptied
  }
  return finish(connection,
                std::string(tables) + new_in_version_2 +
                    guards_of({"postings", "receipts", "voids", "artefacts", "leaves"}) +
                    new_in_version_3);
}

Stored<base::Done> expect_schema(const Connection& connection) {
  auto version = connection.query_integer("PRAGMA user_version");
  if (!version) return base::Fail{version.error()};
  if (*version == schema_version) return base::Done{};
  return base::Fail{*version > schema_version ? ledger::StoreError::newer_schema
                                              : ledger::StoreError::older_schema};
}

}  // namespace store::sqlite

#include "pg/schema.hpp"

#include <string>
#include <vector>

#include <store/postgres.hpp>

namespace store::pg {
namespace {

using ledger::Stored;
using ledger::StoreError;

// As the SQLite store's tables (sqlite/schema.cpp): a rule that is broken by a bug above must not
// reach the disk. Ids of 64 bits are stored as signed numbers. Rows that change stand in half-empty
// pages, so that they change in place. `house` has its one row from the start: who writes locks it.
const std::vector<std::string> tables = {
    R"sql(CREATE TABLE house (
  id smallint PRIMARY KEY CHECK (id = 1),
  revenue bigint NOT NULL CHECK (revenue >= 0),
  outside bigint NOT NULL CHECK (outside <= 0),
  leaves bigint NOT NULL CHECK (leaves >= 0)
) WITH (fillfactor = 10))sql",
    "INSERT INTO house VALUES (1, 0, 0, 0)",
    R"sql(CREATE TABLE servers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  home uuid,
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 50))sql",
    R"sql(CREATE TABLE tenants (
  id bigint PRIMARY KEY,
  available bigint NOT NULL CHECK (available >= 0),
  held bigint NOT NULL CHECK (held >= 0),
  sequence bigint NOT NULL CHECK (sequence >= 0),
  chain bytea,
  credited bigint NOT NULL CHECK (credited >= 0)
) WITH (fillfactor = 50))sql",
    R"sql(CREATE TABLE keys (
  id bigint PRIMARY KEY,
  open bigint NOT NULL CHECK (open >= 0),
  requests bytea,
  tokens bytea
) WITH (fillfactor = 50))sql",
    R"sql(CREATE TABLE months (
  key bigint NOT NULL,
  month bigint NOT NULL,
  spent bigint NOT NULL CHECK (spent >= 0),
  held bigint NOT NULL CHECK (held >= 0),
  PRIMARY KEY (key, month)
) WITH (fillfactor = 50))sql",
    R"sql(CREATE TABLE holds (
  request uuid PRIMARY KEY,
  tenant bigint NOT NULL,
  key bigint NOT NULL,
  model bigint NOT NULL,
  price_list bigint NOT NULL,
  price_input bigint NOT NULL CHECK (price_input >= 0),
  price_cached bigint NOT NULL CHECK (price_cached >= 0),
  price_output bigint NOT NULL CHECK (price_output >= 0),
  idempotency bytea,
  amount bigint NOT NULL CHECK (amount >= 0),
  held_at bigint NOT NULL,
  reserved_at bigint NOT NULL,
  input bigint NOT NULL CHECK (input >= 0),
  output_granted bigint NOT NULL CHECK (output_granted >= 0),
  server bigint NOT NULL,
  account uuid,
  price_list_hash bytea
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000))sql",
    R"sql(CREATE TABLE claims (
  tenant bigint NOT NULL,
  key bytea NOT NULL,
  request uuid NOT NULL,
  PRIMARY KEY (tenant, key)
))sql",
    R"sql(CREATE TABLE postings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  request uuid NOT NULL,
  from_kind smallint NOT NULL,
  from_tenant bigint NOT NULL,
  to_kind smallint NOT NULL,
  to_tenant bigint NOT NULL,
  amount bigint NOT NULL CHECK (amount > 0),
  time bigint NOT NULL,
  kind smallint NOT NULL
))sql",
    "CREATE UNIQUE INDEX top_ups ON postings (request) WHERE kind <= 2",
    "CREATE INDEX top_ups_in ON postings (to_tenant, time) WHERE kind = 1",
    "CREATE INDEX top_ups_out ON postings (from_tenant, time) WHERE kind = 2",
    R"sql(CREATE TABLE voids (
  request uuid PRIMARY KEY,
  tenant bigint NOT NULL,
  time bigint NOT NULL
))sql",
    R"sql(CREATE TABLE artefacts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  weights bytea NOT NULL,
  tokenizer bytea NOT NULL,
  price_list_hash bytea NOT NULL,
  UNIQUE (weights, tokenizer, price_list_hash)
))sql",
    R"sql(CREATE TABLE receipts (
  tenant bigint NOT NULL,
  time bigint NOT NULL,
  sequence bigint NOT NULL CHECK (sequence > 0),
  id uuid NOT NULL UNIQUE,
  key bigint NOT NULL,
  model bigint NOT NULL,
  price_list bigint NOT NULL,
  price_input bigint NOT NULL CHECK (price_input >= 0),
  price_cached bigint NOT NULL CHECK (price_cached >= 0),
  price_output bigint NOT NULL CHECK (price_output >= 0),
  artefacts bigint NOT NULL,
  output bytea,
  previous bytea,
  held_at bigint NOT NULL,
  charge bigint NOT NULL CHECK (charge >= 0),
  balance_after bigint NOT NULL CHECK (balance_after >= 0),
  input bigint NOT NULL CHECK (input >= 0),
  cached bigint NOT NULL CHECK (cached BETWEEN 0 AND input),
  output_tokens bigint NOT NULL CHECK (output_tokens >= 0),
  end_reason smallint NOT NULL,
  account uuid,
  credited bigint NOT NULL,
  salt bytea,
  leaf bigint NOT NULL,
  PRIMARY KEY (tenant, time, sequence)
))sql",
    "CREATE INDEX receipts_by_number ON receipts (tenant, sequence)",
    "CREATE INDEX receipts_by_leaf ON receipts (leaf) WHERE account IS NOT NULL",
    R"sql(CREATE TABLE leaves (
  id bigint PRIMARY KEY CHECK (id >= 0),
  value bytea NOT NULL CHECK (length(value) = 32),
  kind smallint NOT NULL
))sql",
    "CREATE UNIQUE INDEX documents ON leaves (value) WHERE kind = 2",
    R"sql(CREATE TABLE usage_hours (
  tenant bigint NOT NULL,
  hour bigint NOT NULL,
  key bigint NOT NULL,
  model bigint NOT NULL,
  price_list bigint NOT NULL,
  requests bigint NOT NULL,
  input bigint NOT NULL,
  cached bigint NOT NULL,
  output bigint NOT NULL,
  charge bigint NOT NULL,
  PRIMARY KEY (tenant, hour, key, model, price_list)
) WITH (fillfactor = 50))sql",
    R"sql(CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'history is insert-only'; END $$)sql",
    "CREATE TABLE version (number bigint NOT NULL)",
    "INSERT INTO version VALUES (" + std::to_string(schema_version) + ")",
};

// History is insert-only, for a hand with a database shell as well.
const std::vector<std::string> guarded = {"postings", "receipts", "voids", "artefacts", "leaves"};

// What came with version 2, for new databases and old ones: sums by month; and receipts may go,
// oldest first, up to a mark that tells of them and only moves forward.
const std::vector<std::string> new_in_version_2 = {
    R"sql(CREATE TABLE tenant_months (
  tenant bigint NOT NULL,
  month bigint NOT NULL,
  credited bigint NOT NULL,
  charged bigint NOT NULL CHECK (charged >= 0),
  PRIMARY KEY (tenant, month)
) WITH (fillfactor = 50))sql",
    sum_up_months,
    R"sql(CREATE TABLE pruned (
  tenant bigint PRIMARY KEY,
  sequence bigint NOT NULL CHECK (sequence > 0),
  logged bigint NOT NULL CHECK (logged BETWEEN 0 AND sequence),
  tokens bigint NOT NULL CHECK (tokens >= 0),
  charge bigint NOT NULL CHECK (charge >= 0),
  time bigint NOT NULL,
  chain bytea
))sql",
    R"sql(CREATE FUNCTION keep_mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.tenant <> OLD.tenant OR NEW.sequence <= OLD.sequence THEN
    RAISE EXCEPTION 'a mark only moves forward';
  END IF;
  RETURN NEW;
END $$)sql",
    "CREATE TRIGGER only_forward BEFORE UPDATE ON pruned FOR EACH ROW EXECUTE FUNCTION keep_mark()",
    "CREATE TRIGGER insert_only BEFORE DELETE OR TRUNCATE ON pruned "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    R"sql(CREATE FUNCTION keep_receipt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF OLD.sequence >
      coalesce((SELECT sequence FROM mains_ledger.pruned WHERE tenant = OLD.tenant), 0) THEN
    RAISE EXCEPTION 'history is insert-only';
  END IF;
  RETURN OLD;
END $$)sql",
    "DROP TRIGGER insert_only ON receipts",
    "CREATE TRIGGER insert_only BEFORE UPDATE OR TRUNCATE ON receipts "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER behind_the_mark BEFORE DELETE ON receipts "
    "FOR EACH ROW EXECUTE FUNCTION keep_receipt()",
};

/// Any number, the same for all servers.
constexpr const char* take_turns = "SELECT pg_advisory_xact_lock(7811342607163914093)";

template <class T>
base::Fail<StoreError> fail(const postgres::Answer<T>& answer) {
  return base::Fail{error_of(answer.error())};
}

/// 0: no tables.
Stored<std::int64_t> version_of(postgres::Connection& connection) {
  // Not to_regclass(): it may answer from before another session made them.
  auto there = connection.ask(
      "SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
      "WHERE n.nspname = 'mains_ledger' AND c.relname = 'version'");
  if (!there) return fail(there);
  if (there->integer(0, 0) == 0) return std::int64_t{0};
  auto version = connection.ask("SELECT max(number) FROM mains_ledger.version");
  if (!version) return fail(version);
  return version->integer(0, 0);
}

Stored<base::Done> create(postgres::Connection& connection) {
  connection.queue("CREATE SCHEMA IF NOT EXISTS mains_ledger");
  connection.queue("SET LOCAL search_path = mains_ledger");
  for (const std::string& sql : tables) {
    connection.queue(sql);
  }
  for (const std::string& table : guarded) {
    connection.queue("CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON " + table +
                     " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()");
  }
  for (const std::string& sql : new_in_version_2) {
    connection.queue(sql);
  }
  connection.queue("COMMIT");
  auto done = connection.run();
  if (!done) return fail(done);
  return base::Done{};
}

/// From version 1. A server of that version would go on writing without the new sums, so none may
/// be there.
Stored<base::Done> bring_up_to_date(postgres::Connection& connection) {
  connection.queue("SET LOCAL search_path = mains_ledger");
  connection.queue(
      std::string("SELECT count(*) FROM servers WHERE NOT pg_try_advisory_xact_lock(") + alive +
      ", id::integer)");
  auto others = connection.run();
  if (!others) return fail(others);
  if (others->back().integer(0, 0) != 0) {
    auto ended = connection.ask("ROLLBACK");
    return base::Fail{ended ? StoreError::busy : error_of(ended.error())};
  }
  for (const std::string& sql : new_in_version_2) {
    connection.queue(sql);
  }
  connection.queue("UPDATE version SET number = " + std::to_string(schema_version));
  connection.queue("COMMIT");
  auto done = connection.run();
  if (!done) return fail(done);
  return base::Done{};
}

}  // namespace

Stored<base::Done> ensure_schema(postgres::Connection& connection, bool may_create) {
  auto version = version_of(connection);
  if (version && ((*version == 0 && may_create) || *version == 1)) {
    connection.queue("BEGIN");
    connection.queue(take_turns);
    auto begun = connection.run();
    if (!begun) return fail(begun);
    version = version_of(connection);  // another server may have made them meanwhile
    if (version && *version == 0) return create(connection);
    if (version && *version == 1) return bring_up_to_date(connection);
    auto ended = connection.ask("COMMIT");
    if (!ended) return fail(ended);
  }
  if (!version) return base::Fail{version.error()};
  if (*version == schema_version) return base::Done{};
  // A database that was emptied is not filled anew behind the operator's back.
  if (*version == 0) return base::Fail{StoreError::corrupt};
  return base::Fail{*version > schema_version ? StoreError::newer_schema
                                              : StoreError::older_schema};
}

Stored<base::Done> expect_schema(postgres::Connection& connection) {
  auto version = version_of(connection);
  if (!version) return base::Fail{version.error()};
  if (*version == schema_version) return base::Done{};
  return base::Fail{*version > schema_version ? StoreError::newer_schema
                                              : StoreError::older_schema};
}

}  // namespace store::pg

#include "pg/writer.hpp"

#include <utility>

#include "pg/rows.hpp"
#include "pg/schema.hpp"

namespace store::pg {

using ledger::StoreError;

namespace {

std::string select(const std::string& columns, const std::string& rest) {
  return "SELECT " + columns + " FROM " + rest;
}

/// The ids of $1 and those that the open holds of the requests $2 have.
std::string own_and_held(const std::string& column) {
  return "= ANY (ARRAY(SELECT unnest($1::bigint[]) UNION SELECT " + column +
         " FROM holds WHERE request = ANY ($2::uuid[])))";
}

std::string put(const std::string& table, const char* columns, std::string_view types,
                const std::string& key, const std::string& changes) {
  return insert_sql(table, columns, types) + " ON CONFLICT (" + key + ") DO UPDATE SET " + changes;
}

std::string lease_sql(Query query) {
  const std::string later = "clock_timestamp() + $2::bigint * interval '1 millisecond'";
  switch (query) {
    case Query::keep_lease:
      // Not in every transaction: a third of the lease is enough.
      return "UPDATE servers SET expires_at = " + later + " WHERE id = $1 AND expires_at < " +
             "clock_timestamp() + $2::bigint * interval '0.66 millisecond'";
    case Query::know_server: return "SELECT 1 FROM servers WHERE id = $1";
    case Query::join:
      return "INSERT INTO servers (home, expires_at) VALUES ($1::uuid, " + later + ") RETURNING id";
    case Query::be_alive:
      return std::string("SELECT pg_try_advisory_lock(") + alive + ", $1::bigint::integer)";
    case Query::bury_predecessors:
      // The lock of one that lives is not free, even if somebody has copied its data folder.
      return std::string(
                 "UPDATE servers SET expires_at = '-infinity' WHERE home = $1::uuid AND "
                 "id <> $2 AND pg_try_advisory_xact_lock(") +
             alive + ", id::integer)";
    case Query::lapsed:
      // After an outage all leases have run out: everybody gets the time to renew first.
      return "SELECT id FROM servers WHERE id <> $3 AND (expires_at = '-infinity' OR (expires_at < "
             "clock_timestamp() AND $1::bigint + 1000 * $2::bigint < "
             "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint)) ORDER BY id";
    default: return "DELETE FROM servers WHERE id = ANY ($1::bigint[])";
  }
}

std::string read_sql(Query query) {
  using enum Query;
  switch (query) {
    case lock_house: return select(house_columns, "house WHERE id = 1 FOR UPDATE");
    case get_holds: return select(hold_columns, "holds WHERE request = ANY ($1::uuid[])");
    case get_receipts:
      return select(receipt_columns,
                    std::string(receipt_tables) + " WHERE r.id = ANY ($1::uuid[])");
    case get_voids: return select("request", "voids WHERE request = ANY ($1::uuid[])");
    case get_top_ups:
      return select(posting_columns, "postings WHERE kind <= 2 AND request = ANY ($1::uuid[])");
    case get_claims:
      return "SELECT c.tenant, c.key, c.request FROM " + Columns::unnest("nb") +
             " AS w (tenant, key) JOIN claims AS c ON c.tenant = w.tenant AND c.key = w.key";
    case get_tenants: return select(tenant_columns, "tenants WHERE id " + own_and_held("tenant"));
    case get_keys: return select(key_columns, "keys WHERE id " + own_and_held("key"));
    case get_months:
      return select(month_columns, "months WHERE key " + own_and_held("key") + " AND month >= $3");
    case get_documents: return select(leaf_columns, "leaves WHERE kind = 2 AND value = $1");
    case get_last_leaf: return "SELECT coalesce(max(id), -1) FROM leaves";
    case get_pruned: return select(pruned_columns, "pruned WHERE tenant = $1");
    case oldest_receipts:
      return select(receipt_columns, std::string(receipt_tables) +
                                         " WHERE r.tenant = $1 AND r.sequence > $2 "
                                         "ORDER BY r.sequence LIMIT $3");
    case get_artefacts:
      return "SELECT id FROM artefacts WHERE weights = $1 AND tokenizer = $2 AND "
             "price_list_hash = $3";
    default:
      return select(hold_columns,
                    "holds WHERE ($1::bigint = 0 OR server = $1) AND request > $2::uuid "
                    "ORDER BY request LIMIT $3");
  }
}

std::string write_sql(Query query) {
  using enum Query;
  switch (query) {
    case put_house: return "UPDATE house SET revenue = $1, outside = $2, leaves = $3 WHERE id = 1";
    case put_tenants:
      return put("tenants", tenant_columns, tenant_types, "id",
                 "available = excluded.available, held = excluded.held, "
                 "sequence = excluded.sequence, chain = excluded.chain, "
                 "credited = excluded.credited");
    case put_keys:
      return put("keys", key_columns, key_types, "id",
                 "open = excluded.open, requests = excluded.requests, tokens = excluded.tokens");
    case put_months:
      return put("months", month_columns, month_types, "key, month",
                 "spent = excluded.spent, held = excluded.held");
    case insert_holds: return insert_sql("holds", hold_columns, hold_types);
    case remove_holds: return "DELETE FROM holds WHERE request = ANY ($1::uuid[])";
    case insert_claims: return insert_sql("claims", "tenant, key, request", "nbu");
    case remove_claims:
      return "DELETE FROM claims AS c USING " + Columns::unnest("nb") +
             " AS w (tenant, key) WHERE c.tenant = w.tenant AND c.key = w.key";
    case insert_postings: return insert_sql("postings", posting_columns, posting_types);
    case insert_receipts: return insert_sql("receipts", receipt_own_columns, receipt_own_types);
    case insert_voids: return insert_sql("voids", void_columns, void_types);
    case insert_leaves: return insert_sql("leaves", leaf_columns, leaf_types);
    case put_pruned:
      return put("pruned", pruned_columns, pruned_types, "tenant",
                 "sequence = excluded.sequence, logged = excluded.logged, "
                 "tokens = excluded.tokens, charge = excluded.charge, time = excluded.time, "
                 "chain = excluded.chain");
    case remove_receipts:
      return "DELETE FROM receipts AS r USING " + Columns::unnest("nn") +
             " AS w (tenant, sequence) WHERE r.tenant = w.tenant AND r.sequence <= w.sequence";
    case add_months:
      return put("tenant_months AS m", "tenant, month, credited, charged", "nnnn", "tenant, month",
                 "credited = m.credited + excluded.credited, "
                 "charged = m.charged + excluded.charged");
    case insert_artefacts:
      return "INSERT INTO artefacts (weights, tokenizer, price_list_hash) VALUES ($1, $2, $3) "
             "RETURNING id";
    default:
      return put("usage_hours AS u",
                 "tenant, hour, key, model, price_list, requests, input, cached, output, charge",
                 "nnnnnnnnnn", "tenant, hour, key, model, price_list",
                 "requests = u.requests + excluded.requests, input = u.input + excluded.input, "
                 "cached = u.cached + excluded.cached, output = u.output + excluded.output, "
                 "charge = u.charge + excluded.charge");
  }
}

std::string sql_of(Query query) {
  using enum Query;
  if (query == begin) return "BEGIN";
  if (query == commit) return "COMMIT";
  if (query == rollback) return "ROLLBACK";
  if (query >= keep_lease && query <= forget) return lease_sql(query);
  const bool writes = query >= put_house && query != get_artefacts;
  return writes ? write_sql(query) : read_sql(query);
}

std::string name_of(Query query) {
  return "q" + std::to_string(static_cast<std::uint32_t>(query));
}

}  // namespace

Stored<std::unique_ptr<Writer>> Writer::open(const std::string& url, bool may_create,
                                             terms::ServerId server, const PostgresOptions& options,
                                             std::string* words) {
  auto connection = postgres::Connection::open(url, options.patience, words);
  if (!connection) return base::Fail{error_of(connection.error())};
  auto writer = std::make_unique<Writer>();
  writer->options_ = options;
  writer->server_ = server;
  writer->connection_ = std::move(connection).value();
  postgres::Connection& db = *writer->connection_;
  auto schema = ensure_schema(db, may_create);
  if (!schema) {
    if (words != nullptr) *words = db.words();
    return base::Fail{schema.error()};
  }
  db.queue("SET search_path = mains_ledger");
  // The tables are empty when their plans are made, and every statement finds its rows by key.
  db.queue("SET enable_seqscan = off");
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(Query::count_); ++i) {
    const auto query = static_cast<Query>(i);
    db.prepare(name_of(query).c_str(), sql_of(query));
  }
  db.queue("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
  auto ready = writer->run();
  if (ready) {
    writer->opened_us_ = ready->back().integer(0, 0);
    if (!server.valid()) return writer;
    // Not being given it means that the session before this one is not quite gone.
    auto lives = writer->ask(Query::be_alive, Parameters().add(server.value));
    if (lives) return writer;
  }
  if (words != nullptr) *words = db.words();
  return base::Fail{StoreError::io};
}

void Writer::queue(Query query, const Parameters& parameters) {
  connection_->queue_prepared(name_of(query).c_str(), parameters);
}

Stored<std::vector<Rows>> Writer::run() {
  auto answers = connection_->run();
  if (!answers) return base::Fail{error_of(answers.error())};
  return std::move(answers).value();
}

Stored<Rows> Writer::ask(Query query, const Parameters& parameters) {
  queue(query, parameters);
  auto answers = run();
  if (!answers) return base::Fail{answers.error()};
  return std::move(answers->front());
}

Stored<ledger::HouseRow> Writer::begin() {
  queue(Query::begin);
  queue(Query::lock_house);
  queue(Query::keep_lease, Parameters().add(server_.value).add(options_.lease_ms));
  queue(Query::know_server, Parameters().add(server_.value));
  auto answers = run();
  if (!answers) {
    rollback();
    return base::Fail{answers.error()};
  }
  if ((*answers)[1].empty()) {
    rollback();
    return base::Fail{StoreError::corrupt};
  }
  if ((*answers)[3].empty()) {
    auto joined = join();
    if (!joined) {
      rollback();
      return base::Fail{joined.error()};
    }
  }
  return read_house((*answers)[1], 0);
}

/// A server that is new, or was taken for dead and has lost its holds: from here on another one.
Stored<base::Done> Writer::join() {
  auto id = ask(Query::join, home().add(options_.lease_ms));
  if (!id) return base::Fail{id.error()};
  server_ = {id->number(0, 0)};
  auto lives = ask(Query::be_alive, Parameters().add(server_.value));
  if (!lives) return base::Fail{lives.error()};
  return base::Done{};
}

Parameters Writer::home() const {
  if (!options_.home.valid()) return Parameters().add_none(postgres::Type::uuid);
  return Parameters().add(bytes_of(options_.home.high, options_.home.low), postgres::Type::uuid);
}

Stored<Rows> Writer::lapsed() {
  queue(Query::bury_predecessors, home().add(server_.value));
  queue(Query::lapsed, Parameters().add(opened_us_).add(options_.lease_ms).add(server_.value));
  auto answers = run();
  if (!answers) return base::Fail{answers.error()};
  return std::move(answers->back());
}

void Writer::rollback() {
  if (!failed() && !ask(Query::rollback)) {
    connection_->mark_failed();
  }
}

}  // namespace store::pg

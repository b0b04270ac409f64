#include <string>

#include "sqlite/rows.hpp"
#include "sqlite/schema.hpp"
#include "sqlite/txn.hpp"

namespace store::sqlite {
namespace {

std::string marks(int count) {
  std::string text = " VALUES (?";
  for (int i = 1; i < count; ++i) {
    text += ", ?";
  }
  return text + ")";
}

std::string sum_sql_of(Query query) {
  if (query == Query::add_month) {
    return "INSERT INTO tenant_months (tenant, month, credited, charged)" + marks(4) +
           " ON CONFLICT DO UPDATE SET credited = credited + excluded.credited, "
           "charged = charged + excluded.charged";
  }
  return "INSERT INTO usage_hours (tenant, hour, key, model, price_list, requests, input, "
         "cached, output, charge)" +
         marks(10) +
         " ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, "
         "input = input + excluded.input, cached = cached + excluded.cached, "
         "output = output + excluded.output, charge = charge + excluded.charge";
}

std::string prune_sql_of(Query query) {
  switch (query) {
    case Query::get_pruned:
      return std::string("SELECT ") + pruned_columns + " FROM pruned WHERE tenant = ?";
    case Query::put_pruned:
      return std::string("INSERT INTO pruned (") + pruned_columns + ")" + marks(7) +
             " ON CONFLICT (tenant) DO UPDATE SET sequence = excluded.sequence, "
             "logged = excluded.logged, tokens = excluded.tokens, charge = excluded.charge, "
             "time = excluded.time, chain = excluded.chain";
    case Query::oldest_receipts:
      return std::string("SELECT ") + receipt_columns + " FROM " + receipt_tables +
             " WHERE r.tenant = ?1 AND r.sequence > "
             "ifnull((SELECT sequence FROM pruned WHERE tenant = ?1), 0) "
             "ORDER BY r.tenant, r.sequence LIMIT ?2";
    default: return "DELETE FROM receipts WHERE tenant = ? AND sequence <= ?";
  }
}

std::string sql_of(Query query) {
  using enum Query;
  if (query >= get_pruned) return prune_sql_of(query);
  const std::string holds = hold_columns;
  const std::string postings = posting_columns;
  switch (query) {
    case begin: return "BEGIN IMMEDIATE";
    case commit: return "COMMIT";
    case rollback: return "ROLLBACK";
    case get_house: return std::string("SELECT ") + house_columns + " FROM house WHERE id = 1";
    case put_house:
      return std::string("INSERT INTO house (id, ") + house_columns +
             ") VALUES (1, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET revenue = excluded.revenue, "
             "outside = excluded.outside, leaves = excluded.leaves";
    case get_tenant: return std::string("SELECT ") + tenant_columns + " FROM tenants WHERE id = ?";
    case put_tenant:
      return std::string("INSERT INTO tenants (id, ") + tenant_columns + ")" + marks(6) +
             " ON CONFLICT (id) DO UPDATE SET available = excluded.available, "
             "held = excluded.held, sequence = excluded.sequence, chain = excluded.chain, "
             "credited = excluded.credited";
    case get_key: return "SELECT open, requests, tokens FROM keys WHERE id = ?";
    case put_key:
      return "INSERT INTO keys (id, open, requests, tokens) VALUES (?, ?, ?, ?) ON CONFLICT (id) "
             "DO UPDATE SET open = excluded.open, requests = excluded.requests, "
             "tokens = excluded.tokens";
    case get_month: return "SELECT spent, held FROM months WHERE key = ? AND month = ?";
    case put_month:
      return "INSERT INTO months (key, month, spent, held) VALUES (?, ?, ?, ?) "
             "ON CONFLICT (key, month) DO UPDATE SET spent = excluded.spent, held = excluded.held";
    case get_hold: return "SELECT " + holds + " FROM holds WHERE request = ?";
    case insert_hold: return "INSERT INTO holds (" + holds + ")" + marks(hold_column_count);
    case remove_hold: return "DELETE FROM holds WHERE request = ?";
    case open_holds:
      return "SELECT " + holds +
             " FROM holds WHERE (?1 = 0 OR server = ?1) AND request > ?2 ORDER BY request LIMIT ?3";
    case get_claim: return "SELECT request FROM claims WHERE tenant = ? AND key = ?";
    case insert_claim: return "INSERT INTO claims (tenant, key, request) VALUES (?, ?, ?)";
    case remove_claim: return "DELETE FROM claims WHERE tenant = ? AND key = ?";
    case insert_posting: return "INSERT INTO postings (" + postings + ")" + marks(8);
    case top_up: return "SELECT " + postings + " FROM postings WHERE request = ? AND kind <= 2";
    case insert_void: return "INSERT INTO voids (request, tenant, time) VALUES (?, ?, ?)";
    case get_void: return "SELECT 1 FROM voids WHERE request = ?";
    case insert_receipt:
      return "INSERT INTO receipts (tenant, time, sequence, id, key, model, price_list, "
             "price_input, price_cached, price_output, artefacts, output, previous, held_at, "
             "charge, balance_after, input, cached, output_tokens, end_reason, account, credited, "
             "salt, leaf)" +
             marks(24);
    case get_receipt:
      return std::string("SELECT ") + receipt_columns + " FROM " + receipt_tables +
             " WHERE r.id = ?";
    case get_artefacts:
      return "SELECT id FROM artefacts WHERE weights = ? AND tokenizer = ? AND "
             "price_list_hash = ?";
    case insert_artefacts:
      return "INSERT INTO artefacts (weights, tokenizer, price_list_hash) VALUES (?, ?, ?) "
             "RETURNING id";
    case insert_leaf: return std::string("INSERT INTO leaves (") + leaf_columns + ")" + marks(3);
    case get_document:
      return std::string("SELECT ") + leaf_columns + " FROM leaves WHERE kind = 2 AND value = ?";
    case add_usage:
    case add_month: return sum_sql_of(query);
    default: break;
  }
  return {};
}

}  // namespace

Stored<std::unique_ptr<Writer>> Writer::open(const std::filesystem::path& file, Mode mode,
                                             const SqliteOptions& options) {
  auto connection = Connection::open(file, mode, options);
  if (!connection) return base::Fail{connection.error()};
  auto writer = std::make_unique<Writer>();
  writer->connection_ = std::move(connection).value();
  const Connection& db = *writer->connection_;
  auto set_up = set_up_writer(db, options);
  if (!set_up) return base::Fail{set_up.error()};
  auto schema = ensure_schema(db, mode == Mode::create);
  if (!schema) return base::Fail{schema.error()};
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(Query::count_); ++i) {
    Statement statement(db.handle(), sql_of(static_cast<Query>(i)).c_str());
    if (!statement.ready()) {
      return base::Fail{error_of(sqlite3_errcode(db.handle()))};
    }
    writer->statements_[i] = std::move(statement);
  }
  return writer;
}

}  // namespace store::sqlite

// The writing half of a transaction: everything in one round trip.
#include "pg/txn.hpp"

namespace store::pg {

using ledger::StoreError;

Stored<base::Done> PgTxn::forget(terms::ServerId server) {
  forgotten_.push_back(server);
  return good(true);
}

void PgTxn::queue_table(Query query, const Columns& columns) {
  if (!columns.empty()) writer_.queue(query, columns.parameters());
}

void PgTxn::queue_rows() {
  if (house_written_) {
    writer_.queue(
        Query::put_house,
        Parameters().add(house_.revenue.value).add(house_.outside.value).add(house_.leaves));
  }
  Columns tenants(tenant_types);
  for (const auto& [id, cell] : tenants_.cells) {
    if (cell.written) add_tenant(tenants, id, cell.row);
  }
  queue_table(Query::put_tenants, tenants);
  Columns keys(key_types);
  for (const auto& [id, cell] : keys_.cells) {
    if (cell.written) {
      keys.add(id.value).add(cell.row.open).add(cell.row.requests).add(cell.row.tokens);
    }
  }
  queue_table(Query::put_keys, keys);
  Columns months(month_types);
  for (const auto& [id, cell] : months_.cells) {
    if (cell.written) {
      months.add(id.first.value).add(std::int64_t{id.second.value});
      months.add(cell.row.spent.value).add(cell.row.held.value);
    }
  }
  queue_table(Query::put_months, months);
}

void PgTxn::queue_holds() {
  Columns removed("u");
  for (const terms::RequestId request : removed_holds_) {
    removed.add(request);
  }
  queue_table(Query::remove_holds, removed);
  Columns inserted(hold_types);
  for (const auto& [request, cell] : holds_.cells) {
    if (cell.written && cell.row) add_hold(inserted, *cell.row);
  }
  queue_table(Query::insert_holds, inserted);
}

void PgTxn::queue_claims() {
  Columns removed("nb");
  for (const auto& [tenant, key] : removed_claims_) {
    removed.add(tenant.value).add_always(key);
  }
  queue_table(Query::remove_claims, removed);
  Columns inserted("nbu");
  for (const auto& [id, cell] : claims_.cells) {
    if (cell.written && cell.row) inserted.add(id.first.value).add_always(id.second).add(*cell.row);
  }
  queue_table(Query::insert_claims, inserted);
}

void PgTxn::queue_usage() {
  Columns usage(hour_types);
  for (const auto& [key, sum] : usage_) {
    const auto& [tenant, hour, api_key, model, price_list] = key;
    usage.add(tenant).add(hour).add(api_key).add(model).add(price_list);
    usage.add(sum.requests).add(sum.input).add(sum.cached).add(sum.output).add(sum.charge);
  }
  queue_table(Query::add_usage, usage);
  Columns months("nnnn");
  for (const auto& [key, sum] : tenant_months_) {
    months.add(key.first.value).add(std::int64_t{key.second.value});
    months.add(sum.credited.value).add(sum.charged.value);
  }
  queue_table(Query::add_months, months);
}

/// The mark first: only what is behind it may go.
void PgTxn::queue_pruned() {
  Columns marks(pruned_types);
  Columns gone("nn");
  for (const auto& [tenant, cell] : pruned_.cells) {
    if (!cell.written) continue;
    add_pruned(marks, tenant, cell.row);
    gone.add(tenant.value).add(cell.row.sequence);
  }
  queue_table(Query::put_pruned, marks);
  queue_table(Query::remove_receipts, gone);
}

Stored<base::Done> PgTxn::commit() {
  if (broken_ || !open_) return base::Fail{StoreError::corrupt};
  queue_rows();
  queue_holds();
  queue_claims();
  queue_table(Query::insert_postings, new_postings_);
  queue_table(Query::insert_receipts, new_receipts_);
  queue_table(Query::insert_voids, new_voids_);
  queue_table(Query::insert_leaves, new_leaves_);
  queue_usage();
  queue_pruned();
  Columns forgotten("n");
  for (const terms::ServerId server : forgotten_) {
    forgotten.add(server.value);
  }
  queue_table(Query::forget, forgotten);
  writer_.queue(Query::commit);
  auto answers = writer_.run();
  if (!answers) {
    broken_ = true;
    return base::Fail{answers.error()};
  }
  // A transaction in which something went wrong answers ROLLBACK, and is none the less over.
  open_ = false;
  if (answers->back().tag() != "COMMIT") return base::Fail{StoreError::io};
  writer_.artefacts().merge(new_artefacts_);
  return base::Done{};
}

}  // namespace store::pg

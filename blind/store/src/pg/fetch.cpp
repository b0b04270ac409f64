// The reading half of a transaction.
#include "pg/txn.hpp"

#include <algorithm>

namespace store::pg {

Stored<base::Done> PgTxn::fetch(const std::vector<Asked>& asked) {
  if (broken_) return base::Fail{ledger::StoreError::io};
  for (const Asked& one : asked) {
    writer_.queue(one.query, one.parameters);
  }
  auto answers = writer_.run();
  if (!answers) {
    broken_ = true;
    return base::Fail{answers.error()};
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    (this->*asked[i].learn)((*answers)[i]);
  }
  return base::Done{};
}

Stored<base::Done> PgTxn::expect(const ledger::Expected& expected) {
  postgres::Array requests(postgres::Type::uuid);
  for (const terms::RequestId id : expected.requests) {
    requests.add(bytes_of(id.high, id.low));
  }
  postgres::Array tenants(postgres::Type::int8);
  for (const terms::TenantId id : expected.tenants) {
    tenants.add(id.value);
  }
  postgres::Array keys(postgres::Type::int8);
  for (const terms::KeyId id : expected.keys) {
    keys.add(id.value);
  }
  std::vector<Asked> asked = {
      {Query::get_tenants, Parameters().add(tenants).add(requests), &PgTxn::learn_tenants},
      {Query::get_keys, Parameters().add(keys).add(requests), &PgTxn::learn_keys},
      {Query::get_months,
       Parameters().add(keys).add(requests).add(std::int64_t{expected.month_from.value}),
       &PgTxn::learn_months},
      {Query::get_last_leaf, {}, &PgTxn::learn_last_leaf}};
  if (!requests.empty()) {
    asked.push_back({Query::get_holds, Parameters().add(requests), &PgTxn::learn_holds});
    asked.push_back({Query::get_receipts, Parameters().add(requests), &PgTxn::learn_receipts});
    asked.push_back({Query::get_voids, Parameters().add(requests), &PgTxn::learn_voids});
  }
  Columns claims("nb");
  for (const auto& [tenant, key] : expected.claims) {
    claims.add(tenant.value).add_always(key);
  }
  if (!claims.empty()) {
    asked.push_back({Query::get_claims, claims.parameters(), &PgTxn::learn_claims});
  }
  Columns top_ups("u");
  for (const terms::RequestId id : expected.top_ups) {
    top_ups.add(id);
  }
  if (!top_ups.empty()) {
    asked.push_back({Query::get_top_ups, top_ups.parameters(), &PgTxn::learn_top_ups});
  }
  auto fetched = fetch(asked);
  if (fetched) learn_what_is_not_there(expected);
  return fetched;
}

void PgTxn::learn_what_is_not_there(const ledger::Expected& expected) {
  for (const terms::RequestId id : expected.requests) {
    holds_.learn(id, std::nullopt);
    receipts_.learn(id, std::nullopt);
    voids_.learn(id, std::nullopt);
  }
  for (const terms::RequestId id : expected.top_ups) {
    top_ups_.learn(id, std::nullopt);
  }
  for (const auto& claim : expected.claims) {
    claims_.learn(claim, std::nullopt);
  }
  for (const terms::TenantId id : expected.tenants) {
    tenants_.learn(id, {});
  }
  for (const terms::KeyId id : expected.keys) {
    keys_.learn(id, {});
    // The month of now; of other months there are few.
    months_.learn({id, {expected.month_from.value + 1}}, {});
  }
}

void PgTxn::learn_holds(const Rows& rows) {
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const ledger::HoldRow row = read_hold(rows, i);
    holds_.learn(row.request, row);
  }
}

void PgTxn::learn_receipts(const Rows& rows) {
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const ledger::Receipt receipt = read_receipt(rows, i);
    receipts_.learn(receipt.id, receipt);
  }
}

void PgTxn::learn_voids(const Rows& rows) {
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const terms::RequestId request = wide_id(rows, i, 0);
    voids_.learn(request, ledger::VoidRow{request, {}, {}});
  }
}

void PgTxn::learn_top_ups(const Rows& rows) {
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const ledger::Posting posting = read_posting(rows, i);
    top_ups_.learn(posting.request, posting);
  }
}

void PgTxn::learn_claims(const Rows& rows) {
  for (std::size_t i = 0; i < rows.count(); ++i) {
    claims_.learn({{rows.number(i, 0)}, digest(rows, i, 1)}, wide_id(rows, i, 2));
  }
}

void PgTxn::learn_tenants(const Rows& rows) {
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const ledger::TenantEntry entry = read_tenant(rows, i);
    tenants_.learn(entry.tenant, entry.row);
  }
}

void PgTxn::learn_keys(const Rows& rows) {
  for (std::size_t i = 0; i < rows.count(); ++i) {
    keys_.learn({rows.number(i, 0)}, {rows.number(i, 1), window(rows, i, 2), window(rows, i, 3)});
  }
}

void PgTxn::learn_months(const Rows& rows) {
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const ledger::Month month{static_cast<std::int32_t>(rows.integer(i, 1))};
    months_.learn({{rows.number(i, 0)}, month}, {{rows.integer(i, 2)}, {rows.integer(i, 3)}});
  }
}

void PgTxn::learn_documents(const Rows& rows) {
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const ledger::LeafRow leaf = read_leaf(rows, i);
    documents_.learn(leaf.value, leaf);
  }
}

void PgTxn::learn_last_leaf(const Rows& rows) {
  if (!last_leaf_) last_leaf_ = rows.integer(0, 0);
}

void PgTxn::learn_pruned(const Rows& rows) {
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const ledger::PrunedEntry entry = read_pruned(rows, i);
    pruned_.learn(entry.tenant, entry.row);
  }
}

Stored<std::vector<ledger::Receipt>> PgTxn::oldest_receipts(terms::TenantId tenant,
                                                            std::uint32_t limit) {
  auto mark = pruned(tenant);
  if (!mark) return base::Fail{mark.error()};
  auto rows = writer_.ask(Query::oldest_receipts,
                          Parameters().add(tenant.value).add(mark->sequence).add(limit));
  if (!rows) {
    broken_ = true;
    return base::Fail{rows.error()};
  }
  std::vector<ledger::Receipt> receipts;
  for (std::size_t i = 0; i < rows->count(); ++i) {
    receipts.push_back(read_receipt(*rows, i));
  }
  for (const auto& [id, cell] : receipts_.cells) {  // its own, which are not written yet
    const bool own = cell.written && cell.row && cell.row->tenant == tenant;
    if (own && cell.row->sequence > mark->sequence) receipts.push_back(*cell.row);
  }
  std::sort(receipts.begin(), receipts.end(),
            [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
  receipts.resize(std::min<std::size_t>(receipts.size(), limit));
  return receipts;
}

Stored<std::vector<terms::ServerId>> PgTxn::lapsed_servers() {
  auto rows = writer_.lapsed();
  if (!rows) {
    broken_ = true;
    return base::Fail{rows.error()};
  }
  std::vector<terms::ServerId> servers;
  for (std::size_t i = 0; i < rows->count(); ++i) {
    servers.push_back({rows->number(i, 0)});
  }
  return servers;
}

}  // namespace store::pg

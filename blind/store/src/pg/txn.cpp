#include "pg/txn.hpp"

#include <ledger/month.hpp>

namespace store::pg {
namespace {

using ledger::StoreError;

Parameters one(terms::RequestId id) {
  return Columns("u").add(id).parameters();
}

Parameters id_and_no_holds(std::uint64_t id) {
  return Columns("n").add(id).parameters().add(postgres::Array(postgres::Type::uuid));
}

}  // namespace

PgTxn::~PgTxn() {
  if (open_) writer_.rollback();
}

Stored<base::Done> PgTxn::good(bool holds) {
  if (holds && !broken_) return base::Done{};
  broken_ = true;
  return base::Fail{StoreError::corrupt};
}

Stored<ledger::HouseRow> PgTxn::house() {
  return house_;
}

Stored<ledger::TenantRow> PgTxn::tenant(terms::TenantId id) {
  if (tenants_.find(id) == nullptr) {
    auto fetched = fetch({{Query::get_tenants, id_and_no_holds(id.value), &PgTxn::learn_tenants}});
    if (!fetched) return base::Fail{fetched.error()};
    tenants_.learn(id, {});
  }
  return *tenants_.find(id);
}

Stored<ledger::KeyRow> PgTxn::key(terms::KeyId id) {
  if (keys_.find(id) == nullptr) {
    auto fetched = fetch({{Query::get_keys, id_and_no_holds(id.value), &PgTxn::learn_keys}});
    if (!fetched) return base::Fail{fetched.error()};
    keys_.learn(id, {});
  }
  return *keys_.find(id);
}

Stored<ledger::MonthRow> PgTxn::month(terms::KeyId key, ledger::Month month) {
  if (months_.find({key, month}) == nullptr) {
    auto fetched =
        fetch({{Query::get_months, id_and_no_holds(key.value).add(std::int64_t{month.value}),
                &PgTxn::learn_months}});
    if (!fetched) return base::Fail{fetched.error()};
    months_.learn({key, month}, {});
  }
  return *months_.find({key, month});
}

Stored<base::Done> PgTxn::put(const ledger::HouseRow& row) {
  house_ = row;
  house_written_ = true;
  return good(row.revenue.value >= 0 && row.outside.value <= 0);
}

Stored<base::Done> PgTxn::put(terms::TenantId id, const ledger::TenantRow& row) {
  tenants_.write(id, row);
  return good(row.available.value >= 0 && row.held.value >= 0 && row.credited.value >= 0);
}

Stored<base::Done> PgTxn::put(terms::KeyId id, const ledger::KeyRow& row) {
  keys_.write(id, row);
  return good(true);
}

Stored<base::Done> PgTxn::put(terms::KeyId key, ledger::Month month, const ledger::MonthRow& row) {
  months_.write({key, month}, row);
  return good(row.spent.value >= 0 && row.held.value >= 0);
}

Stored<std::optional<ledger::HoldRow>> PgTxn::hold(terms::RequestId request) {
  if (holds_.find(request) == nullptr) {
    auto fetched = fetch({{Query::get_holds, one(request), &PgTxn::learn_holds}});
    if (!fetched) return base::Fail{fetched.error()};
    holds_.learn(request, std::nullopt);
  }
  return *holds_.find(request);
}

Stored<base::Done> PgTxn::insert(const ledger::HoldRow& row) {
  auto there = hold(row.request);
  if (!there) return base::Fail{there.error()};
  auto allowed = good(!there->has_value() && row.amount.value >= 0);
  if (allowed) holds_.write(row.request, row);
  return allowed;
}

Stored<base::Done> PgTxn::remove_hold(terms::RequestId request) {
  // One that this very transaction has made was never written.
  const auto known = holds_.cells.find(request);
  if (known == holds_.cells.end() || !known->second.written) removed_holds_.push_back(request);
  holds_.write(request, std::nullopt);
  return good(true);
}

Stored<std::vector<ledger::HoldRow>> PgTxn::open_holds(terms::ServerId server,
                                                       terms::RequestId after,
                                                       std::uint32_t limit) {
  // As many more as this transaction may have removed.
  const std::uint64_t most = limit + removed_holds_.size();
  Parameters parameters;
  parameters.add(server.value).add(bytes_of(after.high, after.low), postgres::Type::uuid).add(most);
  auto rows = writer_.ask(Query::open_holds, parameters);
  if (!rows) return base::Fail{rows.error()};
  learn_holds(*rows);
  std::vector<ledger::HoldRow> holds;
  std::map<terms::RequestId, ledger::HoldRow> found;
  for (std::size_t i = 0; i < rows->count(); ++i) {
    const ledger::HoldRow row = read_hold(*rows, i);
    found.emplace(row.request, row);
  }
  for (const auto& [request, cell] : holds_.cells) {
    if (!cell.written) continue;
    found.erase(request);
    if (cell.row && request > after && (!server.valid() || cell.row->server == server)) {
      found.emplace(request, *cell.row);
    }
  }
  for (auto at = found.begin(); at != found.end() && holds.size() < limit; ++at) {
    holds.push_back(at->second);
  }
  return holds;
}

Stored<std::optional<terms::RequestId>> PgTxn::claim(terms::TenantId tenant,
                                                     const terms::Digest& key) {
  if (claims_.find({tenant, key}) == nullptr) {
    auto fetched =
        fetch({{Query::get_claims, Columns("nb").add(tenant.value).add_always(key).parameters(),
                &PgTxn::learn_claims}});
    if (!fetched) return base::Fail{fetched.error()};
    claims_.learn({tenant, key}, std::nullopt);
  }
  return *claims_.find({tenant, key});
}

Stored<base::Done> PgTxn::insert_claim(terms::TenantId tenant, const terms::Digest& key,
                                       terms::RequestId request) {
  auto there = claim(tenant, key);
  if (!there) return base::Fail{there.error()};
  auto allowed = good(!there->has_value());
  if (allowed) claims_.write({tenant, key}, request);
  return allowed;
}

Stored<base::Done> PgTxn::remove_claim(terms::TenantId tenant, const terms::Digest& key) {
  const auto known = claims_.cells.find({tenant, key});
  if (known == claims_.cells.end() || !known->second.written) {
    removed_claims_.emplace_back(tenant, key);
  }
  claims_.write({tenant, key}, std::nullopt);
  return good(true);
}

template <class Row>
Stored<base::Done> PgTxn::insert_new(Known<terms::RequestId, std::optional<Row>>& known,
                                     terms::RequestId id, const Row& row) {
  auto allowed = good(!known.find(id)->has_value());
  if (allowed) known.write(id, row);
  return allowed;
}

Stored<base::Done> PgTxn::insert(const ledger::Posting& posting) {
  auto allowed = good(posting.amount.value > 0);
  if (!allowed) return allowed;
  if (posting.kind == ledger::PostingKind::credit || posting.kind == ledger::PostingKind::debit) {
    auto there = top_up(posting.request);
    if (!there) return base::Fail{there.error()};
    allowed = insert_new(top_ups_, posting.request, posting);
    if (!allowed) return allowed;
    const bool in = posting.kind == ledger::PostingKind::credit;
    const terms::TenantId tenant = in ? posting.to.tenant : posting.from.tenant;
    tenant_months_[{tenant, ledger::month_of(posting.time)}].credited.value +=
        in ? posting.amount.value : -posting.amount.value;
  }
  add_posting(new_postings_, posting);
  return base::Done{};
}

Stored<base::Done> PgTxn::insert(const ledger::Receipt& receipt) {
  auto there = this->receipt(receipt.id);
  if (!there) return base::Fail{there.error()};
  auto allowed = good(receipt.charge.value >= 0 && receipt.balance_after.value >= 0 &&
                      receipt.usage.cached <= receipt.usage.input);
  if (!allowed) return allowed;
  allowed = insert_new(receipts_, receipt.id, receipt);
  if (!allowed) return allowed;
  auto artefacts = artefacts_of(receipt);
  if (!artefacts) return base::Fail{artefacts.error()};
  add_receipt(new_receipts_, receipt, *artefacts);
  count_usage(receipt);
  return base::Done{};
}

Stored<base::Done> PgTxn::insert(const ledger::VoidRow& row) {
  auto there = is_voided(row.request);
  if (!there) return base::Fail{there.error()};
  auto allowed = insert_new(voids_, row.request, row);
  if (!allowed) return allowed;
  new_voids_.add(row.request).add(row.tenant.value).add(row.time.value);
  return base::Done{};
}

Stored<base::Done> PgTxn::insert(const ledger::LeafRow& row) {
  if (!last_leaf_) {
    auto fetched = fetch({{Query::get_last_leaf, {}, &PgTxn::learn_last_leaf}});
    if (!fetched) return fetched;
  }
  const auto index = static_cast<std::int64_t>(row.index);
  auto allowed = good(row.value.valid() && index > *last_leaf_);
  if (allowed && row.kind == ledger::LeafKind::document) {
    auto there = document(row.value);
    if (!there) return base::Fail{there.error()};
    allowed = good(!there->has_value());
    if (allowed) documents_.write(row.value, row);
  }
  if (!allowed) return allowed;
  last_leaf_ = index;
  new_leaves_.add(row.index).add(row.value).add(static_cast<std::uint32_t>(row.kind));
  return base::Done{};
}

Stored<std::optional<ledger::Receipt>> PgTxn::receipt(terms::RequestId id) {
  if (receipts_.find(id) == nullptr) {
    auto fetched = fetch({{Query::get_receipts, one(id), &PgTxn::learn_receipts}});
    if (!fetched) return base::Fail{fetched.error()};
    receipts_.learn(id, std::nullopt);
  }
  return *receipts_.find(id);
}

Stored<bool> PgTxn::is_voided(terms::RequestId request) {
  if (voids_.find(request) == nullptr) {
    auto fetched = fetch({{Query::get_voids, one(request), &PgTxn::learn_voids}});
    if (!fetched) return base::Fail{fetched.error()};
    voids_.learn(request, std::nullopt);
  }
  return voids_.find(request)->has_value();
}

Stored<std::optional<ledger::Posting>> PgTxn::top_up(terms::RequestId request) {
  if (top_ups_.find(request) == nullptr) {
    auto fetched = fetch({{Query::get_top_ups, one(request), &PgTxn::learn_top_ups}});
    if (!fetched) return base::Fail{fetched.error()};
    top_ups_.learn(request, std::nullopt);
  }
  return *top_ups_.find(request);
}

Stored<std::optional<ledger::LeafRow>> PgTxn::document(const terms::Digest& leaf_hash) {
  if (documents_.find(leaf_hash) == nullptr) {
    auto fetched = fetch(
        {{Query::get_documents, Parameters().add(bytes_of(leaf_hash)), &PgTxn::learn_documents}});
    if (!fetched) return base::Fail{fetched.error()};
    documents_.learn(leaf_hash, std::nullopt);
  }
  return *documents_.find(leaf_hash);
}

Stored<ledger::PrunedRow> PgTxn::pruned(terms::TenantId tenant) {
  if (pruned_.find(tenant) == nullptr) {
    auto fetched =
        fetch({{Query::get_pruned, Parameters().add(tenant.value), &PgTxn::learn_pruned}});
    if (!fetched) return base::Fail{fetched.error()};
    pruned_.learn(tenant, {});
  }
  return *pruned_.find(tenant);
}

Stored<base::Done> PgTxn::prune(terms::TenantId tenant, const ledger::PrunedRow& row) {
  auto before = pruned(tenant);
  if (!before) return base::Fail{before.error()};
  auto allowed = good(row.sequence > before->sequence && row.charge.value >= 0);
  if (allowed) pruned_.write(tenant, row);
  return allowed;
}

Stored<std::int64_t> PgTxn::artefacts_of(const ledger::Receipt& receipt) {
  const Artefacts artefacts{receipt.weights, receipt.tokenizer, receipt.price_list_hash};
  for (const auto* known : {&writer_.artefacts(), &new_artefacts_}) {
    if (const auto found = known->find(artefacts); found != known->end()) return found->second;
  }
  Parameters parameters;
  for (const terms::Digest& digest :
       {artefacts.weights, artefacts.tokenizer, artefacts.price_list}) {
    parameters.add(bytes_of(digest));
  }
  for (const Query query : {Query::get_artefacts, Query::insert_artefacts}) {
    auto rows = writer_.ask(query, parameters);
    if (!rows) {
      broken_ = true;
      return base::Fail{rows.error()};
    }
    if (!rows->empty()) return new_artefacts_[artefacts] = rows->integer(0, 0);
  }
  return base::Fail{StoreError::corrupt};
}

void PgTxn::count_usage(const ledger::Receipt& receipt) {
  const std::int64_t hour =
      ledger::floor_to(receipt.time, ledger::one_hour).value / ledger::one_hour.value;
  UsageSum& sum = usage_[{receipt.tenant.value, hour, receipt.key.value, receipt.model.value,
                          receipt.price_list.value}];
  sum.requests += 1;
  sum.input += receipt.usage.input.value;
  sum.cached += receipt.usage.cached.value;
  sum.output += receipt.usage.output.value;
  sum.charge += receipt.charge.value;
  tenant_months_[{receipt.tenant, ledger::month_of(receipt.time)}].charged.value +=
      receipt.charge.value;
}

}  // namespace store::pg

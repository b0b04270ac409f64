#include "sqlite/txn.hpp"

#include <algorithm>
#include <utility>

#include <ledger/month.hpp>

#include "sqlite/rows.hpp"

namespace store::sqlite {

template <class T>
Stored<T> SqliteTxn::seen(Stored<T> result) {
  if (!result) {
    writer_.mark_failed();
  }
  return result;
}

Stored<base::Done> SqliteTxn::run(Query query) {
  if (writer_.failed()) return base::Fail{ledger::StoreError::io};
  return seen(writer_[query].run());
}

Stored<bool> SqliteTxn::step(Query query) {
  if (writer_.failed()) return base::Fail{ledger::StoreError::io};
  return seen(writer_[query].step());
}

SqliteTxn::~SqliteTxn() {
  if (open_ && !writer_[Query::rollback].run()) {
    // SQLite has rolled back by itself after some errors; a new connection is clean in any case.
    writer_.mark_failed();
  }
}

Stored<ledger::HouseRow> SqliteTxn::house() {
  auto found = step(Query::get_house);
  if (!found) return base::Fail{found.error()};
  if (!*found) return ledger::HouseRow{};
  const Statement& s = writer_[Query::get_house];
  const Reset reset(s);
  return read_house(s);
}

Stored<base::Done> SqliteTxn::put(const ledger::HouseRow& row) {
  const Statement& s = writer_[Query::put_house];
  s.bind(1, row.revenue.value);
  s.bind(2, row.outside.value);
  s.bind(3, row.leaves);
  return run(Query::put_house);
}

Stored<ledger::TenantRow> SqliteTxn::tenant(terms::TenantId id) {
  const Statement& s = writer_[Query::get_tenant];
  s.bind(1, id.value);
  auto found = step(Query::get_tenant);
  if (!found) return base::Fail{found.error()};
  if (!*found) return ledger::TenantRow{};
  const Reset reset(s);
  return read_tenant(s, 0);
}

Stored<base::Done> SqliteTxn::put(terms::TenantId id, const ledger::TenantRow& row) {
  const Statement& s = writer_[Query::put_tenant];
  s.bind(1, id.value);
  s.bind(2, row.available.value);
  s.bind(3, row.held.value);
  s.bind(4, row.sequence);
  s.bind(5, row.chain);
  s.bind(6, row.credited.value);
  return run(Query::put_tenant);
}

Stored<ledger::KeyRow> SqliteTxn::key(terms::KeyId id) {
  const Statement& s = writer_[Query::get_key];
  s.bind(1, id.value);
  auto found = step(Query::get_key);
  if (!found) return base::Fail{found.error()};
  if (!*found) return ledger::KeyRow{};
  const Reset reset(s);
  return ledger::KeyRow{s.number(0), read_window(s, 1), read_window(s, 2)};
}

Stored<base::Done> SqliteTxn::put(terms::KeyId id, const ledger::KeyRow& row) {
  const Statement& s = writer_[Query::put_key];
  s.bind(1, id.value);
  s.bind(2, row.open);
  bind_window(s, 3, row.requests);
  bind_window(s, 4, row.tokens);
  return run(Query::put_key);
}

Stored<ledger::MonthRow> SqliteTxn::month(terms::KeyId key, ledger::Month month) {
  const Statement& s = writer_[Query::get_month];
  s.bind(1, key.value);
  s.bind(2, std::int64_t{month.value});
  auto found = step(Query::get_month);
  if (!found) return base::Fail{found.error()};
  if (!*found) return ledger::MonthRow{};
  const Reset reset(s);
  return ledger::MonthRow{{s.integer(0)}, {s.integer(1)}};
}

Stored<base::Done> SqliteTxn::put(terms::KeyId key, ledger::Month month,
                                  const ledger::MonthRow& row) {
  const Statement& s = writer_[Query::put_month];
  s.bind(1, key.value);
  s.bind(2, std::int64_t{month.value});
  s.bind(3, row.spent.value);
  s.bind(4, row.held.value);
  return run(Query::put_month);
}

Stored<std::optional<ledger::HoldRow>> SqliteTxn::hold(terms::RequestId request) {
  const Statement& s = writer_[Query::get_hold];
  s.bind(1, request);
  auto found = step(Query::get_hold);
  if (!found) return base::Fail{found.error()};
  if (!*found) return std::optional<ledger::HoldRow>{};
  const Reset reset(s);
  return std::optional{read_hold(s)};
}

Stored<base::Done> SqliteTxn::insert(const ledger::HoldRow& row) {
  bind_hold(writer_[Query::insert_hold], row);
  return run(Query::insert_hold);
}

Stored<base::Done> SqliteTxn::remove_hold(terms::RequestId request) {
  writer_[Query::remove_hold].bind(1, request);
  return run(Query::remove_hold);
}

Stored<std::vector<ledger::HoldRow>> SqliteTxn::open_holds(terms::ServerId server,
                                                           terms::RequestId after,
                                                           std::uint32_t limit) {
  const Statement& s = writer_[Query::open_holds];
  s.bind(1, server.value);
  s.bind(2, after);
  s.bind(3, limit);
  const Reset reset(s);
  std::vector<ledger::HoldRow> holds;
  for (;;) {
    auto found = step(Query::open_holds);
    if (!found) return base::Fail{found.error()};
    if (!*found) return holds;
    holds.push_back(read_hold(s));
  }
}

Stored<std::optional<terms::RequestId>> SqliteTxn::claim(terms::TenantId tenant,
                                                         const terms::Digest& key) {
  const Statement& s = writer_[Query::get_claim];
  s.bind(1, tenant.value);
  s.bind(2, key);
  auto found = step(Query::get_claim);
  if (!found) return base::Fail{found.error()};
  if (!*found) return std::optional<terms::RequestId>{};
  const Reset reset(s);
  return std::optional{s.wide_id(0)};
}

Stored<base::Done> SqliteTxn::insert_claim(terms::TenantId tenant, const terms::Digest& key,
                                           terms::RequestId request) {
  const Statement& s = writer_[Query::insert_claim];
  s.bind(1, tenant.value);
  s.bind(2, key);
  s.bind(3, request);
  return run(Query::insert_claim);
}

Stored<base::Done> SqliteTxn::remove_claim(terms::TenantId tenant, const terms::Digest& key) {
  const Statement& s = writer_[Query::remove_claim];
  s.bind(1, tenant.value);
  s.bind(2, key);
  return run(Query::remove_claim);
}

Stored<base::Done> SqliteTxn::insert(const ledger::Posting& posting) {
  bind_posting(writer_[Query::insert_posting], posting);
  const std::int32_t month = ledger::month_of(posting.time).value;
  if (posting.kind == ledger::PostingKind::credit) {
    months_[{posting.to.tenant.value, month}].credited += posting.amount.value;
  } else if (posting.kind == ledger::PostingKind::debit) {
    months_[{posting.from.tenant.value, month}].credited -= posting.amount.value;
  }
  return run(Query::insert_posting);
}

Stored<base::Done> SqliteTxn::insert(const ledger::VoidRow& row) {
  const Statement& s = writer_[Query::insert_void];
  s.bind(1, row.request);
  s.bind(2, row.tenant.value);
  s.bind(3, row.time.value);
  return run(Query::insert_void);
}

Stored<base::Done> SqliteTxn::insert(const ledger::LeafRow& row) {
  const Statement& s = writer_[Query::insert_leaf];
  s.bind(1, row.index);
  s.bind(2, row.value);
  s.bind(3, static_cast<std::uint32_t>(row.kind));
  return run(Query::insert_leaf);
}

Stored<std::optional<ledger::LeafRow>> SqliteTxn::document(const terms::Digest& leaf_hash) {
  const Statement& s = writer_[Query::get_document];
  s.bind(1, leaf_hash);
  auto found = step(Query::get_document);
  if (!found) return base::Fail{found.error()};
  if (!*found) return std::optional<ledger::LeafRow>{};
  const Reset reset(s);
  return std::optional{read_leaf(s)};
}

Stored<bool> SqliteTxn::is_voided(terms::RequestId request) {
  const Statement& s = writer_[Query::get_void];
  s.bind(1, request);
  const Reset reset(s);
  return step(Query::get_void);
}

Stored<std::optional<ledger::Posting>> SqliteTxn::top_up(terms::RequestId request) {
  const Statement& s = writer_[Query::top_up];
  s.bind(1, request);
  auto found = step(Query::top_up);
  if (!found) return base::Fail{found.error()};
  if (!*found) return std::optional<ledger::Posting>{};
  const Reset reset(s);
  return std::optional{read_posting(s)};
}

Stored<std::int64_t> SqliteTxn::artefacts_of(const ledger::Receipt& receipt) {
  const auto known =
      std::find_if(artefacts_.begin(), artefacts_.end(), [&receipt](const Artefacts& artefacts) {
        return artefacts.weights == receipt.weights && artefacts.tokenizer == receipt.tokenizer &&
               artefacts.price_list == receipt.price_list_hash;
      });
  if (known != artefacts_.end()) {
    return known->id;
  }
  for (const Query query : {Query::get_artefacts, Query::insert_artefacts}) {
    const Statement& s = writer_[query];
    s.bind_always(1, receipt.weights);
    s.bind_always(2, receipt.tokenizer);
    s.bind_always(3, receipt.price_list_hash);
    auto found = step(query);
    if (!found) return base::Fail{found.error()};
    if (*found) {
      const std::int64_t id = s.integer(0);
      auto ended = seen(s.run());  // to its end: nothing stays open across the commit
      if (!ended) return base::Fail{ended.error()};
      artefacts_.push_back({receipt.weights, receipt.tokenizer, receipt.price_list_hash, id});
      return id;
    }
  }
  return base::Fail{ledger::StoreError::corrupt};
}

Stored<base::Done> SqliteTxn::insert(const ledger::Receipt& receipt) {
  auto artefacts = artefacts_of(receipt);
  if (!artefacts) return base::Fail{artefacts.error()};
  bind_receipt(writer_[Query::insert_receipt], receipt, *artefacts);
  auto inserted = run(Query::insert_receipt);
  if (!inserted) return inserted;
  const std::int64_t hour =
      ledger::floor_to(receipt.time, ledger::one_hour).value / ledger::one_hour.value;
  UsageSum& sum = usage_[{receipt.tenant.value, hour, receipt.key.value, receipt.model.value,
                          receipt.price_list.value}];
  sum.requests += 1;
  sum.input += receipt.usage.input.value;
  sum.cached += receipt.usage.cached.value;
  sum.output += receipt.usage.output.value;
  sum.charge += receipt.charge.value;
  months_[{receipt.tenant.value, ledger::month_of(receipt.time).value}].charged +=
      receipt.charge.value;
  return base::Done{};
}

Stored<std::optional<ledger::Receipt>> SqliteTxn::receipt(terms::RequestId id) {
  const Statement& s = writer_[Query::get_receipt];
  s.bind(1, id);
  auto found = step(Query::get_receipt);
  if (!found) return base::Fail{found.error()};
  if (!*found) return std::optional<ledger::Receipt>{};
  const Reset reset(s);
  return std::optional{read_receipt(s)};
}

Stored<ledger::PrunedRow> SqliteTxn::pruned(terms::TenantId tenant) {
  const Statement& s = writer_[Query::get_pruned];
  s.bind(1, tenant.value);
  auto found = step(Query::get_pruned);
  if (!found) return base::Fail{found.error()};
  if (!*found) return ledger::PrunedRow{};
  const Reset reset(s);
  return read_pruned(s);
}

Stored<std::vector<ledger::Receipt>> SqliteTxn::oldest_receipts(terms::TenantId tenant,
                                                                std::uint32_t limit) {
  const Statement& s = writer_[Query::oldest_receipts];
  s.bind(1, tenant.value);
  s.bind(2, limit);
  const Reset reset(s);
  std::vector<ledger::Receipt> receipts;
  for (;;) {
    auto found = step(Query::oldest_receipts);
    if (!found) return base::Fail{found.error()};
    if (!*found) return receipts;
    receipts.push_back(read_receipt(s));
  }
}

Stored<base::Done> SqliteTxn::prune(terms::TenantId tenant, const ledger::PrunedRow& row) {
  bind_pruned(writer_[Query::put_pruned], tenant, row);
  auto marked = run(Query::put_pruned);
  if (!marked) return marked;
  // What goes is overwritten in the file as well. Not always: holds go with every request.
  auto wiping = seen(writer_.connection().execute("PRAGMA secure_delete = ON"));
  if (!wiping) return wiping;
  const Statement& s = writer_[Query::remove_receipts];
  s.bind(1, tenant.value);
  s.bind(2, row.sequence);
  auto removed = run(Query::remove_receipts);
  if (!removed) return removed;
  return seen(writer_.connection().execute("PRAGMA secure_delete = OFF"));
}

Stored<base::Done> SqliteTxn::write_usage() {
  const Statement& s = writer_[Query::add_usage];
  for (const auto& [key, sum] : usage_) {
    s.bind(1, key.tenant);
    s.bind(2, key.hour);
    s.bind(3, key.key);
    s.bind(4, key.model);
    s.bind(5, key.price_list);
    s.bind(6, sum.requests);
    s.bind(7, sum.input);
    s.bind(8, sum.cached);
    s.bind(9, sum.output);
    s.bind(10, sum.charge);
    auto added = run(Query::add_usage);
    if (!added) return added;
  }
  return base::Done{};
}

Stored<base::Done> SqliteTxn::write_months() {
  const Statement& s = writer_[Query::add_month];
  for (const auto& [key, sum] : months_) {
    s.bind(1, key.tenant);
    s.bind(2, std::int64_t{key.month});
    s.bind(3, sum.credited);
    s.bind(4, sum.charged);
    auto added = run(Query::add_month);
    if (!added) return added;
  }
  return base::Done{};
}

Stored<base::Done> SqliteTxn::commit() {
  auto usage = write_usage();
  if (!usage) return usage;
  auto months = write_months();
  if (!months) return months;
  auto committed = run(Query::commit);
  if (!committed) return committed;
  open_ = false;
  return committed;
}

}  // namespace store::sqlite

// Receipts are kept for a time, and what they were is kept for good.
#include <settle/retention.hpp>

#include <algorithm>
#include <optional>
#include <vector>

#include <receipt/hash.hpp>

#include "pipeline.hpp"

namespace settle {
namespace {

using ledger::Stored;

std::uint64_t tokens_of(const terms::Usage& usage) {
  return std::uint64_t{usage.input.value} + usage.cached.value + usage.output.value;
}

/// The mark behind one more receipt; nothing where that one does not follow it.
std::optional<ledger::PrunedRow> behind(const ledger::PrunedRow& mark,
                                        const ledger::Receipt& receipt) {
  const bool logged = receipt.account.valid();
  const auto charge = base::checked_add(mark.charge, receipt.charge);
  if (receipt.sequence != mark.sequence + 1 || !charge ||
      (logged && receipt.previous != mark.chain)) {
    return std::nullopt;
  }
  return ledger::PrunedRow{.sequence = receipt.sequence,
                           .logged = mark.logged + (logged ? 1 : 0),
                           .tokens = mark.tokens + tokens_of(receipt.usage),
                           .charge = *charge,
                           .time = std::max(mark.time, receipt.time),
                           .chain = logged ? receipt::marks_of(receipt).hash : terms::Digest{}};
}

/// A list and not a walk: a snapshot that stays open keeps the store from tidying up.
Stored<std::vector<terms::TenantId>> tenants_of(ledger::Reader& reader) {
  auto books = reader.snapshot();
  if (!books) return base::Fail{books.error()};
  auto rows = (*books)->tenants();
  if (!rows) return base::Fail{rows.error()};
  std::vector<terms::TenantId> tenants;
  for (;;) {
    auto entry = (*rows)->next();
    if (!entry) return base::Fail{entry.error()};
    if (!entry->has_value()) return tenants;
    tenants.push_back((*entry)->tenant);
  }
}

}  // namespace

Stored<Outcome> carry_out(ledger::WorkingSet& set, const Prune& command) {
  if (!command.tenant.valid()) {
    return Outcome{Refused{.why = Refusal::bad_command, .retry_after = {}, .earlier = {}}};
  }
  const auto before = set.txn().pruned(command.tenant);
  if (!before) return base::Fail{before.error()};
  const auto oldest = set.txn().oldest_receipts(command.tenant, prune_at_once);
  if (!oldest) return base::Fail{oldest.error()};
  ledger::PrunedRow mark = *before;
  for (const ledger::Receipt& receipt : *oldest) {
    const auto next = receipt.time < command.before ? behind(mark, receipt) : std::nullopt;
    if (!next) break;
    mark = *next;
  }
  const Pruned pruned{mark.sequence - before->sequence};
  if (pruned.receipts > 0) {
    const auto moved = set.txn().prune(command.tenant, mark);
    if (!moved) return base::Fail{moved.error()};
  }
  return Outcome{pruned};
}

Stored<std::uint64_t> prune_all(ledger::Reader& reader,
                                const std::function<Outcome(const Command&)>& execute,
                                base::UnixNs before) {
  const auto tenants = tenants_of(reader);
  if (!tenants) return base::Fail{tenants.error()};
  std::uint64_t sum = 0;
  for (const terms::TenantId tenant : *tenants) {
    const auto old = reader.receipts(tenant, {0}, before, {}, 1);
    if (!old) return base::Fail{old.error()};
    // Most tenants have none: they cost a look and no transaction.
    for (std::uint64_t went = old->empty() ? 0 : prune_at_once; went == prune_at_once;) {
      const Outcome outcome = execute(Prune{tenant, before});
      const auto* pruned = std::get_if<Pruned>(&outcome);
      if (pruned == nullptr) return base::Fail{ledger::StoreError::busy};
      went = pruned->receipts;
      sum += went;
    }
  }
  return sum;
}

}  // namespace settle

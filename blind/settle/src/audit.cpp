#include <settle/audit.hpp>

#include <map>
#include <optional>

#include <price/price.hpp>
#include <receipt/hash.hpp>

namespace settle {
namespace {

using ledger::CheckReport;
using ledger::FindingKind;

void check_charge(const ledger::Receipt& receipt, CheckReport& report) {
  const auto charge = price::charge(receipt.usage, receipt.prices);
  const std::int64_t expected = charge ? charge->value : -1;
  if (receipt.charge.value != expected) {
    report.add(
        {FindingKind::charge_wrong, receipt.tenant, receipt.id, expected, receipt.charge.value});
  }
}

ledger::Stored<std::map<terms::TenantId, terms::Digest>> walk_chains(ledger::Snapshot& snapshot,
                                                                     CheckReport& report) {
  std::map<terms::TenantId, terms::Digest> ends;
  auto marks = ledger::marks_of(snapshot);
  if (!marks) return base::Fail{marks.error()};
  for (const auto& [tenant, mark] : *marks) {
    ends[tenant] = mark.chain;
  }
  auto receipts = snapshot.receipts_by_tenant();
  if (!receipts) return base::Fail{receipts.error()};
  for (;;) {
    auto row = (*receipts)->next();
    if (!row) return base::Fail{row.error()};
    if (!row->has_value()) return ends;
    const ledger::Receipt& receipt = **row;
    check_charge(receipt, report);
    if (!receipt.account.valid()) {
      continue;  // of before there was a log: the chain begins after it
    }
    terms::Digest& end = ends[receipt.tenant];
    if (receipt.previous != end) {
      report.add({FindingKind::chain_broken, receipt.tenant, receipt.id, 0, 0});
    }
    end = receipt::marks_of(receipt).hash;
  }
}

ledger::Stored<base::Done> compare_ends(ledger::Snapshot& snapshot, CheckReport& report,
                                        std::map<terms::TenantId, terms::Digest> ends) {
  auto tenants = snapshot.tenants();
  if (!tenants) return base::Fail{tenants.error()};
  for (;;) {
    auto entry = (*tenants)->next();
    if (!entry) return base::Fail{entry.error()};
    if (!entry->has_value()) return base::Done{};
    const auto& [tenant, row] = **entry;
    if (ends[tenant] != row.chain) {
      report.add({FindingKind::chain_broken, tenant, {}, 0, 0});
    }
  }
}

/// How many receipts of the log are gone.
ledger::Stored<std::uint64_t> gone_from_the_log(ledger::Snapshot& snapshot) {
  auto marks = ledger::marks_of(snapshot);
  if (!marks) return base::Fail{marks.error()};
  std::uint64_t sum = 0;
  for (const auto& [tenant, mark] : *marks) {
    sum += mark.logged;
  }
  return sum;
}

/// Receipts and the log's entries of that kind, both in the order of the log, one to one; but for
/// those whose receipts are gone, which are as many as the marks say.
ledger::Stored<base::Done> match_leaves(ledger::Snapshot& snapshot, CheckReport& report) {
  auto gone = gone_from_the_log(snapshot);
  if (!gone) return base::Fail{gone.error()};
  std::uint64_t alone = 0;
  auto leaves = snapshot.leaves();
  if (!leaves) return base::Fail{leaves.error()};
  auto receipts = snapshot.receipts_by_leaf();
  if (!receipts) return base::Fail{receipts.error()};
  const auto next_leaf = [&]() -> ledger::Stored<std::optional<ledger::LeafRow>> {
    for (;;) {
      auto leaf = (*leaves)->next();
      if (!leaf || !leaf->has_value() || (*leaf)->kind == ledger::LeafKind::receipt) return leaf;
    }
  };
  auto leaf = next_leaf();
  auto receipt = (*receipts)->next();
  while (leaf && receipt && (leaf->has_value() || receipt->has_value())) {
    const bool leaf_left =
        leaf->has_value() && (!receipt->has_value() || (*leaf)->index < (*receipt)->leaf);
    const bool receipt_left =
        receipt->has_value() && (!leaf->has_value() || (*receipt)->leaf < (*leaf)->index);
    if (leaf_left && *gone > 0) {
      alone += 1;
    } else if (leaf_left) {
      report.add({FindingKind::leaf_differs, {}, {}, 0, static_cast<std::int64_t>((*leaf)->index)});
    } else if (receipt_left) {
      report.add({FindingKind::leaf_missing, (*receipt)->tenant, (*receipt)->id, 0,
                  static_cast<std::int64_t>((*receipt)->leaf)});
    } else if (receipt::marks_of(**receipt).commitment != (*leaf)->value) {
      report.add({FindingKind::leaf_differs, (*receipt)->tenant, (*receipt)->id, 0,
                  static_cast<std::int64_t>((*leaf)->index)});
    }
    if (!receipt_left) leaf = next_leaf();
    if (!leaf_left) receipt = (*receipts)->next();
  }
  if (!leaf) return base::Fail{leaf.error()};
  if (!receipt) return base::Fail{receipt.error()};
  if (alone != *gone) {
    report.add({FindingKind::gone_leaves,
                {},
                {},
                static_cast<std::int64_t>(*gone),
                static_cast<std::int64_t>(alone)});
  }
  return base::Done{};
}

}  // namespace

ledger::Stored<CheckReport> audit(ledger::Snapshot& snapshot) {
  auto report = ledger::check(snapshot);
  if (!report) return report;
  auto ends = walk_chains(snapshot, *report);
  if (!ends) return base::Fail{ends.error()};
  auto compared = compare_ends(snapshot, *report, std::move(*ends));
  if (!compared) return base::Fail{compared.error()};
  auto matched = match_leaves(snapshot, *report);
  if (!matched) return base::Fail{matched.error()};
  return report;
}

}  // namespace settle

#include <settle/audit.hpp>

#include <map>

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
  auto receipts = snapshot.receipts_by_tenant();
  if (!receipts) return base::Fail{receipts.error()};
  for (;;) {
    auto row = (*receipts)->next();
    if (!row) return base::Fail{row.error()};
    if (!row->has_value()) return ends;
    const ledger::Receipt& receipt = **row;
    check_charge(receipt, report);
    terms::Digest& end = ends[receipt.tenant];
    if (receipt.previous != end) {
      report.add({FindingKind::chain_broken, receipt.tenant, receipt.id, 0, 0});
    }
    end = receipt::hash_of(receipt);
  }
}

}  // namespace

ledger::Stored<CheckReport> audit(ledger::Snapshot& snapshot) {
  auto report = ledger::check(snapshot);
  if (!report) return report;
  auto ends = walk_chains(snapshot, *report);
  if (!ends) return base::Fail{ends.error()};
  auto tenants = snapshot.tenants();
  if (!tenants) return base::Fail{tenants.error()};
  for (;;) {
    auto entry = (*tenants)->next();
    if (!entry) return base::Fail{entry.error()};
    if (!entry->has_value()) return report;
    const auto& [tenant, row] = **entry;
    if ((*ends)[tenant] != row.chain) {
      report->add({FindingKind::chain_broken, tenant, {}, 0, 0});
    }
  }
}

}  // namespace settle

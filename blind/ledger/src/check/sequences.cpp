#include <map>

#include "check/passes.hpp"

namespace ledger::check_passes {
namespace {

struct Last {
  std::uint64_t sequence = 0;
  std::uint64_t tokens = 0;  // of all three counts
  std::int64_t charge = 0;
};

/// What a tenant has is all that came in, less all that it was charged.
void check_balance(const Receipt& receipt, std::int64_t charged, CheckReport& report) {
  const auto expected = static_cast<std::int64_t>(
      static_cast<std::uint64_t>(receipt.credited.value) - static_cast<std::uint64_t>(charged));
  if (receipt.account.valid() && receipt.balance_after.value != expected) {
    report.add({FindingKind::balance_differs, receipt.tenant, receipt.id, expected,
                receipt.balance_after.value});
  }
}

std::uint64_t tokens_of(const terms::Usage& usage) {
  return std::uint64_t{usage.input.value} + usage.cached.value + usage.output.value;
}

Stored<std::map<terms::TenantId, Last>> walk(Snapshot& snapshot, CheckReport& report) {
  std::map<terms::TenantId, Last> tenants;
  auto marks = marks_of(snapshot);
  if (!marks) return base::Fail{marks.error()};
  for (const auto& [tenant, mark] : *marks) {
    tenants[tenant] = {mark.sequence, mark.tokens, mark.charge.value};
  }
  auto receipts = snapshot.receipts_by_tenant();
  if (!receipts) return base::Fail{receipts.error()};
  for (;;) {
    auto row = (*receipts)->next();
    if (!row) return base::Fail{row.error()};
    if (!row->has_value()) return tenants;
    const Receipt& receipt = **row;
    report.receipts += 1;
    Last& last = tenants[receipt.tenant];
    if (receipt.sequence != last.sequence + 1) {
      report.add({FindingKind::sequence_gap, receipt.tenant, receipt.id,
                  static_cast<std::int64_t>(last.sequence + 1),
                  static_cast<std::int64_t>(receipt.sequence)});
    }
    last.sequence = receipt.sequence;
    last.tokens += tokens_of(receipt.usage);
    last.charge += receipt.charge.value;
    check_balance(receipt, last.charge, report);
  }
}

/// Sums by month, where the store keeps them: all charges, and all that came in.
Stored<base::Done> compare_months(Snapshot& snapshot, CheckReport& report, terms::TenantId tenant,
                                  const TenantRow& row, std::int64_t charged) {
  auto sum = snapshot.month_sum(tenant);
  if (!sum) return base::Fail{sum.error()};
  if (!sum->has_value()) return base::Done{};
  if ((*sum)->charged.value != charged) {
    report.add({FindingKind::usage_differs, tenant, {}, charged, (*sum)->charged.value});
  }
  if ((*sum)->credited != row.credited) {
    report.add(
        {FindingKind::credited_differs, tenant, {}, row.credited.value, (*sum)->credited.value});
  }
  return base::Done{};
}

}  // namespace

Stored<base::Done> sequences(Snapshot& snapshot, CheckReport& report) {
  auto lasts = walk(snapshot, report);
  if (!lasts) return base::Fail{lasts.error()};
  auto tenants = snapshot.tenants();
  if (!tenants) return base::Fail{tenants.error()};
  for (;;) {
    auto entry = (*tenants)->next();
    if (!entry) return base::Fail{entry.error()};
    if (!entry->has_value()) return base::Done{};
    const auto& [tenant, row] = **entry;
    const Last& last = (*lasts)[tenant];
    if (last.sequence != row.sequence) {
      report.add({FindingKind::sequence_differs,
                  tenant,
                  {},
                  static_cast<std::int64_t>(row.sequence),
                  static_cast<std::int64_t>(last.sequence)});
    }
    auto sum = snapshot.usage_sum(tenant);
    if (!sum) return base::Fail{sum.error()};
    const std::uint64_t tokens = sum->input.value + sum->cached.value + sum->output.value;
    if (sum->charge.value != last.charge || tokens != last.tokens) {
      report.add({FindingKind::usage_differs, tenant, {}, last.charge, sum->charge.value});
    }
    auto months = compare_months(snapshot, report, tenant, row, last.charge);
    if (!months) return months;
  }
}

}  // namespace ledger::check_passes

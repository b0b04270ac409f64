#include <ledger/check.hpp>

#include "check/passes.hpp"

namespace ledger {
namespace {

constexpr std::size_t findings_max = 1'000;

}  // namespace

void CheckReport::add(const Finding& finding) {
  finding_count += 1;
  if (findings.size() < findings_max) {
    findings.push_back(finding);
  }
}

Stored<std::map<terms::TenantId, PrunedRow>> marks_of(Snapshot& snapshot) {
  auto rows = snapshot.pruned();
  if (!rows) return base::Fail{rows.error()};
  std::map<terms::TenantId, PrunedRow> marks;
  for (;;) {
    auto entry = (*rows)->next();
    if (!entry) return base::Fail{entry.error()};
    if (!entry->has_value()) return marks;
    marks.emplace((*entry)->tenant, (*entry)->row);
  }
}

Stored<CheckReport> check(Snapshot& snapshot) {
  CheckReport report;
  for (auto pass : {check_passes::balances, check_passes::requests, check_passes::sequences,
                    check_passes::leaves}) {
    auto done = pass(snapshot, report);
    if (!done) return base::Fail{done.error()};
  }
  return report;
}

}  // namespace ledger

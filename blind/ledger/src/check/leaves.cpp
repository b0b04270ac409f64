#include "check/passes.hpp"

namespace ledger::check_passes {

Stored<base::Done> leaves(Snapshot& snapshot, CheckReport& report) {
  auto rows = snapshot.leaves();
  if (!rows) return base::Fail{rows.error()};
  std::uint64_t next = 0;
  for (;;) {
    auto row = (*rows)->next();
    if (!row) return base::Fail{row.error()};
    if (!row->has_value()) break;
    const std::uint64_t index = (*row)->index;
    report.leaves += 1;
    if (index != next) {
      report.add({FindingKind::leaf_gap,
                  {},
                  {},
                  static_cast<std::int64_t>(next),
                  static_cast<std::int64_t>(index)});
    }
    next = index + 1;
  }
  auto house = snapshot.house();
  if (!house) return base::Fail{house.error()};
  if (house->leaves != report.leaves) {
    report.add({FindingKind::leaves_differ,
                {},
                {},
                static_cast<std::int64_t>(report.leaves),
                static_cast<std::int64_t>(house->leaves)});
  }
  return base::Done{};
}

}  // namespace ledger::check_passes

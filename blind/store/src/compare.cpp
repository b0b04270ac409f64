#include <store/copy.hpp>

namespace store {
namespace {

using ledger::Stored;

/// Walks both; false when they differ. Counts the rows.
template <class Row>
Stored<bool> same(ledger::Rows<Row> one, ledger::Rows<Row> other, std::uint64_t& count) {
  if (!one) return base::Fail{one.error()};
  if (!other) return base::Fail{other.error()};
  for (;;) {
    auto left = (*one)->next();
    if (!left) return base::Fail{left.error()};
    auto right = (*other)->next();
    if (!right) return base::Fail{right.error()};
    if (left->has_value() != right->has_value()) return false;
    if (!left->has_value()) return true;
    if (!(**left == **right)) return false;
    count += 1;
  }
}

}  // namespace

Stored<std::optional<std::uint64_t>> compare(ledger::Snapshot& one, ledger::Snapshot& other) {
  auto house = one.house();
  if (!house) return base::Fail{house.error()};
  auto other_house = other.house();
  if (!other_house) return base::Fail{other_house.error()};
  if (*house != *other_house) return std::optional<std::uint64_t>{};
  std::uint64_t count = 0;
  const auto each = [&](auto table) -> Stored<bool> {
    return same((one.*table)(), (other.*table)(), count);
  };
  Stored<bool> equal = each(&ledger::Snapshot::tenants);
  if (equal && *equal) equal = each(&ledger::Snapshot::keys);
  if (equal && *equal) equal = each(&ledger::Snapshot::months);
  if (equal && *equal) equal = each(&ledger::Snapshot::claims);
  if (equal && *equal) equal = each(&ledger::Snapshot::holds_by_request);
  if (equal && *equal) equal = each(&ledger::Snapshot::postings_as_written);
  if (equal && *equal) equal = each(&ledger::Snapshot::voids_by_request);
  if (equal && *equal) equal = each(&ledger::Snapshot::receipts_by_tenant);
  if (equal && *equal) equal = each(&ledger::Snapshot::leaves);
  if (equal && *equal) equal = each(&ledger::Snapshot::pruned);
  if (equal && *equal) equal = each(&ledger::Snapshot::hours);
  if (!equal) return base::Fail{equal.error()};
  return *equal ? std::optional(count) : std::nullopt;
}

}  // namespace store

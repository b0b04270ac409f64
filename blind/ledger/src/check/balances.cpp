#include <map>

#include "check/passes.hpp"

namespace ledger::check_passes {
namespace {

bool is_a_way(const Posting& posting) {
  const auto goes = [&](AccountKind from, AccountKind to) {
    return posting.from.kind == from && posting.to.kind == to;
  };
  switch (posting.kind) {
    case PostingKind::credit: return goes(AccountKind::outside, AccountKind::available);
    case PostingKind::debit: return goes(AccountKind::available, AccountKind::outside);
    case PostingKind::hold: return goes(AccountKind::available, AccountKind::held);
    case PostingKind::charge: return goes(AccountKind::held, AccountKind::revenue);
    case PostingKind::release:
    case PostingKind::voided: return goes(AccountKind::held, AccountKind::available);
  }
  return false;
}

bool is_tenants(const AccountId& account) {
  return account.kind == AccountKind::available || account.kind == AccountKind::held;
}

bool well_formed(const Posting& posting) {
  const bool owners_right = posting.from.tenant.valid() == is_tenants(posting.from) &&
                            posting.to.tenant.valid() == is_tenants(posting.to);
  const bool one_owner = !is_tenants(posting.from) || !is_tenants(posting.to) ||
                         posting.from.tenant == posting.to.tenant;
  return posting.amount.value > 0 && is_a_way(posting) && owners_right && one_owner;
}

/// Accounts as the postings give them. Wrapping sums: books so broken that they overflow differ
/// from what is stored all the same, and are reported.
struct Accounts {
  std::map<AccountId, std::int64_t> sums;
  std::map<terms::TenantId, std::int64_t> credited;

  /// Net top-ups are what went between a tenant and the world.
  void count_top_up(const Posting& entry) {
    const std::int64_t amount = entry.amount.value;
    const bool in = entry.kind == PostingKind::credit;
    if (in || entry.kind == PostingKind::debit) {
      std::int64_t& sum = credited[in ? entry.to.tenant : entry.from.tenant];
      sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) +
                                      static_cast<std::uint64_t>(in ? amount : -amount));
    }
  }

  void move(AccountId account, std::int64_t amount) {
    std::int64_t& sum = sums[account];
    sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) +
                                    static_cast<std::uint64_t>(amount));
  }
  [[nodiscard]] std::int64_t take(AccountKind kind, terms::TenantId tenant) {
    const auto found = sums.find({kind, 0, tenant});
    if (found == sums.end()) return 0;
    const std::int64_t sum = found->second;
    sums.erase(found);
    return sum;
  }
};

void compare(CheckReport& report, FindingKind kind, terms::TenantId tenant, std::int64_t expected,
             std::int64_t found) {
  if (expected != found) {
    report.add({kind, tenant, {}, expected, found});
  }
}

Stored<Accounts> add_up(Snapshot& snapshot, CheckReport& report) {
  Accounts accounts;
  auto postings = snapshot.postings_as_written();
  if (!postings) return base::Fail{postings.error()};
  for (;;) {
    auto posting = (*postings)->next();
    if (!posting) return base::Fail{posting.error()};
    if (!posting->has_value()) return accounts;
    const Posting& entry = **posting;
    report.postings += 1;
    if (!well_formed(entry)) {
      report.add({FindingKind::posting_malformed, entry.from.tenant, entry.request, 0,
                  entry.amount.value});
    }
    accounts.move(entry.from, -entry.amount.value);
    accounts.move(entry.to, entry.amount.value);
    accounts.count_top_up(entry);
    if (is_tenants(entry.from) && accounts.sums[entry.from] < 0) {
      report.add({FindingKind::went_below_zero, entry.from.tenant, entry.request, 0,
                  accounts.sums[entry.from]});
    }
  }
}

}  // namespace

Stored<base::Done> balances(Snapshot& snapshot, CheckReport& report) {
  auto accounts = add_up(snapshot, report);
  if (!accounts) return base::Fail{accounts.error()};
  auto house = snapshot.house();
  if (!house) return base::Fail{house.error()};
  compare(report, FindingKind::house_differs, {}, accounts->take(AccountKind::revenue, {}),
          house->revenue.value);
  compare(report, FindingKind::house_differs, {}, accounts->take(AccountKind::outside, {}),
          house->outside.value);
  auto sum = static_cast<std::uint64_t>(house->revenue.value) +
             static_cast<std::uint64_t>(house->outside.value);
  auto tenants = snapshot.tenants();
  if (!tenants) return base::Fail{tenants.error()};
  for (;;) {
    auto entry = (*tenants)->next();
    if (!entry) return base::Fail{entry.error()};
    if (!entry->has_value()) break;
    const auto& [tenant, row] = **entry;
    report.tenants += 1;
    compare(report, FindingKind::available_differs, tenant,
            accounts->take(AccountKind::available, tenant), row.available.value);
    compare(report, FindingKind::held_differs, tenant, accounts->take(AccountKind::held, tenant),
            row.held.value);
    compare(report, FindingKind::credited_differs, tenant, accounts->credited[tenant],
            row.credited.value);
    sum += static_cast<std::uint64_t>(row.available.value) +
           static_cast<std::uint64_t>(row.held.value);
  }
  compare(report, FindingKind::sum_not_zero, {}, 0, static_cast<std::int64_t>(sum));
  for (const auto& [account, left] : accounts->sums) {  // postings of tenants that have no row
    compare(report,
            account.kind == AccountKind::held ? FindingKind::held_differs
                                              : FindingKind::available_differs,
            account.tenant, left, 0);
  }
  return base::Done{};
}

}  // namespace ledger::check_passes

#include "expected.hpp"

#include <algorithm>

#include <ledger/month.hpp>

namespace settle {
namespace {

/// Adds what one command will look at.
struct Adder {
  ledger::Expected& expected;

  void operator()(const Hold& hold) const {
    expected.requests.push_back(hold.request);
    expected.tenants.push_back(hold.tenant);
    expected.keys.push_back(hold.key);
    if (hold.idempotency.valid()) {
      expected.claims.emplace_back(hold.tenant, hold.idempotency);
    }
  }
  void operator()(const Settle& settle) const { expected.requests.push_back(settle.request); }
  void operator()(const Void& that) const { expected.requests.push_back(that.request); }
  void operator()(const Credit& credit) const {
    expected.top_ups.push_back(credit.request);
    expected.tenants.push_back(credit.tenant);
  }
  void operator()(const Publish& /*document*/) const {}
  void operator()(const Prune& /*prune*/) const {}
};

/// Commands without a time do not ask for months.
base::UnixNs time_of(const Command& command) {
  return std::visit(
      [](const auto& that) {
        if constexpr (requires { that.now; }) {
          return that.now;
        } else {
          return base::UnixNs{};
        }
      },
      command);
}

}  // namespace

ledger::Expected expected_at(base::UnixNs now) {
  ledger::Expected expected;
  expected.month_from = {ledger::month_of(now).value - 1};
  return expected;
}

ledger::Expected expected_of(std::span<const Command> batch) {
  base::UnixNs latest{};
  for (const Command& command : batch) {
    latest = std::max(latest, time_of(command));
  }
  ledger::Expected expected = expected_at(latest);
  for (const Command& command : batch) {
    std::visit(Adder{expected}, command);
  }
  return expected;
}

}  // namespace settle

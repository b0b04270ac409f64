// Adds up usage from whole hours and from single receipts.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include <ledger/reader.hpp>

namespace store {

/// Groups as asked. Pure; not thread-safe.
class UsageTable {
 public:
  explicit UsageTable(ledger::Grouping grouping) : grouping_(grouping) {}

  /// Adds a line that is not grouped yet: `line.start` is any moment of its hour.
  void add(const ledger::UsageLine& line);

  /// In the order of (start, model, key, price list).
  [[nodiscard]] std::vector<ledger::UsageLine> lines() const;

 private:
  using Key = std::tuple<std::int64_t, std::uint64_t, std::uint64_t, std::uint64_t>;
  ledger::Grouping grouping_;
  std::map<Key, ledger::UsageLine> lines_;
};

/// A receipt as a line of its own.
[[nodiscard]] ledger::UsageLine line_of(const ledger::Receipt& receipt);

}  // namespace store

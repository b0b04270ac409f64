// Adds up usage from whole hours and from single receipts.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
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

/// A range of time, from <= time < to, as what is answered from sums of whole hours and what is
/// left at both ends. Any part may be empty.
struct UsageParts {
  std::pair<base::UnixNs, base::UnixNs> head;
  std::pair<base::UnixNs, base::UnixNs> tail;
  std::int64_t first_hour = 0;  ///< Since 1970.
  std::int64_t last_hour = 0;   ///< The first one that is not meant any more.
};
[[nodiscard]] UsageParts parts_of(base::UnixNs from, base::UnixNs to);

/// A receipt as a line of its own.
[[nodiscard]] ledger::UsageLine line_of(const ledger::Receipt& receipt);

}  // namespace store

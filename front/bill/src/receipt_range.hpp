// Which of an account's receipts belong to a period: numbers without a gap, so that periods that
// follow each other share none and leave none out, though the clocks of servers differ a little.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include <ledger/reader.hpp>

namespace bill {

/// Two servers of one account may settle in another order than their clocks say, by so much.
inline constexpr base::SpanNs disorder_max{10'000'000'000};

/// The number of the first receipt that was settled at `time` or later; nothing where there is
/// none.
[[nodiscard]] ledger::Stored<std::optional<std::uint64_t>> first_from(ledger::Reader& reader,
                                                                      terms::TenantId tenant,
                                                                      base::UnixNs time);

/// The last receipt before `time`; nothing where there is none.
[[nodiscard]] ledger::Stored<std::optional<ledger::Receipt>> last_before(ledger::Reader& reader,
                                                                         terms::TenantId tenant,
                                                                         base::UnixNs time);

/// The first moment, from .. to, from which on all receipts are outside a log of `size` entries;
/// `to` where all are in it.
[[nodiscard]] ledger::Stored<base::UnixNs> logged_until(ledger::Reader& reader,
                                                        terms::TenantId tenant, base::UnixNs from,
                                                        base::UnixNs to, std::uint64_t size);

/// Receipts by number, though the store gives them by time. Memory: what is in disorder.
class ReceiptFeed {
 public:
  /// Numbers from `first` on, below `end` where there is one, settled between `from` and `to`.
  ReceiptFeed(ledger::Reader& reader, terms::TenantId tenant, base::UnixNs from, base::UnixNs to,
              std::uint64_t first, std::optional<std::uint64_t> end)
      : reader_(reader), tenant_(tenant), from_(from), to_(to), next_(first), end_(end) {}

  /// Nothing after the last. corrupt: a number is missing.
  [[nodiscard]] ledger::Stored<std::optional<ledger::Receipt>> next();

 private:
  ledger::Reader& reader_;
  terms::TenantId tenant_;
  base::UnixNs from_;
  base::UnixNs to_;
  ledger::PageMark mark_;
  std::uint64_t next_;
  std::optional<std::uint64_t> end_;
  std::map<std::uint64_t, ledger::Receipt> waiting_;
  bool read_all_ = false;
};

}  // namespace bill

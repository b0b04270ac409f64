// A limit per minute that holds in every minute, not only in those that start at :00.
#pragma once

#include <cstdint>
#include <vector>

#include <base/quantity.hpp>

namespace ledger {

/// Counts events of the last minute, second by second.
///
/// An event of second s counts until s + 61 s, so in any 60 seconds no more than the limit is ever
/// admitted (a token bucket of the same limit would admit twice as much), and at a steady load at
/// least 60/61 of it is. The clock may step: an event never counts for an earlier second than the
/// newest one, and a newest one more than 61 s ahead of `now` is taken for a clock that was set
/// back, and all is forgotten.
/// Not thread-safe; at most 62 slots. Cost of each call: linear in the slots.
class RateWindow {
 public:
  struct Slot {
    std::int64_t second = 0;  ///< Since 1970.
    std::uint64_t count = 0;  ///< > 0
    friend constexpr bool operator==(const Slot&, const Slot&) = default;
  };

  /// What still counts at `now`. Saturates.
  [[nodiscard]] std::uint64_t count(base::UnixNs now) const;

  /// How long after `now` until `more` fit under `limit` if nothing else comes: 0 = now. Exact.
  /// Meaningless (the end of time) when more > limit.
  [[nodiscard]] base::SpanNs wait(base::UnixNs now, std::uint64_t more, std::uint64_t limit) const;

  /// Counts `more` (> 0) at `now` and forgets what no longer counts. Returns the moment it stands
  /// under, for give_back().
  base::UnixNs add(base::UnixNs now, std::uint64_t more);

  /// Takes back what was counted but not used. Nothing happens when it no longer counts.
  void give_back(base::UnixNs added_at, std::uint64_t unused);

  /// Oldest first.
  [[nodiscard]] const std::vector<Slot>& slots() const { return slots_; }
  /// From a store. Slots must be in order.
  static RateWindow of(std::vector<Slot> slots);

  friend bool operator==(const RateWindow&, const RateWindow&) = default;

 private:
  std::vector<Slot> slots_;
};

}  // namespace ledger

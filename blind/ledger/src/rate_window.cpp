#include <ledger/rate_window.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace ledger {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t counted_seconds = 61;

std::int64_t second_of(base::UnixNs time) {
  const std::int64_t rest = time.value % second_ns;
  return (time.value - (rest < 0 ? rest + second_ns : rest)) / second_ns;
}

bool counts(const RateWindow::Slot& slot, std::int64_t now) {
  return slot.second + counted_seconds > now;
}

/// Then all is forgotten, not only what lies too far ahead: requests of now were counted under
/// those seconds.
bool was_set_back(const std::vector<RateWindow::Slot>& slots, std::int64_t now) {
  return !slots.empty() && slots.back().second > now + counted_seconds;
}

std::uint64_t add_saturating(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::uint64_t>::max() : sum;
}

}  // namespace

RateWindow RateWindow::of(std::vector<Slot> slots) {
  RateWindow window;
  window.slots_ = std::move(slots);
  return window;
}

std::uint64_t RateWindow::count(base::UnixNs now) const {
  std::uint64_t sum = 0;
  if (was_set_back(slots_, second_of(now))) {
    return sum;
  }
  for (const Slot& slot : slots_) {
    sum = add_saturating(sum, counts(slot, second_of(now)) ? slot.count : 0);
  }
  return sum;
}

base::SpanNs RateWindow::wait(base::UnixNs now, std::uint64_t more, std::uint64_t limit) const {
  if (more > limit) {
    return base::SpanNs::max();
  }
  std::uint64_t sum = count(now);
  if (sum <= limit - more) {
    return {0};
  }
  for (const Slot& slot : slots_) {
    if (!counts(slot, second_of(now))) {
      continue;
    }
    // Saturated sums are far above any limit that could be reached by one slot's end.
    sum -= std::min(sum, slot.count);
    if (sum <= limit - more) {
      return {(slot.second + counted_seconds) * second_ns - now.value};
    }
  }
  return base::SpanNs::max();
}

base::UnixNs RateWindow::add(base::UnixNs now, std::uint64_t more) {
  const std::int64_t second = second_of(now);
  if (was_set_back(slots_, second)) {
    slots_.clear();
  }
  std::erase_if(slots_, [second](const Slot& slot) { return !counts(slot, second); });
  if (slots_.empty() || slots_.back().second < second) {
    slots_.push_back({second, more});
  } else {
    slots_.back().count = add_saturating(slots_.back().count, more);
  }
  return {slots_.back().second * second_ns};
}

void RateWindow::give_back(base::UnixNs added_at, std::uint64_t unused) {
  const std::int64_t second = second_of(added_at);
  for (auto slot = slots_.begin(); slot != slots_.end(); ++slot) {
    if (slot->second == second) {
      slot->count -= std::min(slot->count, unused);
      if (slot->count == 0) {
        slots_.erase(slot);
      }
      return;
    }
  }
}

}  // namespace ledger

#include "unpaid.hpp"

#include <algorithm>
#include <limits>

namespace api {

std::int64_t UnpaidWork::second_of(Instant now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
}

UnpaidWork::Second& UnpaidWork::current(Minutes& minutes, std::uint64_t id, Instant now) {
  const std::int64_t second = second_of(now);
  Second& slot = minutes[id][static_cast<std::size_t>(second % window_s)];
  if (slot.second != second) {
    slot = {second, 0, 0};
  }
  return slot;
}

/// Once a minute, so that memory holds only those that asked within the last minutes.
void UnpaidWork::forget_idle(Instant now) {
  const std::int64_t second = second_of(now);
  if (second - swept_ < window_s) {
    return;
  }
  swept_ = second;
  const auto is_idle = [second](const auto& entry) {
    return std::ranges::all_of(entry.second,
                               [second](const Second& s) { return second - s.second >= window_s; });
  };
  std::erase_if(tenants_, is_idle);
  std::erase_if(keys_, is_idle);
}

std::optional<base::SpanNs> UnpaidWork::wait_of(const Minutes& minutes, std::uint64_t id,
                                                std::uint64_t requests_max, std::int64_t cpu_ns_max,
                                                Instant now) {
  const auto found = minutes.find(id);
  if (found == minutes.end()) {
    return std::nullopt;
  }
  const std::int64_t second = second_of(now);
  std::uint64_t requests = 0;
  std::int64_t cpu = 0;
  // From the newest second backwards: the second in which a bound is passed must leave the window.
  for (std::int64_t age = 0; age < window_s; ++age) {
    const Second& slot = found->second[static_cast<std::size_t>((second - age) % window_s)];
    if (slot.second != second - age) {
      continue;
    }
    requests += slot.requests;
    cpu += slot.cpu_ns;
    if (requests >= requests_max || cpu >= cpu_ns_max) {
      return base::SpanNs{(window_s - age) * 1'000'000'000};
    }
  }
  return std::nullopt;
}

std::optional<UnpaidWait> UnpaidWork::wait_locked(const UnpaidCaller& caller, Instant now) const {
  const std::int64_t cpu_ns_max = std::int64_t{limits_.cpu_ms_per_minute} * 1'000'000;
  if (const auto wait =
          wait_of(tenants_, caller.tenant, limits_.requests_per_minute, cpu_ns_max, now)) {
    return UnpaidWait{*wait, false};
  }
  if (caller.key_requests_max == 0) {
    return std::nullopt;
  }
  if (const auto wait = wait_of(keys_, caller.key, caller.key_requests_max,
                                std::numeric_limits<std::int64_t>::max(), now)) {
    return UnpaidWait{*wait, true};
  }
  return std::nullopt;
}

void UnpaidWork::count_locked(const UnpaidCaller& caller, Instant now) {
  forget_idle(now);
  current(tenants_, caller.tenant, now).requests += 1;
  if (caller.key_requests_max > 0) {
    current(keys_, caller.key, now).requests += 1;
  }
}

std::optional<UnpaidWait> UnpaidWork::ask(const UnpaidCaller& caller, Instant now) {
  const std::scoped_lock lock(mutex_);
  auto wait = wait_locked(caller, now);
  if (!wait) {
    count_locked(caller, now);
  }
  return wait;
}

std::optional<UnpaidWait> UnpaidWork::wait_for(const UnpaidCaller& caller, Instant now) {
  const std::scoped_lock lock(mutex_);
  return wait_locked(caller, now);
}

void UnpaidWork::refused(const UnpaidCaller& caller, Instant now) {
  const std::scoped_lock lock(mutex_);
  count_locked(caller, now);
}

void UnpaidWork::worked(const UnpaidCaller& caller, std::chrono::nanoseconds cpu, Instant now) {
  const std::scoped_lock lock(mutex_);
  forget_idle(now);
  current(tenants_, caller.tenant, now).cpu_ns += cpu.count();
}

std::uint64_t UnpaidWork::requests_of_key(std::uint64_t key, Instant now) const {
  const std::scoped_lock lock(mutex_);
  const auto found = keys_.find(key);
  if (found == keys_.end()) {
    return 0;
  }
  std::uint64_t sum = 0;
  for (const Second& slot : found->second) {
    sum += second_of(now) - slot.second < window_s ? slot.requests : 0;
  }
  return sum;
}

}  // namespace api

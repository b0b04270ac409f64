#include "unpaid.hpp"

#include <algorithm>

namespace api {

std::int64_t UnpaidWork::second_of(Instant now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
}

UnpaidWork::Second& UnpaidWork::current(std::uint64_t tenant, Instant now) {
  const std::int64_t second = second_of(now);
  forget_idle(second);
  Second& slot = tenants_[tenant][static_cast<std::size_t>(second % window_s)];
  if (slot.second != second) {
    slot = {second, 0, 0};
  }
  return slot;
}

/// Once a minute, so that memory holds only the tenants that asked lately.
void UnpaidWork::forget_idle(std::int64_t second) {
  if (second - swept_ < window_s) {
    return;
  }
  swept_ = second;
  std::erase_if(tenants_, [second](const auto& tenant) {
    return std::ranges::all_of(tenant.second,
                               [second](const Second& s) { return second - s.second >= window_s; });
  });
}

std::optional<base::SpanNs> UnpaidWork::wait_locked(std::uint64_t tenant,
                                                    std::uint64_t key_requests_max,
                                                    Instant now) const {
  const auto found = tenants_.find(tenant);
  if (found == tenants_.end()) {
    return std::nullopt;
  }
  const std::int64_t second = second_of(now);
  const std::uint64_t requests_max =
      key_requests_max == 0
          ? limits_.requests_per_minute
          : std::min<std::uint64_t>(key_requests_max, limits_.requests_per_minute);
  const std::int64_t cpu_max = std::int64_t{limits_.cpu_ms_per_minute} * 1'000'000;
  std::uint64_t requests = 0;
  std::int64_t cpu = 0;
  std::optional<base::SpanNs> wait;
  // From the newest second backwards: the second in which a bound is passed must leave the window.
  for (std::int64_t age = 0; age < window_s && !wait; ++age) {
    const Second& slot = found->second[static_cast<std::size_t>((second - age) % window_s)];
    if (slot.second != second - age) {
      continue;
    }
    requests += slot.requests;
    cpu += slot.cpu_ns;
    if (requests >= requests_max || cpu >= cpu_max) {
      wait = base::SpanNs{(window_s - age) * 1'000'000'000};
    }
  }
  return wait;
}

std::optional<base::SpanNs> UnpaidWork::ask(std::uint64_t tenant, std::uint64_t key_requests_max,
                                            Instant now) {
  const std::scoped_lock lock(mutex_);
  auto wait = wait_locked(tenant, key_requests_max, now);
  if (!wait) {
    current(tenant, now).requests += 1;
  }
  return wait;
}

std::optional<base::SpanNs> UnpaidWork::wait_for(std::uint64_t tenant,
                                                 std::uint64_t key_requests_max, Instant now) {
  const std::scoped_lock lock(mutex_);
  return wait_locked(tenant, key_requests_max, now);
}

void UnpaidWork::refused(std::uint64_t tenant, Instant now) {
  const std::scoped_lock lock(mutex_);
  current(tenant, now).requests += 1;
}

void UnpaidWork::worked(std::uint64_t tenant, std::chrono::nanoseconds cpu, Instant now) {
  const std::scoped_lock lock(mutex_);
  current(tenant, now).cpu_ns += cpu.count();
}

std::uint64_t UnpaidWork::requests(std::uint64_t tenant, Instant now) {
  const std::scoped_lock lock(mutex_);
  const auto found = tenants_.find(tenant);
  if (found == tenants_.end()) {
    return 0;
  }
  std::uint64_t sum = 0;
  for (const Second& slot : found->second) {
    sum += second_of(now) - slot.second < window_s ? slot.requests : 0;
  }
  return sum;
}

}  // namespace api

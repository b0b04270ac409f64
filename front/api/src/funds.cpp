#include "funds.hpp"

namespace api {
namespace {

constexpr std::chrono::seconds some_believed{2};
constexpr std::chrono::milliseconds none_believed{200};
constexpr std::chrono::seconds asked_again{1};

}  // namespace

Funds::Known Funds::look(std::uint64_t tenant, Instant now) {
  const std::scoped_lock lock(mutex_);
  const auto found = tenants_.find(tenant);
  if (found == tenants_.end()) {
    return Known::unknown;
  }
  Entry& entry = found->second;
  if (!entry.some) {
    return now - entry.read_at < none_believed ? Known::none : Known::unknown;
  }
  if (now - entry.read_at < some_believed || now - entry.asked_at < asked_again) {
    return Known::some;
  }
  entry.asked_at = now;
  return Known::some_stale;
}

bool Funds::put(std::uint64_t tenant, const ledger::Balance& balance, Instant now,
                std::uint64_t era) {
  const bool some = balance.available.value > 0 || balance.held.value > 0;
  const std::scoped_lock lock(mutex_);
  if (era == era_) {
    tenants_[tenant] = {some, now, now};
  }
  return some;
}

std::uint64_t Funds::era() {
  const std::scoped_lock lock(mutex_);
  return era_;
}

void Funds::forget_all() {
  const std::scoped_lock lock(mutex_);
  era_ += 1;
  tenants_.clear();
}

}  // namespace api

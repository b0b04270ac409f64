#include <ledger/working_set.hpp>

namespace ledger {

Stored<HouseRow*> WorkingSet::house() {
  if (!house_) {
    auto row = txn_.house();
    if (!row) return base::Fail{row.error()};
    house_ = Copy<HouseRow>{*row, *row};
  }
  return &house_->row;
}

Stored<TenantRow*> WorkingSet::tenant(terms::TenantId id) {
  auto found = tenants_.find(id);
  if (found == tenants_.end()) {
    auto row = txn_.tenant(id);
    if (!row) return base::Fail{row.error()};
    found = tenants_.emplace(id, Copy<TenantRow>{*row, *row}).first;
  }
  return &found->second.row;
}

Stored<KeyRow*> WorkingSet::key(terms::KeyId id) {
  auto found = keys_.find(id);
  if (found == keys_.end()) {
    auto row = txn_.key(id);
    if (!row) return base::Fail{row.error()};
    found = keys_.emplace(id, Copy<KeyRow>{*row, *row}).first;
  }
  return &found->second.row;
}

Stored<MonthRow*> WorkingSet::month(terms::KeyId key, Month month) {
  auto found = months_.find({key, month});
  if (found == months_.end()) {
    auto row = txn_.month(key, month);
    if (!row) return base::Fail{row.error()};
    found = months_.emplace(std::pair{key, month}, Copy<MonthRow>{*row, *row}).first;
  }
  return &found->second.row;
}

Stored<base::Done> WorkingSet::flush() {
  if (house_ && house_->row != house_->stored) {
    auto wrote = txn_.put(house_->row);
    if (!wrote) return wrote;
  }
  for (auto& [id, copy] : tenants_) {
    if (copy.row == copy.stored) continue;
    auto wrote = txn_.put(id, copy.row);
    if (!wrote) return wrote;
  }
  for (auto& [id, copy] : keys_) {
    if (copy.row == copy.stored) continue;
    auto wrote = txn_.put(id, copy.row);
    if (!wrote) return wrote;
  }
  for (auto& [id, copy] : months_) {
    if (copy.row == copy.stored) continue;
    auto wrote = txn_.put(id.first, id.second, copy.row);
    if (!wrote) return wrote;
  }
  return base::Done{};
}

}  // namespace ledger

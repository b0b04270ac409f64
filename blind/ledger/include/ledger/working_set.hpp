// The rows that a batch changes, read once and written once however many commands touch them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include <ledger/journal.hpp>

namespace ledger {

/// A batch of one tenant's requests would otherwise read and write the same rows for each.
/// Pointers stay good until flush(). Not thread-safe; lives shorter than its Txn.
class WorkingSet {
 public:
  explicit WorkingSet(Txn& txn) : txn_(txn) {}

  Stored<HouseRow*> house();
  Stored<TenantRow*> tenant(terms::TenantId id);
  Stored<KeyRow*> key(terms::KeyId id);
  Stored<MonthRow*> month(terms::KeyId key, Month month);

  /// Everything that is not a balance or a counter goes to the store directly.
  [[nodiscard]] Txn& txn() { return txn_; }

  /// Writes what has changed, in the order of ids. Once, before commit().
  Stored<base::Done> flush();

 private:
  template <class Row>
  struct Copy {
    Row stored;
    Row row;
  };
  Txn& txn_;
  std::optional<Copy<HouseRow>> house_;
  std::map<terms::TenantId, Copy<TenantRow>> tenants_;
  std::map<terms::KeyId, Copy<KeyRow>> keys_;
  std::map<std::pair<terms::KeyId, Month>, Copy<MonthRow>> months_;
};

}  // namespace ledger

// What the memory store keeps.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include <ledger/reader.hpp>
#include <ledger/rows.hpp>

namespace store::memory {

using MonthKey = std::pair<terms::KeyId, ledger::Month>;
using ClaimKey = std::pair<terms::TenantId, terms::Digest>;
/// Tenant, start of the hour, key, model, price list.
using HourKey =
    std::tuple<terms::TenantId, base::UnixNs, terms::KeyId, terms::ModelId, terms::PriceListId>;
using Hours = std::map<HourKey, ledger::UsageLine>;
/// Adds a receipt to its hour.
void add_to(Hours& hours, const ledger::Receipt& receipt);

struct Shelf {
  std::mutex mutex;  ///< Held for every look and for every commit.
  ledger::HouseRow house;
  std::map<terms::TenantId, ledger::TenantRow> tenants;
  std::map<terms::KeyId, ledger::KeyRow> keys;
  std::map<MonthKey, ledger::MonthRow> months;
  std::map<terms::RequestId, ledger::HoldRow> holds;
  std::map<ClaimKey, terms::RequestId> claims;
  std::map<terms::RequestId, ledger::VoidRow> voids;
  std::map<terms::RequestId, ledger::Receipt> receipts;
  std::map<terms::RequestId, ledger::Posting> top_ups;
  std::vector<ledger::Posting> postings;
  std::map<std::uint64_t, ledger::LeafRow> leaves;
  std::map<terms::Digest, std::uint64_t> documents;  ///< Leaf hashes, to their entries' indexes.
  std::map<terms::TenantId, ledger::PrunedRow> pruned;
  Hours gone;  ///< What receipts used that are gone.
};

/// Changes to a map that are not made yet. Nothing as a value: removed.
template <class Key, class Row>
class Overlay {
 public:
  explicit Overlay(std::map<Key, Row>& below) : below_(below) {}

  /// Null when there is none.
  const Row* find(const Key& key) const {
    if (const auto changed = changes_.find(key); changed != changes_.end()) {
      return changed->second ? &*changed->second : nullptr;
    }
    const auto found = below_.find(key);
    return found == below_.end() ? nullptr : &found->second;
  }
  Row get(const Key& key) const {
    const Row* row = find(key);
    return row == nullptr ? Row{} : *row;
  }
  void put(const Key& key, Row row) { changes_[key] = std::move(row); }
  void remove(const Key& key) { changes_[key] = std::nullopt; }
  void apply() {
    for (auto& [key, row] : changes_) {
      if (row) {
        below_.insert_or_assign(key, std::move(*row));
      } else {
        below_.erase(key);
      }
    }
  }
  [[nodiscard]] const std::map<Key, std::optional<Row>>& changes() const { return changes_; }
  [[nodiscard]] const std::map<Key, Row>& below() const { return below_; }

 private:
  std::map<Key, Row>& below_;
  std::map<Key, std::optional<Row>> changes_;
};

}  // namespace store::memory

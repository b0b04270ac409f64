#include "memory/journal.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <ledger/month.hpp>

#include "memory/shelf.hpp"
#include "usage.hpp"

namespace store::memory {
namespace {

using ledger::Stored;

/// Only the writing thread changes the books, so it reads them without the lock.
class MemoryTxn final : public ledger::Txn {
 public:
  explicit MemoryTxn(Shelf& shelf)
      : shelf_(shelf),
        house_(shelf.house),
        tenants_(shelf.tenants),
        keys_(shelf.keys),
        months_(shelf.months),
        holds_(shelf.holds),
        claims_(shelf.claims),
        voids_(shelf.voids),
        receipts_(shelf.receipts),
        top_ups_(shelf.top_ups),
        leaves_(shelf.leaves),
        documents_(shelf.documents),
        pruned_(shelf.pruned) {}

  Stored<ledger::HouseRow> house() override { return house_; }
  Stored<ledger::TenantRow> tenant(terms::TenantId id) override { return tenants_.get(id); }
  Stored<ledger::KeyRow> key(terms::KeyId id) override { return keys_.get(id); }
  Stored<ledger::MonthRow> month(terms::KeyId key, ledger::Month month) override {
    return months_.get({key, month});
  }
  Stored<base::Done> put(const ledger::HouseRow& row) override {
    house_ = row;
    return good(row.revenue.value >= 0 && row.outside.value <= 0);
  }
  Stored<base::Done> put(terms::TenantId id, const ledger::TenantRow& row) override {
    tenants_.put(id, row);
    return good(row.available.value >= 0 && row.held.value >= 0 && row.credited.value >= 0);
  }
  Stored<base::Done> put(terms::KeyId id, const ledger::KeyRow& row) override {
    keys_.put(id, row);
    return base::Done{};
  }
  Stored<base::Done> put(terms::KeyId key, ledger::Month month,
                         const ledger::MonthRow& row) override {
    months_.put({key, month}, row);
    return good(row.spent.value >= 0 && row.held.value >= 0);
  }

  Stored<std::optional<ledger::HoldRow>> hold(terms::RequestId request) override {
    return found(holds_.find(request));
  }
  Stored<base::Done> insert(const ledger::HoldRow& row) override {
    return insert_new(holds_, row.request, row, row.amount.value >= 0);
  }
  Stored<base::Done> remove_hold(terms::RequestId request) override {
    holds_.remove(request);
    return base::Done{};
  }
  Stored<std::vector<ledger::HoldRow>> open_holds(terms::ServerId server, terms::RequestId after,
                                                  std::uint32_t limit) override {
    std::map<terms::RequestId, ledger::HoldRow> all = holds_.below();
    for (const auto& [request, row] : holds_.changes()) {
      if (row) {
        all.insert_or_assign(request, *row);
      } else {
        all.erase(request);
      }
    }
    std::vector<ledger::HoldRow> holds;
    for (auto it = all.upper_bound(after); it != all.end() && holds.size() < limit; ++it) {
      if (!server.valid() || it->second.server == server) holds.push_back(it->second);
    }
    return holds;
  }

  Stored<std::optional<terms::RequestId>> claim(terms::TenantId tenant,
                                                const terms::Digest& key) override {
    return found(claims_.find({tenant, key}));
  }
  Stored<base::Done> insert_claim(terms::TenantId tenant, const terms::Digest& key,
                                  terms::RequestId request) override {
    return insert_new(claims_, ClaimKey{tenant, key}, request, true);
  }
  Stored<base::Done> remove_claim(terms::TenantId tenant, const terms::Digest& key) override {
    claims_.remove({tenant, key});
    return base::Done{};
  }

  Stored<base::Done> insert(const ledger::Posting& posting) override {
    postings_.push_back(posting);
    if (posting.kind == ledger::PostingKind::credit || posting.kind == ledger::PostingKind::debit) {
      return insert_new(top_ups_, posting.request, posting, posting.amount.value > 0);
    }
    return good(posting.amount.value > 0);
  }
  Stored<base::Done> insert(const ledger::Receipt& receipt) override {
    return insert_new(receipts_, receipt.id, receipt,
                      receipt.charge.value >= 0 && receipt.balance_after.value >= 0 &&
                          receipt.usage.cached <= receipt.usage.input);
  }
  Stored<base::Done> insert(const ledger::VoidRow& row) override {
    return insert_new(voids_, row.request, row, true);
  }
  Stored<base::Done> insert(const ledger::LeafRow& row) override {
    if (row.kind == ledger::LeafKind::document) {
      auto document = insert_new(documents_, row.value, row.index, true);
      if (!document) return document;
    }
    return insert_new(leaves_, row.index, row, row.value.valid());
  }
  Stored<std::optional<ledger::Receipt>> receipt(terms::RequestId id) override {
    return found(receipts_.find(id));
  }
  Stored<bool> is_voided(terms::RequestId request) override {
    return voids_.find(request) != nullptr;
  }
  Stored<std::optional<ledger::Posting>> top_up(terms::RequestId request) override {
    return found(top_ups_.find(request));
  }
  Stored<std::optional<ledger::LeafRow>> document(const terms::Digest& leaf_hash) override {
    const std::uint64_t* index = documents_.find(leaf_hash);
    return found(index == nullptr ? nullptr : leaves_.find(*index));
  }

  Stored<ledger::PrunedRow> pruned(terms::TenantId tenant) override { return pruned_.get(tenant); }
  Stored<std::vector<ledger::Receipt>> oldest_receipts(terms::TenantId tenant,
                                                       std::uint32_t limit) override {
    std::vector<ledger::Receipt> oldest = kept(tenant);
    oldest.resize(std::min<std::size_t>(oldest.size(), limit));
    return oldest;
  }
  Stored<base::Done> prune(terms::TenantId tenant, const ledger::PrunedRow& row) override {
    auto allowed = good(row.sequence > pruned_.get(tenant).sequence && row.charge.value >= 0);
    if (!allowed) return allowed;
    for (const ledger::Receipt& receipt : kept(tenant)) {
      if (receipt.sequence > row.sequence) break;
      receipts_.remove(receipt.id);
      gone_.push_back(receipt);
    }
    pruned_.put(tenant, row);
    return allowed;
  }

  Stored<base::Done> commit() override {
    if (broken_) return base::Fail{ledger::StoreError::corrupt};
    const std::lock_guard lock(shelf_.mutex);
    shelf_.house = house_;
    tenants_.apply();
    keys_.apply();
    months_.apply();
    holds_.apply();
    claims_.apply();
    voids_.apply();
    receipts_.apply();
    top_ups_.apply();
    leaves_.apply();
    documents_.apply();
    pruned_.apply();
    for (const ledger::Receipt& receipt : gone_) {
      add_to(shelf_.gone, receipt);
    }
    shelf_.postings.insert(shelf_.postings.end(), postings_.begin(), postings_.end());
    return base::Done{};
  }

 private:
  /// A tenant's receipts, by number.
  [[nodiscard]] std::vector<ledger::Receipt> kept(terms::TenantId tenant) const {
    std::vector<ledger::Receipt> oldest;
    for (const auto& [id, receipt] : receipts_.below()) {
      const bool changed = receipts_.changes().contains(id);
      if (receipt.tenant == tenant && !changed) oldest.push_back(receipt);
    }
    for (const auto& [id, receipt] : receipts_.changes()) {
      if (receipt && receipt->tenant == tenant) oldest.push_back(*receipt);
    }
    std::sort(oldest.begin(), oldest.end(),
              [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
    return oldest;
  }
  /// The same rules that the tables of the SQLite store check.
  Stored<base::Done> good(bool holds) {
    if (holds) return base::Done{};
    broken_ = true;
    return base::Fail{ledger::StoreError::corrupt};
  }
  template <class Key, class Row>
  Stored<base::Done> insert_new(Overlay<Key, Row>& rows, const Key& key, const Row& row,
                                bool holds) {
    auto result = good(holds && rows.find(key) == nullptr);
    if (result) rows.put(key, row);
    return result;
  }
  template <class Row>
  static Stored<std::optional<Row>> found(const Row* row) {
    return row == nullptr ? std::optional<Row>{} : std::optional<Row>{*row};
  }

  Shelf& shelf_;
  ledger::HouseRow house_;
  Overlay<terms::TenantId, ledger::TenantRow> tenants_;
  Overlay<terms::KeyId, ledger::KeyRow> keys_;
  Overlay<MonthKey, ledger::MonthRow> months_;
  Overlay<terms::RequestId, ledger::HoldRow> holds_;
  Overlay<ClaimKey, terms::RequestId> claims_;
  Overlay<terms::RequestId, ledger::VoidRow> voids_;
  Overlay<terms::RequestId, ledger::Receipt> receipts_;
  Overlay<terms::RequestId, ledger::Posting> top_ups_;
  Overlay<std::uint64_t, ledger::LeafRow> leaves_;
  Overlay<terms::Digest, std::uint64_t> documents_;
  Overlay<terms::TenantId, ledger::PrunedRow> pruned_;
  std::vector<ledger::Posting> postings_;
  std::vector<ledger::Receipt> gone_;
  bool broken_ = false;
};

}  // namespace

void add_to(Hours& hours, const ledger::Receipt& receipt) {
  const base::UnixNs hour = ledger::floor_to(receipt.time, ledger::one_hour);
  ledger::UsageLine& sum =
      hours[{receipt.tenant, hour, receipt.key, receipt.model, receipt.price_list}];
  const ledger::UsageLine line = line_of(receipt);
  sum.start = hour;
  sum.model = line.model;
  sum.key = line.key;
  sum.price_list = line.price_list;
  sum.requests += line.requests;
  sum.input.value += line.input.value;
  sum.cached.value += line.cached.value;
  sum.output.value += line.output.value;
  sum.charge.value += line.charge.value;
}

namespace {

class MemoryJournal final : public ledger::Journal {
 public:
  explicit MemoryJournal(std::shared_ptr<Shelf> shelf) : shelf_(std::move(shelf)) {}
  Stored<std::unique_ptr<ledger::Txn>> begin() override {
    return std::unique_ptr<ledger::Txn>(std::make_unique<MemoryTxn>(*shelf_));
  }

 private:
  std::shared_ptr<Shelf> shelf_;
};

}  // namespace

std::unique_ptr<ledger::Journal> make_journal(std::shared_ptr<Shelf> shelf) {
  return std::make_unique<MemoryJournal>(std::move(shelf));
}

}  // namespace store::memory

#include <algorithm>
#include <tuple>
#include <utility>

#include <ledger/month.hpp>
#include <store/memory.hpp>

#include "memory/journal.hpp"
#include "memory/shelf.hpp"
#include "usage.hpp"

namespace store {
namespace memory {
namespace {

using ledger::Stored;

template <class Row>
class VectorCursor final : public ledger::Cursor<Row> {
 public:
  explicit VectorCursor(std::vector<Row> rows) : rows_(std::move(rows)) {}
  Stored<std::optional<Row>> next() override {
    if (at_ == rows_.size()) return std::optional<Row>{};
    return std::optional<Row>{rows_[at_++]};
  }

 private:
  std::vector<Row> rows_;
  std::size_t at_ = 0;
};

template <class Key, class Row>
std::vector<Row> values(const std::map<Key, Row>& rows) {
  std::vector<Row> all;
  for (const auto& [key, row] : rows) {
    all.push_back(row);
  }
  return all;
}

template <class Row, class Less>
ledger::Rows<Row> sorted(std::vector<Row> rows, Less less) {
  std::stable_sort(rows.begin(), rows.end(), less);
  return std::unique_ptr<ledger::Cursor<Row>>(std::make_unique<VectorCursor<Row>>(std::move(rows)));
}

template <class Row>
ledger::Rows<Row> in_order(std::vector<Row> rows) {
  return std::unique_ptr<ledger::Cursor<Row>>(std::make_unique<VectorCursor<Row>>(std::move(rows)));
}

/// A copy of everything: the memory store is for small books.
class MemorySnapshot final : public ledger::Snapshot {
 public:
  explicit MemorySnapshot(const Shelf& shelf)
      : house_(shelf.house),
        holds_(values(shelf.holds)),
        voids_(values(shelf.voids)),
        receipts_(values(shelf.receipts)),
        postings_(shelf.postings),
        leaves_(values(shelf.leaves)),
        hours_(shelf.gone) {
    for (const ledger::Receipt& receipt : receipts_) {
      add_to(hours_, receipt);
    }
    for (const auto& [id, row] : shelf.pruned) {
      pruned_.push_back({id, row});
    }
    for (const auto& [id, row] : shelf.tenants) {
      tenants_.push_back({id, row});
    }
    for (const auto& [id, row] : shelf.keys) {
      keys_.push_back({id, row});
    }
    for (const auto& [id, row] : shelf.months) {
      months_.push_back({id.first, id.second, row});
    }
    for (const auto& [id, request] : shelf.claims) {
      claims_.push_back({id.first, id.second, request});
    }
  }

  Stored<ledger::HouseRow> house() override { return house_; }
  ledger::Rows<ledger::TenantEntry> tenants() override {
    return sorted(tenants_, [](const auto& a, const auto& b) { return a.tenant < b.tenant; });
  }
  ledger::Rows<ledger::Posting> postings_as_written() override {
    return sorted(postings_, [](const auto&, const auto&) { return false; });
  }
  ledger::Rows<ledger::Posting> postings_by_request() override {
    return sorted(postings_, [](const auto& a, const auto& b) { return a.request < b.request; });
  }
  ledger::Rows<ledger::HoldRow> holds_by_request() override {
    return sorted(holds_, [](const auto& a, const auto& b) { return a.request < b.request; });
  }
  ledger::Rows<ledger::VoidRow> voids_by_request() override {
    return sorted(voids_, [](const auto& a, const auto& b) { return a.request < b.request; });
  }
  ledger::Rows<ledger::Receipt> receipts_by_request() override {
    return sorted(receipts_, [](const auto& a, const auto& b) { return a.id < b.id; });
  }
  ledger::Rows<ledger::Receipt> receipts_by_tenant() override {
    return sorted(receipts_, [](const auto& a, const auto& b) {
      return std::tie(a.tenant, a.sequence) < std::tie(b.tenant, b.sequence);
    });
  }
  ledger::Rows<ledger::Receipt> receipts_by_leaf() override {
    std::vector<ledger::Receipt> logged = receipts_;
    std::erase_if(logged, [](const auto& receipt) { return !receipt.account.valid(); });
    return sorted(std::move(logged), [](const auto& a, const auto& b) { return a.leaf < b.leaf; });
  }
  ledger::Rows<ledger::LeafRow> leaves() override {
    return sorted(leaves_, [](const auto& a, const auto& b) { return a.index < b.index; });
  }
  ledger::Rows<ledger::KeyEntry> keys() override { return in_order(keys_); }
  ledger::Rows<ledger::MonthEntry> months() override { return in_order(months_); }
  ledger::Rows<ledger::ClaimEntry> claims() override { return in_order(claims_); }
  ledger::Rows<ledger::PrunedEntry> pruned() override { return in_order(pruned_); }
  ledger::Rows<ledger::HourEntry> hours() override {
    std::vector<ledger::HourEntry> rows;
    for (const auto& [key, line] : hours_) {
      rows.push_back({std::get<terms::TenantId>(key), line});
    }
    return in_order(std::move(rows));
  }
  Stored<ledger::UsageLine> usage_sum(terms::TenantId tenant) override {
    UsageTable table({});
    for (const auto& [key, line] : hours_) {
      if (std::get<terms::TenantId>(key) == tenant) table.add(line);
    }
    const auto lines = table.lines();
    return lines.empty() ? ledger::UsageLine{} : lines.front();
  }

 private:
  ledger::HouseRow house_;
  std::vector<ledger::TenantEntry> tenants_;
  std::vector<ledger::HoldRow> holds_;
  std::vector<ledger::VoidRow> voids_;
  std::vector<ledger::Receipt> receipts_;
  std::vector<ledger::Posting> postings_;
  std::vector<ledger::LeafRow> leaves_;
  std::vector<ledger::KeyEntry> keys_;
  std::vector<ledger::MonthEntry> months_;
  std::vector<ledger::ClaimEntry> claims_;
  std::vector<ledger::PrunedEntry> pruned_;
  Hours hours_;
};

class MemoryReader final : public ledger::Reader {
 public:
  explicit MemoryReader(std::shared_ptr<Shelf> shelf) : shelf_(std::move(shelf)) {}

  Stored<ledger::Balance> balance(terms::TenantId tenant) override {
    const std::lock_guard lock(shelf_->mutex);
    const auto found = shelf_->tenants.find(tenant);
    if (found == shelf_->tenants.end()) return ledger::Balance{};
    return ledger::Balance{found->second.available, found->second.held};
  }
  Stored<ledger::MonthRow> month(terms::KeyId key, ledger::Month month) override {
    const std::lock_guard lock(shelf_->mutex);
    const auto found = shelf_->months.find({key, month});
    return found == shelf_->months.end() ? ledger::MonthRow{} : found->second;
  }
  Stored<std::optional<ledger::Receipt>> receipt(terms::RequestId id) override {
    const std::lock_guard lock(shelf_->mutex);
    const auto found = shelf_->receipts.find(id);
    if (found == shelf_->receipts.end()) return std::optional<ledger::Receipt>{};
    return std::optional{found->second};
  }
  Stored<std::vector<ledger::Receipt>> receipts(terms::TenantId tenant, base::UnixNs from,
                                                base::UnixNs to, ledger::PageMark after,
                                                std::uint32_t limit) override {
    std::vector<ledger::Receipt> found = receipts_of(tenant, from, to);
    const auto place = [](const ledger::Receipt& r) { return std::tuple{r.time, r.sequence}; };
    std::sort(found.begin(), found.end(),
              [&](const auto& a, const auto& b) { return place(a) < place(b); });
    std::erase_if(found, [&](const ledger::Receipt& r) {
      return after.sequence != 0 && place(r) <= std::tuple{after.time, after.sequence};
    });
    found.resize(std::min<std::size_t>(found.size(), limit));
    return found;
  }
  Stored<std::vector<ledger::Posting>> top_ups(terms::TenantId tenant, base::UnixNs from,
                                               base::UnixNs to, std::uint32_t limit) override {
    const std::lock_guard lock(shelf_->mutex);
    std::vector<ledger::Posting> found;
    for (const ledger::Posting& posting : shelf_->postings) {
      const bool own =
          (posting.kind == ledger::PostingKind::credit && posting.to.tenant == tenant) ||
          (posting.kind == ledger::PostingKind::debit && posting.from.tenant == tenant);
      if (own && posting.time >= from && posting.time < to) found.push_back(posting);
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.time < b.time; });
    found.resize(std::min<std::size_t>(found.size(), limit));
    return found;
  }
  Stored<std::vector<ledger::UsageLine>> usage(terms::TenantId tenant, base::UnixNs from,
                                               base::UnixNs to,
                                               ledger::Grouping grouping) override {
    UsageTable table(grouping);
    for (const ledger::Receipt& receipt : receipts_of(tenant, from, to)) {
      table.add(line_of(receipt));
    }
    const UsageParts parts = parts_of(std::max(from, base::UnixNs{0}), to);
    const std::lock_guard lock(shelf_->mutex);
    for (const auto& [key, line] : shelf_->gone) {
      const std::int64_t hour = line.start.value / ledger::one_hour.value;
      const bool whole = hour >= parts.first_hour && hour < parts.last_hour;
      if (std::get<terms::TenantId>(key) == tenant && whole) table.add(line);
    }
    return table.lines();
  }
  Stored<ledger::PrunedRow> pruned(terms::TenantId tenant) override {
    const std::lock_guard lock(shelf_->mutex);
    const auto found = shelf_->pruned.find(tenant);
    return found == shelf_->pruned.end() ? ledger::PrunedRow{} : found->second;
  }
  Stored<std::uint64_t> open_holds() override {
    const std::lock_guard lock(shelf_->mutex);
    return shelf_->holds.size();
  }
  Stored<std::vector<ledger::LeafRow>> leaves(std::uint64_t first, std::uint32_t limit) override {
    const std::lock_guard lock(shelf_->mutex);
    std::vector<ledger::LeafRow> found;
    for (auto it = shelf_->leaves.lower_bound(first);
         it != shelf_->leaves.end() && found.size() < limit; ++it) {
      found.push_back(it->second);
    }
    return found;
  }
  Stored<std::optional<ledger::LeafRow>> document(const terms::Digest& leaf_hash) override {
    const std::lock_guard lock(shelf_->mutex);
    const auto found = shelf_->documents.find(leaf_hash);
    if (found == shelf_->documents.end()) return std::optional<ledger::LeafRow>{};
    return std::optional{shelf_->leaves.at(found->second)};
  }
  Stored<ledger::Totals> totals() override {
    const std::lock_guard lock(shelf_->mutex);
    ledger::Totals totals;
    totals.revenue = shelf_->house.revenue;
    totals.outside = shelf_->house.outside;
    totals.open_holds = shelf_->holds.size();
    for (const auto& [id, row] : shelf_->tenants) {
      totals.receipts += row.sequence;
      totals.available.value += row.available.value;
      totals.held.value += row.held.value;
    }
    return totals;
  }
  Stored<std::unique_ptr<ledger::Snapshot>> snapshot() override {
    const std::lock_guard lock(shelf_->mutex);
    return std::unique_ptr<ledger::Snapshot>(std::make_unique<MemorySnapshot>(*shelf_));
  }

 private:
  std::vector<ledger::Receipt> receipts_of(terms::TenantId tenant, base::UnixNs from,
                                           base::UnixNs to) {
    const std::lock_guard lock(shelf_->mutex);
    std::vector<ledger::Receipt> found;
    for (const auto& [id, receipt] : shelf_->receipts) {
      if (receipt.tenant == tenant && receipt.time >= from && receipt.time < to) {
        found.push_back(receipt);
      }
    }
    return found;
  }

  std::shared_ptr<Shelf> shelf_;
};

}  // namespace

std::unique_ptr<ledger::Reader> make_reader(std::shared_ptr<Shelf> shelf) {
  return std::make_unique<MemoryReader>(std::move(shelf));
}

}  // namespace memory

MemoryStore open_memory_store() {
  const auto shelf = std::make_shared<memory::Shelf>();
  return {memory::make_journal(shelf), memory::make_reader(shelf)};
}

}  // namespace store

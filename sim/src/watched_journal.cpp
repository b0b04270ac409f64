#include <algorithm>
#include <utility>

#include <receipt/hash.hpp>
#include <settle/commands.hpp>
#include <sim/effects.hpp>

namespace sim {
namespace {

using ledger::Stored;

/// The sabotage that is still to be done; none once it was.
struct Plan {
  Sabotage left = Sabotage::none;

  bool due(Sabotage kind) {
    if (left != kind) return false;
    left = Sabotage::none;
    return true;
  }
};

class WatchedTxn final : public ledger::Txn {
 public:
  WatchedTxn(std::unique_ptr<ledger::Txn> inner, const OnCommit& on_commit, Leases* leases,
             Plan& plan)
      : inner_(std::move(inner)), on_commit_(on_commit), leases_(leases), plan_(plan) {}

  [[nodiscard]] terms::ServerId server() const override { return inner_->server(); }
  Stored<std::vector<terms::ServerId>> lapsed_servers() override {
    return leases_ == nullptr ? std::vector<terms::ServerId>{} : leases_->lapsed();
  }
  Stored<base::Done> forget(terms::ServerId server) override {
    forgotten_.push_back(server);
    return base::Done{};
  }
  Stored<base::Done> expect(const ledger::Expected& expected) override {
    return inner_->expect(expected);
  }

  Stored<ledger::HouseRow> house() override { return inner_->house(); }
  Stored<ledger::TenantRow> tenant(terms::TenantId id) override { return inner_->tenant(id); }
  Stored<ledger::KeyRow> key(terms::KeyId id) override { return inner_->key(id); }
  Stored<ledger::MonthRow> month(terms::KeyId key, ledger::Month month) override {
    return inner_->month(key, month);
  }
  Stored<base::Done> put(const ledger::HouseRow& row) override {
    effects_.house = row;
    return inner_->put(row);
  }
  Stored<base::Done> put(terms::TenantId id, const ledger::TenantRow& row) override {
    ledger::TenantRow put = row;
    if (plan_.due(Sabotage::balance_shifted)) put.available.value += 1;
    effects_.tenants.emplace_back(id, put);
    return inner_->put(id, put);
  }
  Stored<base::Done> put(terms::KeyId id, const ledger::KeyRow& row) override {
    return inner_->put(id, row);
  }
  Stored<base::Done> put(terms::KeyId key, ledger::Month month,
                         const ledger::MonthRow& row) override {
    return inner_->put(key, month, row);
  }

  Stored<std::optional<ledger::HoldRow>> hold(terms::RequestId request) override {
    return inner_->hold(request);
  }
  Stored<base::Done> insert(const ledger::HoldRow& row) override {
    ledger::HoldRow hold = row;
    if (hold.amount.value > 0 && plan_.due(Sabotage::hold_too_small)) hold.amount.value -= 1;
    effects_.history.emplace_back(hold);
    return inner_->insert(hold);
  }
  Stored<base::Done> remove_hold(terms::RequestId request) override {
    if (plan_.due(Sabotage::hold_kept)) return base::Done{};
    effects_.history.emplace_back(HoldRemoved{request});
    return inner_->remove_hold(request);
  }
  Stored<std::vector<ledger::HoldRow>> open_holds(terms::ServerId server, terms::RequestId after,
                                                  std::uint32_t limit) override {
    return inner_->open_holds(server, after, limit);
  }

  Stored<std::optional<terms::RequestId>> claim(terms::TenantId tenant,
                                                const terms::Digest& key) override {
    return inner_->claim(tenant, key);
  }
  Stored<base::Done> insert_claim(terms::TenantId tenant, const terms::Digest& key,
                                  terms::RequestId request) override {
    effects_.history.emplace_back(Claimed{tenant, key, request});
    return inner_->insert_claim(tenant, key, request);
  }
  Stored<base::Done> remove_claim(terms::TenantId tenant, const terms::Digest& key) override {
    effects_.history.emplace_back(Claimed{tenant, key, {}});
    return inner_->remove_claim(tenant, key);
  }

  Stored<base::Done> insert(const ledger::Posting& posting) override {
    using ledger::PostingKind;
    if (posting.kind == PostingKind::release && plan_.due(Sabotage::release_lost)) {
      return base::Done{};
    }
    if (posting.kind == PostingKind::charge && plan_.due(Sabotage::charge_twice)) {
      effects_.history.emplace_back(posting);
      auto first = inner_->insert(posting);
      if (!first) return first;
    }
    effects_.history.emplace_back(posting);
    return inner_->insert(posting);
  }
  Stored<base::Done> insert(const ledger::Receipt& row) override {
    ledger::Receipt receipt = row;
    if (plan_.due(Sabotage::receipt_lost)) return base::Done{};
    if (plan_.due(Sabotage::sequence_skipped)) receipt.sequence += 1;
    if (receipt.previous.valid() && plan_.due(Sabotage::chain_cut)) receipt.previous = {};
    effects_.history.emplace_back(receipt);
    return inner_->insert(receipt);
  }
  Stored<base::Done> insert(const ledger::VoidRow& row) override {
    if (plan_.due(Sabotage::void_lost)) return base::Done{};
    effects_.history.emplace_back(row);
    return inner_->insert(row);
  }
  Stored<base::Done> insert(const ledger::LeafRow& row) override {
    ledger::LeafRow leaf = row;
    const bool receipt = leaf.kind == ledger::LeafKind::receipt;
    if (receipt && plan_.due(Sabotage::leaf_lost)) return base::Done{};
    if (receipt && plan_.due(Sabotage::leaf_of_another)) leaf.value.words[0] ^= 1U;
    if (receipt && plan_.due(Sabotage::leaf_twice)) effects_.history.emplace_back(leaf);
    effects_.history.emplace_back(leaf);
    return inner_->insert(leaf);
  }
  Stored<std::optional<ledger::LeafRow>> document(const terms::Digest& leaf_hash) override {
    return inner_->document(leaf_hash);
  }
  Stored<std::optional<ledger::Receipt>> receipt(terms::RequestId id) override {
    return inner_->receipt(id);
  }
  Stored<bool> is_voided(terms::RequestId request) override { return inner_->is_voided(request); }
  Stored<std::optional<ledger::Posting>> top_up(terms::RequestId request) override {
    return inner_->top_up(request);
  }
  Stored<ledger::PrunedRow> pruned(terms::TenantId tenant) override {
    return inner_->pruned(tenant);
  }
  Stored<std::vector<ledger::Receipt>> oldest_receipts(terms::TenantId tenant,
                                                       std::uint32_t limit) override {
    return inner_->oldest_receipts(tenant, limit);
  }
  Stored<base::Done> prune(terms::TenantId tenant, const ledger::PrunedRow& row) override {
    if (plan_.left == Sabotage::none) {
      effects_.history.emplace_back(MarkMoved{tenant, row});
      return inner_->prune(tenant, row);
    }
    return prune_badly(tenant, row);
  }

  Stored<base::Done> commit() override {
    auto done = inner_->commit();
    if (!done) return done;
    on_commit_(effects_);
    for (const terms::ServerId server : forgotten_) {
      leases_->forgotten(server);
    }
    return done;
  }

 private:
  Stored<base::Done> prune_badly(terms::TenantId tenant, const ledger::PrunedRow& row) {
    const auto oldest = inner_->oldest_receipts(tenant, settle::prune_at_once);
    if (!oldest) return base::Fail{oldest.error()};
    ledger::PrunedRow mark = row;
    if (oldest->back().sequence > row.sequence && plan_.due(Sabotage::goes_too_far)) {
      mark = one_further(*oldest, row);
    }
    if (row.charge.value > 0 && plan_.due(Sabotage::mark_of_less)) mark.charge.value -= 1;
    if (plan_.due(Sabotage::mark_of_another)) mark.chain.words[0] ^= 1U;
    effects_.history.emplace_back(MarkMoved{tenant, mark});
    if (oldest->back().sequence > row.sequence && plan_.due(Sabotage::goes_in_silence)) {
      mark = one_further(*oldest, row);
    }
    const auto pruned = inner_->prune(tenant, mark);
    if (pruned && plan_.due(Sabotage::comes_back)) return inner_->insert(oldest->front());
    return pruned;
  }
  /// The mark behind one receipt more than the one at `row`.
  static ledger::PrunedRow one_further(const std::vector<ledger::Receipt>& oldest,
                                       ledger::PrunedRow row) {
    const auto next = std::ranges::find(oldest, row.sequence + 1, &ledger::Receipt::sequence);
    const terms::Usage& usage = next->usage;
    row.sequence += 1;
    row.logged += 1;
    row.tokens += std::uint64_t{usage.input.value} + usage.cached.value + usage.output.value;
    row.charge.value += next->charge.value;
    row.time = std::max(row.time, next->time);
    row.chain = receipt::marks_of(*next).hash;
    return row;
  }

  std::unique_ptr<ledger::Txn> inner_;
  const OnCommit& on_commit_;
  Leases* leases_;
  Plan& plan_;
  Effects effects_;
  std::vector<terms::ServerId> forgotten_;
};

class WatchedJournal final : public ledger::Journal {
 public:
  WatchedJournal(ledger::Journal& inner, OnCommit on_commit, Leases* leases, Sabotage sabotage)
      : inner_(inner), on_commit_(std::move(on_commit)), leases_(leases), plan_{sabotage} {}

  Stored<std::unique_ptr<ledger::Txn>> begin() override {
    auto txn = inner_.begin();
    if (!txn) return txn;
    return std::unique_ptr<ledger::Txn>(
        std::make_unique<WatchedTxn>(std::move(txn).value(), on_commit_, leases_, plan_));
  }

 private:
  ledger::Journal& inner_;
  OnCommit on_commit_;
  Leases* leases_;
  Plan plan_;
};

}  // namespace

std::unique_ptr<ledger::Journal> make_watched(ledger::Journal& inner, OnCommit on_commit,
                                              Leases* leases, Sabotage sabotage) {
  return std::make_unique<WatchedJournal>(inner, std::move(on_commit), leases, sabotage);
}

}  // namespace sim

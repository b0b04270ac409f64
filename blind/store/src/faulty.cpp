#include <store/faulty.hpp>

#include <utility>

namespace store {
namespace {

using ledger::Stored;

class FaultyTxn final : public ledger::Txn {
 public:
  FaultyTxn(std::unique_ptr<ledger::Txn> inner, FaultPlan& plan, ledger::StoreError error)
      : inner_(std::move(inner)), plan_(plan), error_(error) {}

  [[nodiscard]] terms::ServerId server() const override { return inner_->server(); }
  Stored<std::vector<terms::ServerId>> lapsed_servers() override {
    return read([&] { return inner_->lapsed_servers(); });
  }
  Stored<base::Done> forget(terms::ServerId server) override {
    return write([&] { return inner_->forget(server); });
  }
  Stored<base::Done> expect(const ledger::Expected& expected) override {
    return inner_->expect(expected);
  }

  Stored<ledger::HouseRow> house() override {
    return read([&] { return inner_->house(); });
  }
  Stored<ledger::TenantRow> tenant(terms::TenantId id) override {
    return read([&] { return inner_->tenant(id); });
  }
  Stored<ledger::KeyRow> key(terms::KeyId id) override {
    return read([&] { return inner_->key(id); });
  }
  Stored<ledger::MonthRow> month(terms::KeyId key, ledger::Month month) override {
    return read([&] { return inner_->month(key, month); });
  }
  Stored<base::Done> put(const ledger::HouseRow& row) override {
    return write([&] { return inner_->put(row); });
  }
  Stored<base::Done> put(terms::TenantId id, const ledger::TenantRow& row) override {
    return write([&] { return inner_->put(id, row); });
  }
  Stored<base::Done> put(terms::KeyId id, const ledger::KeyRow& row) override {
    return write([&] { return inner_->put(id, row); });
  }
  Stored<base::Done> put(terms::KeyId key, ledger::Month month,
                         const ledger::MonthRow& row) override {
    return write([&] { return inner_->put(key, month, row); });
  }

  Stored<std::optional<ledger::HoldRow>> hold(terms::RequestId request) override {
    return read([&] { return inner_->hold(request); });
  }
  Stored<base::Done> insert(const ledger::HoldRow& row) override {
    return write([&] { return inner_->insert(row); });
  }
  Stored<base::Done> remove_hold(terms::RequestId request) override {
    return write([&] { return inner_->remove_hold(request); });
  }
  Stored<std::vector<ledger::HoldRow>> open_holds(terms::ServerId server, terms::RequestId after,
                                                  std::uint32_t limit) override {
    return read([&] { return inner_->open_holds(server, after, limit); });
  }

  Stored<std::optional<terms::RequestId>> claim(terms::TenantId tenant,
                                                const terms::Digest& key) override {
    return read([&] { return inner_->claim(tenant, key); });
  }
  Stored<base::Done> insert_claim(terms::TenantId tenant, const terms::Digest& key,
                                  terms::RequestId request) override {
    return write([&] { return inner_->insert_claim(tenant, key, request); });
  }
  Stored<base::Done> remove_claim(terms::TenantId tenant, const terms::Digest& key) override {
    return write([&] { return inner_->remove_claim(tenant, key); });
  }

  Stored<base::Done> insert(const ledger::Posting& posting) override {
    return write([&] { return inner_->insert(posting); });
  }
  Stored<base::Done> insert(const ledger::Receipt& receipt) override {
    return write([&] { return inner_->insert(receipt); });
  }
  Stored<base::Done> insert(const ledger::VoidRow& row) override {
    return write([&] { return inner_->insert(row); });
  }
  Stored<base::Done> insert(const ledger::LeafRow& row) override {
    return write([&] { return inner_->insert(row); });
  }
  Stored<std::optional<ledger::Receipt>> receipt(terms::RequestId id) override {
    return read([&] { return inner_->receipt(id); });
  }
  Stored<bool> is_voided(terms::RequestId request) override {
    return read([&] { return inner_->is_voided(request); });
  }
  Stored<std::optional<ledger::Posting>> top_up(terms::RequestId request) override {
    return read([&] { return inner_->top_up(request); });
  }
  Stored<std::optional<ledger::LeafRow>> document(const terms::Digest& leaf_hash) override {
    return read([&] { return inner_->document(leaf_hash); });
  }

  Stored<ledger::PrunedRow> pruned(terms::TenantId tenant) override {
    return read([&] { return inner_->pruned(tenant); });
  }
  Stored<std::vector<ledger::Receipt>> oldest_receipts(terms::TenantId tenant,
                                                       std::uint32_t limit) override {
    return read([&] { return inner_->oldest_receipts(tenant, limit); });
  }
  Stored<base::Done> prune(terms::TenantId tenant, const ledger::PrunedRow& row) override {
    return write([&] { return inner_->prune(tenant, row); });
  }

  Stored<base::Done> commit() override {
    return call<base::Done>(FaultPoint::commit, [&] { return inner_->commit(); });
  }

 private:
  template <class T, class Inner>
  Stored<T> call(FaultPoint point, Inner inner) {
    const Fault fault = broken_ ? Fault::fails : plan_.next(point);
    if (fault == Fault::fails) {
      broken_ = true;
      return base::Fail{error_};
    }
    Stored<T> result = inner();
    if (fault == Fault::lies || !result) {
      broken_ = true;
      return base::Fail{result ? error_ : result.error()};
    }
    return result;
  }
  template <class Inner>
  auto read(Inner inner) -> decltype(inner()) {
    using T = std::decay_t<decltype(inner().value())>;
    return call<T>(FaultPoint::read, inner);
  }
  template <class Inner>
  Stored<base::Done> write(Inner inner) {
    return call<base::Done>(FaultPoint::write, inner);
  }

  std::unique_ptr<ledger::Txn> inner_;
  FaultPlan& plan_;
  ledger::StoreError error_;
  bool broken_ = false;
};

class FaultyJournal final : public ledger::Journal {
 public:
  FaultyJournal(ledger::Journal& inner, FaultPlan& plan, ledger::StoreError error)
      : inner_(inner), plan_(plan), error_(error) {}

  Stored<std::unique_ptr<ledger::Txn>> begin() override {
    if (plan_.next(FaultPoint::begin) != Fault::none) {
      return base::Fail{error_};
    }
    auto txn = inner_.begin();
    if (!txn) return txn;
    return std::unique_ptr<ledger::Txn>(
        std::make_unique<FaultyTxn>(std::move(txn).value(), plan_, error_));
  }

 private:
  ledger::Journal& inner_;
  FaultPlan& plan_;
  ledger::StoreError error_;
};

}  // namespace

Fault OneFault::next(FaultPoint point) {
  if (point != point_ || left_ == 0) {
    return Fault::none;
  }
  left_ -= 1;
  return left_ == 0 ? fault_ : Fault::none;
}

Fault SeededFaults::next(FaultPoint point) {
  // SplitMix64 (Steele, Lea, Flood 2014).
  state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  z ^= z >> 31;
  if (z % 1000 >= per_mille_) {
    return Fault::none;
  }
  return point == FaultPoint::commit && (z >> 32) % 2 == 0 ? Fault::lies : Fault::fails;
}

std::unique_ptr<ledger::Journal> make_faulty(ledger::Journal& inner, FaultPlan& plan,
                                             ledger::StoreError error) {
  return std::make_unique<FaultyJournal>(inner, plan, error);
}

}  // namespace store

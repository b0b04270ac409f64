// One transaction: reads are remembered, writes are kept until commit() and go in one round trip.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <ledger/journal.hpp>

#include "pg/rows.hpp"
#include "pg/writer.hpp"

namespace store::pg {

/// One line of usage_hours.
using UsageKey =
    std::tuple<std::uint64_t, std::int64_t, std::uint64_t, std::uint64_t, std::uint64_t>;
struct UsageSum {
  std::uint64_t requests = 0;
  std::uint64_t input = 0;
  std::uint64_t cached = 0;
  std::uint64_t output = 0;
  std::int64_t charge = 0;
};

/// Rows as the transaction sees them: as they were read, or as it has written them since.
template <class Key, class Row>
struct Known {
  struct Cell {
    Row row;
    bool written = false;
  };
  std::map<Key, Cell> cells;

  [[nodiscard]] const Row* find(const Key& key) const {
    const auto found = cells.find(key);
    return found == cells.end() ? nullptr : &found->second.row;
  }
  /// What is known already is newer than what was read.
  void learn(const Key& key, Row row) { cells.try_emplace(key, Cell{std::move(row), false}); }
  void write(const Key& key, Row row) { cells.insert_or_assign(key, Cell{std::move(row), true}); }
};

class PgTxn final : public ledger::Txn {
 public:
  using MonthKey = std::pair<terms::KeyId, ledger::Month>;
  using ClaimKey = std::pair<terms::TenantId, terms::Digest>;
  template <class Row>
  using Maybe = std::optional<Row>;

  /// `writer` has begun a transaction, read `house` under the lock, and outlives this.
  PgTxn(Writer& writer, const ledger::HouseRow& house) : writer_(writer), house_(house) {}
  ~PgTxn() override;

  terms::ServerId server() const override { return writer_.server(); }
  Stored<base::Done> expect(const ledger::Expected& expected) override;
  Stored<std::vector<terms::ServerId>> lapsed_servers() override;
  Stored<base::Done> forget(terms::ServerId server) override;

  Stored<ledger::HouseRow> house() override;
  Stored<ledger::TenantRow> tenant(terms::TenantId id) override;
  Stored<ledger::KeyRow> key(terms::KeyId id) override;
  Stored<ledger::MonthRow> month(terms::KeyId key, ledger::Month month) override;
  Stored<base::Done> put(const ledger::HouseRow& row) override;
  Stored<base::Done> put(terms::TenantId id, const ledger::TenantRow& row) override;
  Stored<base::Done> put(terms::KeyId id, const ledger::KeyRow& row) override;
  Stored<base::Done> put(terms::KeyId key, ledger::Month month,
                         const ledger::MonthRow& row) override;

  Stored<Maybe<ledger::HoldRow>> hold(terms::RequestId request) override;
  Stored<base::Done> insert(const ledger::HoldRow& row) override;
  Stored<base::Done> remove_hold(terms::RequestId request) override;
  Stored<std::vector<ledger::HoldRow>> open_holds(terms::ServerId server, terms::RequestId after,
                                                  std::uint32_t limit) override;

  Stored<Maybe<terms::RequestId>> claim(terms::TenantId tenant, const terms::Digest& key) override;
  Stored<base::Done> insert_claim(terms::TenantId tenant, const terms::Digest& key,
                                  terms::RequestId request) override;
  Stored<base::Done> remove_claim(terms::TenantId tenant, const terms::Digest& key) override;

  Stored<base::Done> insert(const ledger::Posting& posting) override;
  Stored<base::Done> insert(const ledger::Receipt& receipt) override;
  Stored<base::Done> insert(const ledger::VoidRow& row) override;
  Stored<base::Done> insert(const ledger::LeafRow& row) override;
  Stored<Maybe<ledger::Receipt>> receipt(terms::RequestId id) override;
  Stored<bool> is_voided(terms::RequestId request) override;
  Stored<Maybe<ledger::Posting>> top_up(terms::RequestId request) override;
  Stored<Maybe<ledger::LeafRow>> document(const terms::Digest& leaf_hash) override;

  Stored<ledger::PrunedRow> pruned(terms::TenantId tenant) override;
  Stored<std::vector<ledger::Receipt>> oldest_receipts(terms::TenantId tenant,
                                                       std::uint32_t limit) override;
  Stored<base::Done> prune(terms::TenantId tenant, const ledger::PrunedRow& row) override;

  Stored<base::Done> commit() override;

 private:
  /// One more read is queued, and what its answer teaches.
  using Learn = void (PgTxn::*)(const Rows&);
  struct Asked {
    Query query;
    Parameters parameters;
    Learn learn;
  };
  Stored<base::Done> fetch(const std::vector<Asked>& asked);

  void learn_holds(const Rows& rows);
  void learn_receipts(const Rows& rows);
  void learn_voids(const Rows& rows);
  void learn_top_ups(const Rows& rows);
  void learn_claims(const Rows& rows);
  void learn_tenants(const Rows& rows);
  void learn_keys(const Rows& rows);
  void learn_months(const Rows& rows);
  void learn_documents(const Rows& rows);
  void learn_last_leaf(const Rows& rows);
  void learn_pruned(const Rows& rows);
  void learn_what_is_not_there(const ledger::Expected& expected);

  /// A rule of the tables, told at once and not only by the commit.
  Stored<base::Done> good(bool holds);
  template <class Row>
  Stored<base::Done> insert_new(Known<terms::RequestId, Maybe<Row>>& known, terms::RequestId id,
                                const Row& row);
  Stored<std::int64_t> artefacts_of(const ledger::Receipt& receipt);
  void count_usage(const ledger::Receipt& receipt);

  void queue_rows();
  void queue_holds();
  void queue_claims();
  void queue_usage();
  void queue_pruned();
  void queue_table(Query query, const Columns& columns);

  Writer& writer_;
  bool open_ = true;
  bool broken_ = false;
  ledger::HouseRow house_;
  bool house_written_ = false;
  Known<terms::TenantId, ledger::TenantRow> tenants_;
  Known<terms::KeyId, ledger::KeyRow> keys_;
  Known<MonthKey, ledger::MonthRow> months_;
  Known<terms::RequestId, Maybe<ledger::HoldRow>> holds_;
  Known<ClaimKey, Maybe<terms::RequestId>> claims_;
  Known<terms::RequestId, Maybe<ledger::Receipt>> receipts_;
  Known<terms::RequestId, Maybe<ledger::VoidRow>> voids_;
  Known<terms::RequestId, Maybe<ledger::Posting>> top_ups_;
  Known<terms::Digest, Maybe<ledger::LeafRow>> documents_;
  std::optional<std::int64_t> last_leaf_;  ///< The highest index there is; -1 = none.
  std::vector<terms::RequestId> removed_holds_;
  std::vector<ClaimKey> removed_claims_;
  std::vector<terms::ServerId> forgotten_;
  Columns new_postings_{posting_types};
  Columns new_receipts_{receipt_own_types};
  Columns new_voids_{void_types};
  Columns new_leaves_{leaf_types};
  Known<terms::TenantId, ledger::PrunedRow> pruned_;
  std::map<UsageKey, UsageSum> usage_;
  std::map<std::pair<terms::TenantId, ledger::Month>, ledger::Carried> tenant_months_;
  std::map<Artefacts, std::int64_t> new_artefacts_;
};

}  // namespace store::pg

// The statements of the writing connection, prepared once, and a transaction over them.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <ledger/journal.hpp>

#include "sqlite/connection.hpp"

namespace store::sqlite {

enum class Query : std::uint32_t {
  begin,
  commit,
  rollback,
  get_house,
  put_house,
  get_tenant,
  put_tenant,
  get_key,
  put_key,
  get_month,
  put_month,
  get_hold,
  insert_hold,
  remove_hold,
  open_holds,
  get_claim,
  insert_claim,
  remove_claim,
  insert_posting,
  top_up,
  insert_void,
  get_void,
  insert_receipt,
  get_receipt,
  get_artefacts,
  insert_artefacts,
  insert_leaf,
  get_document,
  add_usage,
  add_month,
  get_pruned,
  put_pruned,
  oldest_receipts,
  remove_receipts,
  count_
};

/// One line of usage_hours.
struct UsageKey {
  std::uint64_t tenant = 0;
  std::int64_t hour = 0;
  std::uint64_t key = 0;
  std::uint64_t model = 0;
  std::uint64_t price_list = 0;
  friend auto operator<=>(const UsageKey&, const UsageKey&) = default;
};
struct UsageSum {
  std::uint64_t requests = 0;
  std::uint64_t input = 0;
  std::uint64_t cached = 0;
  std::uint64_t output = 0;
  std::int64_t charge = 0;
};

/// One line of tenant_months.
struct TenantMonth {
  std::uint64_t tenant = 0;
  std::int32_t month = 0;
  friend auto operator<=>(const TenantMonth&, const TenantMonth&) = default;
};
struct TenantMonthSum {
  std::int64_t credited = 0;
  std::int64_t charged = 0;
};

/// The writing connection. A new one is opened after each error.
class Writer {
 public:
  static Stored<std::unique_ptr<Writer>> open(const std::filesystem::path& file, Mode mode,
                                              const SqliteOptions& options);

  [[nodiscard]] const Statement& operator[](Query query) const {
    return statements_[static_cast<std::size_t>(query)];
  }
  [[nodiscard]] const Connection& connection() const { return *connection_; }

  [[nodiscard]] bool failed() const { return failed_; }
  void mark_failed() { failed_ = true; }

 private:
  std::unique_ptr<Connection> connection_;  // outlives its statements
  std::array<Statement, static_cast<std::size_t>(Query::count_)> statements_;
  bool failed_ = false;
};

class SqliteTxn final : public ledger::Txn {
 public:
  /// `writer` has begun a transaction and outlives this.
  explicit SqliteTxn(Writer& writer) : writer_(writer) {}
  ~SqliteTxn() override;

  Stored<ledger::HouseRow> house() override;
  Stored<ledger::TenantRow> tenant(terms::TenantId id) override;
  Stored<ledger::KeyRow> key(terms::KeyId id) override;
  Stored<ledger::MonthRow> month(terms::KeyId key, ledger::Month month) override;
  Stored<base::Done> put(const ledger::HouseRow& row) override;
  Stored<base::Done> put(terms::TenantId id, const ledger::TenantRow& row) override;
  Stored<base::Done> put(terms::KeyId id, const ledger::KeyRow& row) override;
  Stored<base::Done> put(terms::KeyId key, ledger::Month month,
                         const ledger::MonthRow& row) override;

  Stored<std::optional<ledger::HoldRow>> hold(terms::RequestId request) override;
  Stored<base::Done> insert(const ledger::HoldRow& row) override;
  Stored<base::Done> remove_hold(terms::RequestId request) override;
  Stored<std::vector<ledger::HoldRow>> open_holds(terms::ServerId server, terms::RequestId after,
                                                  std::uint32_t limit) override;

  Stored<std::optional<terms::RequestId>> claim(terms::TenantId tenant,
                                                const terms::Digest& key) override;
  Stored<base::Done> insert_claim(terms::TenantId tenant, const terms::Digest& key,
                                  terms::RequestId request) override;
  Stored<base::Done> remove_claim(terms::TenantId tenant, const terms::Digest& key) override;

  Stored<base::Done> insert(const ledger::Posting& posting) override;
  Stored<base::Done> insert(const ledger::Receipt& receipt) override;
  Stored<base::Done> insert(const ledger::VoidRow& row) override;
  Stored<base::Done> insert(const ledger::LeafRow& row) override;
  Stored<std::optional<ledger::Receipt>> receipt(terms::RequestId id) override;
  Stored<bool> is_voided(terms::RequestId request) override;
  Stored<std::optional<ledger::Posting>> top_up(terms::RequestId request) override;
  Stored<std::optional<ledger::LeafRow>> document(const terms::Digest& leaf_hash) override;

  Stored<ledger::PrunedRow> pruned(terms::TenantId tenant) override;
  Stored<std::vector<ledger::Receipt>> oldest_receipts(terms::TenantId tenant,
                                                       std::uint32_t limit) override;
  Stored<base::Done> prune(terms::TenantId tenant, const ledger::PrunedRow& row) override;

  Stored<base::Done> commit() override;

 private:
  struct Artefacts {
    terms::Digest weights;
    terms::Digest tokenizer;
    terms::Digest price_list;
    std::int64_t id = 0;
  };
  /// Passes a result on and remembers its error.
  template <class T>
  Stored<T> seen(Stored<T> result);
  Stored<base::Done> run(Query query);
  Stored<bool> step(Query query);
  Stored<std::int64_t> artefacts_of(const ledger::Receipt& receipt);
  Stored<base::Done> write_usage();
  Stored<base::Done> write_months();

  Writer& writer_;
  bool open_ = true;
  std::map<UsageKey, UsageSum> usage_;
  std::map<TenantMonth, TenantMonthSum> months_;
  std::vector<Artefacts> artefacts_;  // those of this batch; there are few
};

}  // namespace store::sqlite

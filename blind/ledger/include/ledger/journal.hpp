// The port to whatever keeps the books durable: SQLite, PostgreSQL, memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <base/result.hpp>
#include <ledger/rows.hpp>

namespace ledger {

enum class StoreError : std::uint32_t {
  busy = 1,          ///< Another process holds the store for too long.
  full = 2,          ///< No space left.
  read_only = 3,     ///< The store or its folder may not be written.
  corrupt = 4,       ///< What is stored is not what was written, or breaks a rule of the books.
  gone = 5,          ///< The file or the connection is not there (any more).
  io = 6,            ///< Reading or writing failed.
  newer_schema = 7,  ///< Written by a newer version; this one does not touch it.
  older_schema = 8,  ///< Needs to be migrated first.
};

/// Whether trying again can help without a person doing something.
[[nodiscard]] constexpr bool may_pass(StoreError error) {
  return error == StoreError::busy || error == StoreError::io;
}

template <class T>
using Stored = base::Result<T, StoreError>;

/// What a batch is going to look at.
struct Expected {
  /// Their holds and the rows that those touch, their receipts and voids.
  std::vector<terms::RequestId> requests;
  std::vector<terms::RequestId> top_ups;
  std::vector<terms::TenantId> tenants;
  std::vector<terms::KeyId> keys;
  std::vector<std::pair<terms::TenantId, terms::Digest>> claims;
  Month month_from;  ///< The month before the one of now: a hold may be of either.
};

/// One transaction. Rows that it reads are its own until it ends (a store for several processes
/// locks them). Dropped without commit() it never happened. After an error every further call may
/// fail and commit() does. Used by one thread at a time.
class Txn {
 public:
  Txn() = default;
  Txn(const Txn&) = delete;
  Txn& operator=(const Txn&) = delete;
  virtual ~Txn() = default;

  /// The server that writes, of those that share the store.
  [[nodiscard]] virtual terms::ServerId server() const { return {1}; }
  /// Servers that were not heard of for so long that they are taken for dead. Their holds are to
  /// be ended, then they are forgotten; one that comes back is another server from then on.
  virtual Stored<std::vector<terms::ServerId>> lapsed_servers() {
    return std::vector<terms::ServerId>{};
  }
  virtual Stored<base::Done> forget(terms::ServerId /*server*/) { return base::Done{}; }

  /// Lets a store that is far away fetch in one go what would be read row by row. Changes nothing
  /// else.
  virtual Stored<base::Done> expect(const Expected& /*expected*/) { return base::Done{}; }

  // Rows that are changed. One that was never put reads as all zero.
  virtual Stored<HouseRow> house() = 0;
  virtual Stored<TenantRow> tenant(terms::TenantId id) = 0;
  virtual Stored<KeyRow> key(terms::KeyId id) = 0;
  virtual Stored<MonthRow> month(terms::KeyId key, Month month) = 0;
  virtual Stored<base::Done> put(const HouseRow& row) = 0;
  virtual Stored<base::Done> put(terms::TenantId id, const TenantRow& row) = 0;
  virtual Stored<base::Done> put(terms::KeyId id, const KeyRow& row) = 0;
  virtual Stored<base::Done> put(terms::KeyId key, Month month, const MonthRow& row) = 0;

  // Open holds. A request is inserted once and removed once.
  virtual Stored<std::optional<HoldRow>> hold(terms::RequestId request) = 0;
  virtual Stored<base::Done> insert(const HoldRow& row) = 0;
  virtual Stored<base::Done> remove_hold(terms::RequestId request) = 0;
  /// Up to `limit` open holds of one server (none = of all), in the order of their ids, those
  /// after `after` (none = from the start).
  virtual Stored<std::vector<HoldRow>> open_holds(terms::ServerId server, terms::RequestId after,
                                                  std::uint32_t limit) = 0;

  // Idempotency keys: who has claimed one. A tenant sees only its own.
  virtual Stored<std::optional<terms::RequestId>> claim(terms::TenantId tenant,
                                                        const terms::Digest& key) = 0;
  virtual Stored<base::Done> insert_claim(terms::TenantId tenant, const terms::Digest& key,
                                          terms::RequestId request) = 0;
  virtual Stored<base::Done> remove_claim(terms::TenantId tenant, const terms::Digest& key) = 0;

  // History. Insert-only: what stands there is never changed, and goes only by prune().
  virtual Stored<base::Done> insert(const Posting& posting) = 0;
  virtual Stored<base::Done> insert(const Receipt& receipt) = 0;
  virtual Stored<base::Done> insert(const VoidRow& row) = 0;
  /// A log entry is inserted once, and so is a document's hash.
  virtual Stored<base::Done> insert(const LeafRow& row) = 0;
  virtual Stored<std::optional<Receipt>> receipt(terms::RequestId id) = 0;
  virtual Stored<bool> is_voided(terms::RequestId request) = 0;
  /// The credit or debit with that request id.
  virtual Stored<std::optional<Posting>> top_up(terms::RequestId request) = 0;
  /// The log entry of the document with that leaf hash.
  virtual Stored<std::optional<LeafRow>> document(const terms::Digest& leaf_hash) = 0;

  // The one way in which history goes: a tenant's oldest receipts, up to a mark that tells of them.
  /// All zero: nothing is gone.
  virtual Stored<PrunedRow> pruned(terms::TenantId tenant) = 0;
  /// The receipts behind the mark, in the order of their numbers, at most `limit`.
  virtual Stored<std::vector<Receipt>> oldest_receipts(terms::TenantId tenant,
                                                       std::uint32_t limit) = 0;
  /// Moves the mark to `row` and removes the receipts up to it. Sums of usage keep what they were.
  virtual Stored<base::Done> prune(terms::TenantId tenant, const PrunedRow& row) = 0;

  /// Returns when everything is durable. On an error it is as good as certain that nothing is;
  /// a store may nevertheless find it done after its recovery, so the caller repeats itself by
  /// request id, which is harmless.
  virtual Stored<base::Done> commit() = 0;
};

/// Writes the books. Owned by one thread. A journal that failed tries again by itself with the
/// next begin(), and works when the cause is gone.
class Journal {
 public:
  Journal() = default;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  virtual ~Journal() = default;

  /// One transaction at a time.
  virtual Stored<std::unique_ptr<Txn>> begin() = 0;
};

}  // namespace ledger

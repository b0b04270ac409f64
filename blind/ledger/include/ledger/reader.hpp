// The port for whoever looks at the books and changes nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <ledger/journal.hpp>
#include <ledger/rows.hpp>

namespace ledger {

struct Balance {
  base::Nano available;
  base::Nano held;
  friend constexpr bool operator==(const Balance&, const Balance&) = default;
};

/// Sums over all accounts. revenue + outside + available + held is zero.
struct Totals {
  base::Nano revenue;
  base::Nano outside;
  base::Nano available;
  base::Nano held;
  std::uint64_t open_holds = 0;
  std::uint64_t receipts = 0;
  friend constexpr bool operator==(const Totals&, const Totals&) = default;
};

/// Many requests' tokens together.
using TokenSum = base::Quantity<struct TokenSumTag, std::uint64_t>;

/// What a tenant was credited and charged over some months.
struct Carried {
  base::Nano credited;  ///< Credits less debits; may be below zero.
  base::Nano charged;
  friend constexpr bool operator==(const Carried&, const Carried&) = default;
};

enum class Bucket : std::uint32_t { none = 0, hour = 1, day = 2, month = 3 };

/// How usage is added up: by time, by model, by key, or any of them together.
struct Grouping {
  Bucket bucket = Bucket::none;
  bool by_model = false;
  bool by_key = false;
  bool by_price_list = false;
};

/// One line of usage. What was not grouped by is zero.
struct UsageLine {
  base::UnixNs start;  ///< Of the hour, day or month, UTC.
  terms::ModelId model;
  terms::KeyId key;
  terms::PriceListId price_list;
  std::uint64_t requests = 0;
  TokenSum input;
  TokenSum cached;
  TokenSum output;
  base::Nano charge;
  friend constexpr bool operator==(const UsageLine&, const UsageLine&) = default;
};

/// A place in a tenant's receipts, from which the next page goes on. Zero = from the start.
struct PageMark {
  base::UnixNs time;
  std::uint64_t sequence = 0;
};

/// Rows one after another, so that memory stays flat however many there are. Ends with nothing.
template <class Row>
class Cursor {
 public:
  Cursor() = default;
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  virtual ~Cursor() = default;
  virtual Stored<std::optional<Row>> next() = 0;
};

template <class Row>
using Rows = Stored<std::unique_ptr<Cursor<Row>>>;

struct TenantEntry {
  terms::TenantId tenant;
  TenantRow row;
  friend constexpr bool operator==(const TenantEntry&, const TenantEntry&) = default;
};

struct KeyEntry {
  terms::KeyId key;
  KeyRow row;
  friend bool operator==(const KeyEntry&, const KeyEntry&) = default;
};

struct MonthEntry {
  terms::KeyId key;
  Month month;
  MonthRow row;
  friend constexpr bool operator==(const MonthEntry&, const MonthEntry&) = default;
};

struct ClaimEntry {
  terms::TenantId tenant;
  terms::Digest key;
  terms::RequestId request;
  friend constexpr bool operator==(const ClaimEntry&, const ClaimEntry&) = default;
};

struct PrunedEntry {
  terms::TenantId tenant;
  PrunedRow row;
  friend constexpr bool operator==(const PrunedEntry&, const PrunedEntry&) = default;
};

/// What a tenant used in one hour, by key, model and price list.
struct HourEntry {
  terms::TenantId tenant;
  UsageLine line;
  friend constexpr bool operator==(const HourEntry&, const HourEntry&) = default;
};

/// All books as they stood at one moment, for check() and for moving them. Cursors must not outlive
/// it. Used by one thread.
class Snapshot {
 public:
  Snapshot() = default;
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  virtual ~Snapshot() = default;

  virtual Stored<HouseRow> house() = 0;
  virtual Rows<TenantEntry> tenants() = 0;          ///< By id.
  virtual Rows<Posting> postings_as_written() = 0;  ///< In the order of insertion.
  virtual Rows<Posting> postings_by_request() = 0;
  virtual Rows<HoldRow> holds_by_request() = 0;
  virtual Rows<VoidRow> voids_by_request() = 0;
  virtual Rows<Receipt> receipts_by_request() = 0;
  virtual Rows<Receipt> receipts_by_tenant() = 0;  ///< By tenant, then sequence.
  virtual Rows<Receipt> receipts_by_leaf() = 0;    ///< Those that have a leaf.
  virtual Rows<LeafRow> leaves() = 0;              ///< By index.
  virtual Rows<KeyEntry> keys() = 0;               ///< By id.
  virtual Rows<MonthEntry> months() = 0;           ///< By key, then month.
  virtual Rows<ClaimEntry> claims() = 0;           ///< By tenant, then key.
  virtual Rows<PrunedEntry> pruned() = 0;          ///< By tenant.
  virtual Rows<HourEntry> hours() = 0;             ///< By tenant, hour, key, model, price list.
  /// What a tenant used, all time: from the sums that usage() answers from, if the store has any.
  virtual Stored<UsageLine> usage_sum(terms::TenantId tenant) = 0;
  /// The same of what carried() answers from; nothing where the store keeps no such sums.
  virtual Stored<std::optional<Carried>> month_sum(terms::TenantId tenant);
};

/// Safe to call from any thread. Sees what is committed.
class Reader {
 public:
  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  virtual ~Reader() = default;

  virtual Stored<Balance> balance(terms::TenantId tenant) = 0;
  virtual Stored<MonthRow> month(terms::KeyId key, Month month) = 0;
  virtual Stored<std::optional<Receipt>> receipt(terms::RequestId id) = 0;
  /// The tenant's receipts of from <= time < to, oldest first, after `after`, at most `limit`.
  virtual Stored<std::vector<Receipt>> receipts(terms::TenantId tenant, base::UnixNs from,
                                                base::UnixNs to, PageMark after,
                                                std::uint32_t limit) = 0;
  /// The tenant's credits and debits of from <= time < to, oldest first, at most `limit`.
  virtual Stored<std::vector<Posting>> top_ups(terms::TenantId tenant, base::UnixNs from,
                                               base::UnixNs to, std::uint32_t limit) = 0;
  /// What the tenant used in from <= time < to, in the order of (start, model, key, price list).
  /// Of receipts that are gone it knows whole hours only.
  /// Cost: by hours, not by requests.
  virtual Stored<std::vector<UsageLine>> usage(terms::TenantId tenant, base::UnixNs from,
                                               base::UnixNs to, Grouping grouping) = 0;
  /// What the tenant was credited and charged in all months before `month`. A store that keeps no
  /// sums by month adds up its hours and top-ups.
  virtual Stored<Carried> carried(terms::TenantId tenant, Month month);
  /// The tenant's receipts numbered above `sequence`, in order, at most `limit`. A store without
  /// such an index walks all of the tenant's.
  virtual Stored<std::vector<Receipt>> receipts_after(terms::TenantId tenant,
                                                      std::uint64_t sequence, std::uint32_t limit);
  /// Everybody's receipts whose log entry is `leaf` or a later one, in the order of the log, at
  /// most `limit`. A store without such an index walks the log from its start.
  virtual Stored<std::vector<Receipt>> receipts_of_leaves(std::uint64_t leaf, std::uint32_t limit);
  /// What of the tenant's receipts is gone.
  virtual Stored<PrunedRow> pruned(terms::TenantId tenant) = 0;
  /// Whether whoever this is may remove receipts at all: on a server, a role may lack the right to.
  virtual Stored<bool> may_prune() { return true; }
  virtual Stored<std::uint64_t> open_holds() = 0;
  /// Log entries from index `first` on, in order, at most `limit`.
  virtual Stored<std::vector<LeafRow>> leaves(std::uint64_t first, std::uint32_t limit) = 0;
  /// The log entry of the document with that leaf hash.
  virtual Stored<std::optional<LeafRow>> document(const terms::Digest& leaf_hash) = 0;
  /// Cost: linear in tenants and receipts.
  virtual Stored<Totals> totals() = 0;
  virtual Stored<std::unique_ptr<Snapshot>> snapshot() = 0;
};

}  // namespace ledger

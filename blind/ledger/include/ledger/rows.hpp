// The rows of the books. Every amount is in nano-units, every time UTC.
#pragma once

#include <cstdint>
#include <tuple>

#include <base/blind.hpp>
#include <base/quantity.hpp>
#include <ledger/rate_window.hpp>
#include <terms/ids.hpp>
#include <terms/prices.hpp>
#include <terms/usage.hpp>

namespace ledger {

/// Calendar months since January 1970, UTC.
using Month = base::Quantity<struct MonthTag, std::int32_t>;

/// Stored: never renumber.
enum class AccountKind : std::uint32_t {
  outside = 1,    ///< The world's money; the only account that goes below zero. One.
  revenue = 2,    ///< What the operator has earned. One.
  available = 3,  ///< What a tenant may spend. One per tenant.
  held = 4,       ///< What is set aside for a tenant's running requests. One per tenant.
};

struct AccountId {
  AccountKind kind = AccountKind::outside;
  std::uint32_t unused = 0;  ///< Names the padding: nothing may hide there.
  terms::TenantId tenant;    ///< None for outside and revenue.

  static consteval auto fields() {
    return std::tuple{&AccountId::kind, &AccountId::unused, &AccountId::tenant};
  }
  friend constexpr auto operator<=>(const AccountId&, const AccountId&) = default;
};

/// Stored: never renumber.
enum class PostingKind : std::uint32_t {
  credit = 1,   ///< outside -> available
  debit = 2,    ///< available -> outside
  hold = 3,     ///< available -> held
  charge = 4,   ///< held -> revenue: what a request used
  release = 5,  ///< held -> available: what a settled request did not use
  voided = 6,   ///< held -> available: all of a request that failed before its first token
};

/// A transfer. What leaves one account enters the other, so the sum of all accounts stays zero.
struct Posting {
  terms::RequestId request;
  AccountId from;
  AccountId to;
  base::Nano amount;  ///< > 0
  base::UnixNs time;
  PostingKind kind = PostingKind::credit;
  std::uint32_t unused = 0;  ///< Names the padding: nothing may hide there.

  static consteval auto fields() {
    return std::tuple{&Posting::request, &Posting::from, &Posting::to,    &Posting::amount,
                      &Posting::time,    &Posting::kind, &Posting::unused};
  }
  friend constexpr bool operator==(const Posting&, const Posting&) = default;
};
static_assert(base::Blind<Posting>);

/// The operator's two accounts, whose sum is minus what the tenants have, and the log's size.
struct HouseRow {
  base::Nano revenue;
  base::Nano outside;
  std::uint64_t leaves = 0;  ///< Of the transparency log; the next one's index.
  friend constexpr bool operator==(const HouseRow&, const HouseRow&) = default;
};

/// A tenant's two accounts and the end of its chain of receipts.
struct TenantRow {
  base::Nano available;        ///< >= 0
  base::Nano held;             ///< >= 0; the sum of the tenant's open holds.
  std::uint64_t sequence = 0;  ///< Of its last receipt; 0 = none yet.
  terms::Digest chain;         ///< Hash of its last receipt; none = none yet.
  base::Nano credited = {};    ///< >= 0; all that ever came in, less what went back out.
  friend constexpr bool operator==(const TenantRow&, const TenantRow&) = default;
};

/// What a key has running, and what it used in the last minute (only where it has that limit).
struct KeyRow {
  std::uint64_t open = 0;  ///< Its open holds.
  RateWindow requests;
  RateWindow tokens;
  friend bool operator==(const KeyRow&, const KeyRow&) = default;
};

/// What a key spends in a month. A hold belongs to the month in which it was made, and so does
/// its charge, whenever it settles.
struct MonthRow {
  base::Nano spent;  ///< >= 0
  base::Nano held;   ///< >= 0
  friend constexpr bool operator==(const MonthRow&, const MonthRow&) = default;
};

/// Money set aside for one running request. The row is gone when the request has ended.
struct HoldRow {
  terms::RequestId request;
  terms::ServerId server;  ///< Whose hold it is: who ends it, and whose recovery does.
  terms::TenantId tenant;
  terms::Pseudonym account;  ///< What the receipt will call the tenant.
  terms::KeyId key;
  terms::ModelId model;
  terms::PriceListId price_list;
  terms::Digest price_list_hash;
  terms::Prices prices;       ///< The settlement uses these, whatever is published meanwhile.
  terms::Digest idempotency;  ///< The claim to free if it is voided; none = no claim.
  base::Nano amount;          ///< >= 0
  base::UnixNs held_at;
  base::UnixNs reserved_at;  ///< Where its tokens stand in KeyRow::tokens; 0 = they do not.
  base::Tokens input;
  base::Tokens output_granted;

  static consteval auto fields() {
    return std::tuple{&HoldRow::request,       &HoldRow::server,
                      &HoldRow::tenant,        &HoldRow::account,
                      &HoldRow::key,           &HoldRow::model,
                      &HoldRow::price_list,    &HoldRow::price_list_hash,
                      &HoldRow::prices,        &HoldRow::idempotency,
                      &HoldRow::amount,        &HoldRow::held_at,
                      &HoldRow::reserved_at,   &HoldRow::input,
                      &HoldRow::output_granted};
  }
  friend constexpr bool operator==(const HoldRow&, const HoldRow&) = default;
};
static_assert(base::Blind<HoldRow>);

/// A request that ended without a charge.
struct VoidRow {
  terms::RequestId request;
  terms::TenantId tenant;
  base::UnixNs time;

  static consteval auto fields() {
    return std::tuple{&VoidRow::request, &VoidRow::tenant, &VoidRow::time};
  }
  friend constexpr bool operator==(const VoidRow&, const VoidRow&) = default;
};
static_assert(base::Blind<VoidRow>);

/// What a request was charged and why, in numbers. Insert-only.
///
/// One of before there was a log has no account: it has no salt and no leaf either, its
/// balance_after is what was available alone, and no chain is checked through it.
struct Receipt {
  terms::RequestId id;  ///< The request's.
  terms::TenantId tenant;
  terms::Pseudonym account;
  terms::KeyId key;
  std::uint64_t sequence = 0;  ///< The tenant's receipts are 1, 2, 3 ... without a gap.
  terms::ModelId model;
  terms::PriceListId price_list;
  terms::Digest price_list_hash;  ///< SHA-256 of its canonical JSON.
  terms::Prices prices;
  terms::Digest weights;
  terms::Digest tokenizer;
  terms::Digest output;    ///< Over the output token ids.
  terms::Digest previous;  ///< Hash of the tenant's receipt before this one; none for the first.
  base::UnixNs held_at;
  base::UnixNs time;  ///< Of the settlement.
  base::Nano charge;
  base::Nano balance_after;  ///< What the tenant has once this was settled, available and held.
  base::Nano credited;       ///< TenantRow::credited at that moment.
  terms::Digest salt;        ///< Hides the receipt behind its commitment in the log.
  std::uint64_t leaf = 0;    ///< Of that commitment: its index.
  terms::Usage usage;
  terms::EndReason end = terms::EndReason::stop;

  static consteval auto fields() {
    return std::tuple{&Receipt::id,
                      &Receipt::tenant,
                      &Receipt::account,
                      &Receipt::key,
                      &Receipt::sequence,
                      &Receipt::model,
                      &Receipt::price_list,
                      &Receipt::price_list_hash,
                      &Receipt::prices,
                      &Receipt::weights,
                      &Receipt::tokenizer,
                      &Receipt::output,
                      &Receipt::previous,
                      &Receipt::held_at,
                      &Receipt::time,
                      &Receipt::charge,
                      &Receipt::balance_after,
                      &Receipt::credited,
                      &Receipt::salt,
                      &Receipt::leaf,
                      &Receipt::usage,
                      &Receipt::end};
  }
  friend constexpr bool operator==(const Receipt&, const Receipt&) = default;
};
static_assert(base::Blind<Receipt>);

/// What a tenant's receipts were that are not kept any more: its first ones. With this the chain,
/// the balances and the sums are checked on from behind them. It only moves forward.
struct PrunedRow {
  std::uint64_t sequence = 0;  ///< Of the last one: 1 .. sequence are gone; 0 = none is.
  std::uint64_t logged = 0;    ///< How many of them have an entry in the log, which stays.
  std::uint64_t tokens = 0;    ///< Input, cached and output of all of them.
  base::Nano charge = {};      ///< >= 0; of all of them.
  base::UnixNs time = {};      ///< The latest of their times.
  terms::Digest chain = {};    ///< Hash of the last one; none = it is of before there was a log.
  friend constexpr bool operator==(const PrunedRow&, const PrunedRow&) = default;
};

/// Stored: never renumber.
enum class LeafKind : std::uint32_t {
  receipt = 1,   ///< The value is the entry itself: the commitment to a receipt.
  document = 2,  ///< The value is the leaf hash; the entry is kept by who published it.
};

/// An entry of the transparency log. Insert-only, numbered 0, 1, 2 ... without a gap.
struct LeafRow {
  std::uint64_t index = 0;
  terms::Digest value = {};
  LeafKind kind = LeafKind::receipt;
  std::uint32_t unused = 0;  ///< Names the padding: nothing may hide there.

  static consteval auto fields() {
    return std::tuple{&LeafRow::index, &LeafRow::value, &LeafRow::kind, &LeafRow::unused};
  }
  friend constexpr bool operator==(const LeafRow&, const LeafRow&) = default;
};
static_assert(base::Blind<LeafRow>);

}  // namespace ledger

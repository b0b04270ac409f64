// The hall's commands to the books, and the books' answers. Numbers only.
#pragma once

#include <cstdint>
#include <tuple>
#include <variant>

#include <base/blind.hpp>
#include <base/quantity.hpp>
#include <ledger/limits.hpp>
#include <price/price.hpp>
#include <terms/ids.hpp>
#include <terms/usage.hpp>

namespace settle {

using ledger::Limits;

/// Set money aside for the highest possible charge of a request.
struct Hold {
  terms::RequestId request;  ///< Fresh; becomes the receipt's id.
  terms::TenantId tenant;
  terms::Pseudonym account;  ///< The tenant's, for the receipt.
  terms::KeyId key;
  terms::ModelId model;
  terms::PriceListId price_list;
  terms::Digest price_list_hash;
  price::Prices prices;  ///< Of that list; the settlement uses these, whatever comes.
  Limits limits;
  terms::Digest idempotency;  ///< Salted; unique per tenant and key; none = not asked for.
  base::UnixNs now;
  base::Tokens input;
  base::Tokens output_max;  ///< All choices together; a multiple of `choices`.
  std::uint32_t choices = 1;
  /// true: output_max was asked for, all of it must be payable. false: it is only the context's
  /// bound, and as much of it is granted as balance, cap and limits pay for (at least one token
  /// per choice).
  std::uint32_t output_asked = 0;

  static consteval auto fields() {
    return std::tuple{&Hold::request,
                      &Hold::tenant,
                      &Hold::account,
                      &Hold::key,
                      &Hold::model,
                      &Hold::price_list,
                      &Hold::price_list_hash,
                      &Hold::prices,
                      &Hold::limits,
                      &Hold::idempotency,
                      &Hold::now,
                      &Hold::input,
                      &Hold::output_max,
                      &Hold::choices,
                      &Hold::output_asked};
  }
};
static_assert(base::Blind<Hold>);

/// End a hold with a charge for what was used, whatever the end was. Exactly once: a second
/// settlement of the same request answers what the first did and changes nothing.
struct Settle {
  terms::RequestId request;
  terms::Digest output;   ///< SHA-256 over the output token ids.
  terms::Digest weights;  ///< Of the model that ran.
  terms::Digest tokenizer;
  terms::Digest salt;  ///< Random; kept with the receipt and told to nobody but its tenant.
  base::UnixNs now;
  terms::Usage usage;
  terms::EndReason end = terms::EndReason::stop;

  static consteval auto fields() {
    return std::tuple{&Settle::request, &Settle::output, &Settle::weights, &Settle::tokenizer,
                      &Settle::salt,    &Settle::now,    &Settle::usage,   &Settle::end};
  }
};
static_assert(base::Blind<Settle>);

/// End a hold without a charge: the request failed before its first token. Frees its idempotency
/// key.
struct Void {
  terms::RequestId request;
  base::UnixNs now;

  static consteval auto fields() { return std::tuple{&Void::request, &Void::now}; }
};
static_assert(base::Blind<Void>);

/// Money from outside into a tenant's balance (amount > 0), or back out (amount < 0, never below
/// the available balance).
struct Credit {
  terms::RequestId request;  ///< Repeated with the same values it counts once, else it is refused.
  terms::TenantId tenant;
  base::Nano amount;
  base::UnixNs now;

  static consteval auto fields() {
    return std::tuple{&Credit::request, &Credit::tenant, &Credit::amount, &Credit::now};
  }
};
static_assert(base::Blind<Credit>);

/// A document enters the log in clear: a price list, a day's liabilities. The books know it by its
/// leaf hash. Saying it again answers the same index.
struct Publish {
  terms::Digest leaf_hash;

  static consteval auto fields() { return std::tuple{&Publish::leaf_hash}; }
};
static_assert(base::Blind<Publish>);

/// Removes the tenant's oldest receipts, as far as one after another is of before a moment, and
/// not more than prune_at_once. A mark tells of them; postings, sums and log entries stay. Where
/// the next one does not follow the mark, nothing goes: broken books keep what they have.
struct Prune {
  terms::TenantId tenant;
  base::UnixNs before;

  static consteval auto fields() { return std::tuple{&Prune::tenant, &Prune::before}; }
};
static_assert(base::Blind<Prune>);
inline constexpr std::uint32_t prune_at_once = 500;

using Command = std::variant<Hold, Settle, Void, Credit, Publish, Prune>;

enum class Refusal : std::uint32_t {
  insufficient_balance = 1,  ///< The highest charge exceeds the available balance.
  cap_reached = 2,           ///< ... or what the key may still spend this month.
  too_many_requests = 3,     ///< requests_per_minute; retry_after is set.
  too_many_tokens = 4,       ///< tokens_per_minute; retry_after is set.
  too_many_parallel = 5,     ///< parallel_requests.
  tokens_over_limit = 6,     ///< The request alone exceeds tokens_per_minute: never possible.
  duplicate = 7,             ///< This idempotency key is in use or was served: see `earlier`.
  unknown_request = 8,       ///< Settle or Void of a request that never held.
  already_ended = 9,         ///< Void of a settled request, or Hold or Settle of a voided one.
  overflow = 10,             ///< An amount does not fit.
  store_unavailable = 11,    ///< The batch was not made durable. Nothing happened. Retry later.
  bad_command = 12,          ///< A bug of the caller: no id, no choices, prices out of range ...
  usage_over_hold = 13,      ///< A bug of the caller: more used than was granted. The hold stays
                             ///< open; settle what was granted, or void.
  other_top_up = 14,         ///< This id credited another amount or tenant. Nothing happened.
};

struct Refused {
  Refusal why = Refusal::store_unavailable;
  base::SpanNs retry_after;      ///< 0 = unknown.
  terms::RequestId earlier;      ///< duplicate: the request that has the key.
  bool earlier_settled = false;  ///< duplicate: it has a receipt already.
};

struct Held {
  base::Tokens output_granted;  ///< All choices together; a multiple of `choices`.
  base::Nano amount;
};

struct Settled {
  base::Nano charge;
  base::Nano balance_after;    ///< Of the tenant, available and held.
  std::uint64_t sequence = 0;  ///< The tenant's receipts are numbered 1, 2, 3 ...
};

struct Voided {};
struct Credited {
  base::Nano balance_after;  ///< Available.
};

struct Published {
  std::uint64_t index = 0;  ///< Of its entry in the log.
};

struct Pruned {
  std::uint64_t receipts = 0;  ///< How many went; prune_at_once: there may be more.
};

using Outcome = std::variant<Refused, Held, Settled, Voided, Credited, Published, Pruned>;

}  // namespace settle

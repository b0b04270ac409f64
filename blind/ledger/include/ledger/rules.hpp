// The rules of double entry: how money moves between accounts, and nothing but these ways.
#pragma once

#include <cstdint>

#include <ledger/limits.hpp>
#include <ledger/working_set.hpp>

namespace ledger {

/// What a hold of this tenant and key could take now.
struct Room {
  base::Nano available;           ///< Of the tenant.
  base::Nano cap_left;            ///< Of the key in this month; the highest amount = no cap.
  bool parallel_full = false;     ///< The key has as many open holds as it may.
  base::SpanNs requests_wait;     ///< Until one more request fits; 0 = now.
  std::uint64_t tokens_left = 0;  ///< That fit into this minute; the highest number = no limit.
};

/// Looks, and changes nothing.
Stored<Room> room_for(WorkingSet& set, terms::TenantId tenant, terms::KeyId key,
                      const Limits& limits, base::UnixNs now);

/// How long until `tokens` (<= tokens_per_minute) fit; 0 = now.
Stored<base::SpanNs> tokens_wait(WorkingSet& set, terms::KeyId key, const Limits& limits,
                                 base::UnixNs now, std::uint64_t tokens);

enum class Moved : std::uint32_t {
  done = 1,
  too_little = 2,  ///< The account has not that much. Nothing happened.
  overflow = 3,    ///< An amount would not fit. Nothing happened.
};

/// Sets hold.amount aside and counts the request against the key's limits. Writes
/// hold.reserved_at. The caller has made sure that the request is new.
Stored<Moved> place(WorkingSet& set, HoldRow hold, const Limits& limits);

/// Ends a hold: `charge` (0 .. hold.amount) becomes revenue, the rest is available again, and so
/// are the tokens of the minute that were not used. Returns the tenant's row, for the receipt.
Stored<TenantRow*> finish(WorkingSet& set, const HoldRow& hold, base::Nano charge,
                          const terms::Usage& usage, base::UnixNs now);

/// Ends a hold as if it had never been, and frees its idempotency key.
Stored<base::Done> undo(WorkingSet& set, const HoldRow& hold, base::UnixNs now);

/// Money from outside (amount > 0) or back (amount < 0; too_little below zero).
Stored<Moved> top_up(WorkingSet& set, terms::TenantId tenant, base::Nano amount,
                     terms::RequestId request, base::UnixNs now);

/// Adds an entry to the log and returns its index.
Stored<std::uint64_t> append_leaf(WorkingSet& set, LeafKind kind, const terms::Digest& value);

}  // namespace ledger

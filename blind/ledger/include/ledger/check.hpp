// Derives the books again from their postings, and says where they are not what they should be.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <ledger/reader.hpp>

namespace ledger {

enum class FindingKind : std::uint32_t {
  posting_malformed = 1,  ///< Not one of the ways that money may move, or not above zero.
  went_below_zero,        ///< After some posting an account of the tenant was below zero.
  available_differs,      ///< Stored balance (found) is not what the postings give (expected).
  held_differs,           ///< The same of the held account.
  house_differs,          ///< The same of revenue or outside.
  sum_not_zero,           ///< Over all accounts as stored.
  holds_differ,           ///< The tenant's open holds (found) are not its held balance (expected).
  hold_differs,           ///< An open hold's row (found) is not what was posted for it (expected).
  held_twice,             ///< More than one hold posted for a request.
  never_ended,            ///< A hold that is neither open, nor settled, nor voided.
  ended_twice,            ///< ... or more than one of them.
  end_differs,       ///< What the end gave back and charged (found) is not the hold (expected).
  receipt_differs,   ///< A receipt's charge (found) is not what was posted (expected).
  receipt_missing,   ///< A charge was posted without a receipt.
  top_up_twice,      ///< A credit or debit was posted more than once.
  owner_differs,     ///< The parts of a request belong to more than one tenant.
  sequence_gap,      ///< A receipt has another number (found) than the next (expected).
  sequence_differs,  ///< The last receipt's number (found) is not the tenant's (expected).
  usage_differs,     ///< A tenant's charges by hour (found) are not its receipts' (expected).
  charge_wrong,      ///< A receipt's charge (found) is not its usage times its prices.
  chain_broken,      ///< A receipt does not point back at the one before it.
  credited_differs,  ///< Stored net top-ups (found) are not what was posted (expected).
  balance_differs,   ///< A receipt's balance_after (found) is not credited - charges (expected).
  leaf_gap,          ///< A log entry has another index (found) than the next (expected).
  leaves_differ,     ///< The size of the log as stored (found) is not its entries (expected).
  leaf_missing,      ///< A receipt without its log entry (found: the index it names).
  leaf_differs,      ///< A log entry (found: its index) that is not the receipt's commitment.
  gone_differs,      ///< Charges without receipts (found) are not those of the mark (expected).
  gone_leaves,       ///< Entries without receipts (found) are not as many as the marks say.
};

/// `expected` and `found` are in the unit of what they tell: nano-units, or a receipt's or an
/// entry's number.
struct Finding {
  FindingKind kind = FindingKind::posting_malformed;
  terms::TenantId tenant;
  terms::RequestId request;
  std::int64_t expected = 0;
  std::int64_t found = 0;
  friend constexpr bool operator==(const Finding&, const Finding&) = default;
};

struct CheckReport {
  std::vector<Finding> findings;    ///< The first ones; empty = the books are right.
  std::uint64_t finding_count = 0;  ///< All of them.
  std::uint64_t postings = 0;
  std::uint64_t receipts = 0;
  std::uint64_t tenants = 0;
  std::uint64_t open_holds = 0;
  std::uint64_t leaves = 0;

  /// Keeps up to 1,000 and counts the rest.
  void add(const Finding& finding);
};

/// Recomputes every balance from the postings, and matches postings, holds, receipts and voids
/// with one another request by request. Receipts that are gone are taken from their tenants' marks:
/// what was posted for them must add up to that. Memory: linear in tenants and open holds, flat in
/// history.
Stored<CheckReport> check(Snapshot& snapshot);

/// The marks of all tenants that have one.
Stored<std::map<terms::TenantId, PrunedRow>> marks_of(Snapshot& snapshot);

}  // namespace ledger

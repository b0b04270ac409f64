// The four passes of check(), each over all books in another order.
#pragma once

#include <ledger/check.hpp>

namespace ledger::check_passes {

/// Postings as they were written: balances, and that none ever was below zero.
Stored<base::Done> balances(Snapshot& snapshot, CheckReport& report);

/// Request by request: every hold ends once, and with what was held.
Stored<base::Done> requests(Snapshot& snapshot, CheckReport& report);

/// Receipts by tenant: numbers without a gap, balances, sums of usage.
Stored<base::Done> sequences(Snapshot& snapshot, CheckReport& report);

/// Entries of the log: numbers without a gap, as many as the house says.
Stored<base::Done> leaves(Snapshot& snapshot, CheckReport& report);

}  // namespace ledger::check_passes

// `mains ledger check`: the books, and what their receipts say.
#pragma once

#include <ledger/check.hpp>

namespace settle {

/// All that ledger::check() finds, and also: every receipt's charge is its usage times its prices,
/// every receipt points back at the one before it, up to the one that the tenant's row names, and
/// has its commitment in the log, where nothing else stands but documents.
/// Memory: linear in tenants and open holds, flat in history.
ledger::Stored<ledger::CheckReport> audit(ledger::Snapshot& snapshot);

}  // namespace settle

// Receipts are not kept for ever where the operator says so.
#pragma once

#include <cstdint>
#include <functional>

#include <base/quantity.hpp>
#include <ledger/reader.hpp>
#include <settle/commands.hpp>

namespace settle {

/// Removes every tenant's receipts of before a moment, Prune by Prune, oldest first. One whose
/// number comes after a younger one's (a clock was set back) stays until that one goes.
/// execute   as Books::apply(); called on this thread, never more than one at a time.
/// returns   how many went. errors: the reader's; busy where a command was refused. What went until
///           then is gone; calling again goes on.
/// cost      a look for each tenant and a transaction for each prune_at_once receipts. Memory:
///           linear in tenants.
[[nodiscard]] ledger::Stored<std::uint64_t> prune_all(
    ledger::Reader& reader, const std::function<Outcome(const Command&)>& execute,
    base::UnixNs before);

}  // namespace settle

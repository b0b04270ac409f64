// One command at a time, inside a transaction.
#pragma once

#include <ledger/working_set.hpp>
#include <settle/commands.hpp>

namespace settle {

ledger::Stored<Outcome> carry_out(ledger::WorkingSet& set, const Hold& command);
ledger::Stored<Outcome> carry_out(ledger::WorkingSet& set, const Settle& command);
ledger::Stored<Outcome> carry_out(ledger::WorkingSet& set, const Void& command);
ledger::Stored<Outcome> carry_out(ledger::WorkingSet& set, const Credit& command);

}  // namespace settle

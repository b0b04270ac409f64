// One command at a time, inside a transaction.
#pragma once

#include <vector>

#include <ledger/working_set.hpp>
#include <settle/commands.hpp>

namespace settle {

/// server   who will own the hold.
/// `placed` gets the hold if it is a new one.
ledger::Stored<Outcome> carry_out(ledger::WorkingSet& set, const Hold& command,
                                  terms::ServerId server, std::vector<Hold>& placed);
ledger::Stored<Outcome> carry_out(ledger::WorkingSet& set, const Settle& command);
ledger::Stored<Outcome> carry_out(ledger::WorkingSet& set, const Void& command);
ledger::Stored<Outcome> carry_out(ledger::WorkingSet& set, const Credit& command);
ledger::Stored<Outcome> carry_out(ledger::WorkingSet& set, const Publish& command);
ledger::Stored<Outcome> carry_out(ledger::WorkingSet& set, const Prune& command);

}  // namespace settle

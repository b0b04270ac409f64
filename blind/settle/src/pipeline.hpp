// One command at a time, inside a transaction.
#pragma once

#include <ledger/working_set.hpp>
#include <settle/commands.hpp>

namespace settle {

/// server   who will own the hold.
ledger::Stored<Outcome> carry_out(ledger::WorkingSet& set, const Hold& command,
                                  terms::ServerId server);
ledger::Stored<Outcome> carry_out(ledger::WorkingSet& set, const Settle& command);
ledger::Stored<Outcome> carry_out(ledger::WorkingSet& set, const Void& command);
ledger::Stored<Outcome> carry_out(ledger::WorkingSet& set, const Credit& command);
ledger::Stored<Outcome> carry_out(ledger::WorkingSet& set, const Publish& command);

}  // namespace settle

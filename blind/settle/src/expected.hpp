// What a batch will look at in the store, told from its commands alone.
#pragma once

#include <span>

#include <ledger/journal.hpp>
#include <settle/commands.hpp>

namespace settle {

/// Nothing yet, but the time.
[[nodiscard]] ledger::Expected expected_at(base::UnixNs now);

[[nodiscard]] ledger::Expected expected_of(std::span<const Command> batch);

}  // namespace settle

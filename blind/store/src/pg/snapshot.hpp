// All books as one transaction sees them.
#pragma once

#include <memory>

#include <ledger/reader.hpp>
#include <postgres/connection.hpp>

namespace store::pg {

/// Takes a connection of its own, so that a long check does not keep queries waiting.
[[nodiscard]] ledger::Stored<std::unique_ptr<ledger::Snapshot>> open_snapshot(
    std::unique_ptr<postgres::Connection> connection);

}  // namespace store::pg

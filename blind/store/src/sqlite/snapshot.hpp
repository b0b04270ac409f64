// All books as one read transaction sees them.
#pragma once

#include <memory>

#include <ledger/reader.hpp>

#include "sqlite/connection.hpp"

namespace store::sqlite {

/// Takes a connection of its own, so that a long check does not keep queries waiting.
[[nodiscard]] Stored<std::unique_ptr<ledger::Snapshot>> open_snapshot(
    std::unique_ptr<Connection> connection);

}  // namespace store::sqlite

// The tables, and the version they have.
#pragma once

#include <postgres/connection.hpp>

#include <ledger/journal.hpp>

namespace store::pg {

inline constexpr std::int64_t schema_version = 1;

/// Makes the tables where there are none and `may_create`; leaves those of this version alone;
/// refuses others. Servers that start together wait for each other.
[[nodiscard]] ledger::Stored<base::Done> ensure_schema(postgres::Connection& connection,
                                                       bool may_create);

/// For readers.
[[nodiscard]] ledger::Stored<base::Done> expect_schema(postgres::Connection& connection);

}  // namespace store::pg

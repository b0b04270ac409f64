// The tables, and the version they have.
#pragma once

#include "sqlite/connection.hpp"

namespace store::sqlite {

inline constexpr std::int64_t schema_version = 3;

/// Settings of a connection that writes. Every commit is synced.
[[nodiscard]] Stored<base::Done> set_up_writer(const Connection& connection,
                                               const SqliteOptions& options);

/// Makes the tables in an empty file; brings those of an older version up to date, in one
/// transaction; leaves a file of this version alone; refuses a newer one and, when `may_create` is
/// false, an empty one.
[[nodiscard]] Stored<base::Done> ensure_schema(const Connection& connection, bool may_create);

/// For readers.
[[nodiscard]] Stored<base::Done> expect_schema(const Connection& connection);

}  // namespace store::sqlite

// The tables, and the version they have.
#pragma once

#include <postgres/connection.hpp>

#include <ledger/journal.hpp>

namespace store::pg {

inline constexpr std::int64_t schema_version = 2;

/// The advisory locks of living servers: this class, their id. "main" in ASCII.
inline constexpr const char* alive = "1835100526";

/// Fills the empty table of sums by month from the sums by hour and the top-ups.
inline constexpr const char* sum_up_months = R"sql(
INSERT INTO tenant_months SELECT tenant,
  (extract(year FROM moment)::integer - 1970) * 12 + extract(month FROM moment)::integer - 1,
  sum(credited)::bigint, sum(charged)::bigint
FROM (SELECT tenant, to_timestamp(second) AT TIME ZONE 'UTC' AS moment, credited, charged
  FROM (SELECT tenant, hour * 3600 AS second, 0 AS credited, charge AS charged FROM usage_hours
    UNION ALL SELECT to_tenant, time / 1000000000, amount, 0 FROM postings WHERE kind = 1
    UNION ALL SELECT from_tenant, time / 1000000000, -amount, 0 FROM postings WHERE kind = 2) AS s
  ) AS t
GROUP BY 1, 2)sql";

/// Makes the tables where there are none and `may_create`; leaves those of this version alone;
/// brings those of version 1 up to date where no other server lives (else: busy); refuses others.
/// Servers that start together wait for each other.
[[nodiscard]] ledger::Stored<base::Done> ensure_schema(postgres::Connection& connection,
                                                       bool may_create);

/// For readers.
[[nodiscard]] ledger::Stored<base::Done> expect_schema(postgres::Connection& connection);

}  // namespace store::pg

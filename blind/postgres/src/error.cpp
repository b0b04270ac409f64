#include <postgres/error.hpp>

#include <string_view>

namespace postgres {

Error error_of(const char* sqlstate) {
  // https://www.postgresql.org/docs/15/errcodes-appendix.html: two characters of class, three of
  // condition.
  const std::string_view state = sqlstate == nullptr ? "" : sqlstate;
  const std::string_view group = state.substr(0, 2);
  if (state == "53100") return Error::full;                         // disk_full
  if (state == "53300") return Error::busy;                         // too_many_connections
  if (state == "55P03") return Error::busy;                         // lock_not_available
  if (state == "25006") return Error::read_only;                    // read_only_sql_transaction
  if (state == "42501") return Error::read_only;                    // insufficient_privilege
  if (state == "42P01" || state == "3F000") return Error::missing;  // no such table, no such schema
  if (group == "40") return Error::busy;                         // serialization failure, deadlock
  if (group == "23" || state == "P0001") return Error::refused;  // a check, a key; a trigger
  if (group == "22" || group == "42") return Error::refused;     // only a bug of ours
  if (group == "08" || group == "28" || group == "3D") return Error::gone;
  if (state == "57P01" || state == "57P02" || state == "57P03") return Error::gone;
  return Error::io;
}

}  // namespace postgres

// What can go wrong with a database that is somewhere else.
#pragma once

#include <cstdint>

#include <base/result.hpp>

namespace postgres {

enum class Error : std::uint32_t {
  busy = 1,       ///< A lock was not given in time, or too many connections are open.
  full = 2,       ///< The server's disk is full.
  read_only = 3,  ///< A standby, a read-only transaction, or a role that may not do this.
  refused = 4,    ///< A rule of the tables: a check, a unique key, a trigger.
  gone = 5,       ///< No server there, or it went away, or it does not let us in.
  io = 6,         ///< It failed, or did not answer in time.
  missing = 7,    ///< No such table or schema.
};

template <class T>
using Answer = base::Result<T, Error>;

/// The five characters of a SQLSTATE in our words.
[[nodiscard]] Error error_of(const char* sqlstate);

}  // namespace postgres

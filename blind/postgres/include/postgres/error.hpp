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

/// The same in the words of who keeps something there: full, read_only, damaged, and unavailable
/// for all that may pass.
template <class Words>
[[nodiscard]] constexpr Words told_as(Error error) {
  switch (error) {
    case Error::full: return Words::full;
    case Error::read_only: return Words::read_only;
    case Error::refused:
    case Error::missing: return Words::damaged;
    case Error::busy:
    case Error::gone:
    case Error::io: break;
  }
  return Words::unavailable;
}

}  // namespace postgres

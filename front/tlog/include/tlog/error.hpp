// Faults that keep the log from being written or read.
#pragma once

#include <cstdint>
#include <string_view>

#include <base/result.hpp>

namespace tlog {

enum class Error : std::uint8_t {
  unavailable,         ///< What the log keeps cannot be read or written now.
  full,                ///< No space left, here or in the database.
  read_only,           ///< The data folder or database may not be written.
  damaged,             ///< What is kept is not what was written.
  newer,               ///< Written by a newer version.
  bad_key_file,        ///< log.key is there but is no Ed25519 key, or may be read by others.
  key_missing,         ///< log.key is gone although the log was signed with one.
  other_key,           ///< log.key is not one that the log of all servers is signed with.
  not_signed,          ///< Entries wait, and no server with the log's key signs them.
  bad_origin,          ///< An origin that cannot stand in a signed note.
  other_origin,        ///< The log has another origin already; it is the log's name.
  ledger_unavailable,  ///< The ledger cannot be read or does not take the entry just now.
  ledger_differs,      ///< The ledger does not continue what was signed. Nothing is signed.
  set_back,            ///< The log lacks what was signed: lost, older, or another one.
  bad_document,        ///< Not an object of JSON of 33 .. 65,535 bytes.
  elsewhere,           ///< A document whose bytes are with another server, from before it shared.
  no_account,          ///< A balance whose account is not known.
  sum_differs,         ///< The balances do not add up to what the house owes.
};
/// The fault and the way out, for people.
[[nodiscard]] std::string_view describe(Error error);

template <class T>
using Answer = base::Result<T, Error>;

}  // namespace tlog

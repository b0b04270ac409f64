// Checks what a server says about an account, offline, against the log it published.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <base/quantity.hpp>
#include <base/result.hpp>
#include <note/checkpoint.hpp>
#include <note/note.hpp>
#include <receipt/proof.hpp>
#include <terms/ids.hpp>
#include <verify/statement.hpp>

namespace verify {

/// Whom the customer believes.
struct Trust {
  std::vector<note::VerifierKey> log_keys;   ///< One of them must have signed; none may be wrong.
  std::vector<note::VerifierKey> witnesses;  ///< type cosignature
  std::size_t quorum = 0;                    ///< So many of them must have cosigned.
  std::optional<note::Checkpoint> since;     ///< An earlier checkpoint, already checked.
  receipt::TileSource* tiles = nullptr;      ///< A copy of the log's tiles; outlives the checks.
};

struct Cosigned {
  std::string name;
  std::uint64_t time_s = 0;
};

/// A checkpoint that was believed.
struct Head {
  note::Checkpoint checkpoint;
  std::vector<Cosigned> witnesses;
};

/// Signatures of the log and of a quorum of witnesses; not yet consistency. Pure.
[[nodiscard]] base::Result<Head, std::string> believe(std::string_view signed_note,
                                                      const Trust& trust);

/// What was proved about one file.
struct Proved {
  Head head;
  std::string what;                    ///< "12 receipts of account ... "; for people.
  std::optional<std::uint64_t> since;  ///< Consistent with the tree of that size.

  // Statements and receipts.
  terms::Pseudonym account;
  std::uint64_t receipts = 0;
  std::uint64_t first = 0;  ///< Sequence numbers; 0 = no receipts.
  std::uint64_t last = 0;
  std::uint64_t price_lists = 0;
  base::Nano charges;
  base::Nano top_ups;
  std::string currency;  ///< "" where no price list says it.
  // Statements.
  bool statement = false;
  base::UnixNs from;
  base::UnixNs to;
  Standing opening;
  Standing closing;
  // Balances.
  std::optional<base::Nano> balance;
  std::optional<base::Nano> total;
  std::string day;
};

struct Complaint {
  std::uint64_t line = 0;  ///< From 1; 0 = the file as a whole.
  std::string what;
};

/// A statement, a balance proof, or a .tlog-proof file of a receipt: which one it is, its first
/// bytes say. Memory does not grow with a statement's length, but for its price lists.
[[nodiscard]] base::Result<Proved, Complaint> check(std::istream& file, const Trust& trust);

}  // namespace verify

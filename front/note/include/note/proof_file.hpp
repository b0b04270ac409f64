// A file that shows, by itself and offline, that an entry is in a log (tlog-proof).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <note/note.hpp>
#include <receipt/proof.hpp>

namespace note {

struct ProofFile {
  std::vector<std::uint8_t> extra;  ///< For the application; nobody signs it.
  std::uint64_t index = 0;          ///< Of the entry in the log.
  receipt::Proof proof;             ///< Of inclusion, nearest the leaf first.
  std::string checkpoint;           ///< A signed note, as it came.

  friend bool operator==(const ProofFile&, const ProofFile&) = default;
};

/// Exactly what to_text() writes; at most 64 hashes. The checkpoint is a note, not yet verified.
/// Pure.
[[nodiscard]] Read<ProofFile> parse_proof(std::string_view text);
[[nodiscard]] std::string to_text(const ProofFile& file);

}  // namespace note

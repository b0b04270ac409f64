// Asks others to cosign what this log has signed (C2SP tlog-witness).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <note/note.hpp>
#include <receipt/proof.hpp>
#include <tlog/log.hpp>

#include "publisher.hpp"

namespace tlog {

/// One thread.
class Witnesses {
 public:
  /// Proves that a smaller tree is the beginning of the head's; nothing when that fails just now.
  using Prove =
      std::function<std::optional<receipt::Proof>(const Head& head, std::uint64_t before)>;

  Witnesses(std::vector<Witness> witnesses, Prove prove)
      : witnesses_(std::move(witnesses)), prove_(std::move(prove)) {}

  /// Cosignatures of the head, of those who gave one. Waits for each at most `patience_ms`.
  [[nodiscard]] std::vector<note::Signature> ask(const Head& head, std::stop_token stop);

 private:
  /// What the witness answered; nothing where it gave no cosignature that verifies.
  std::optional<note::Signature> ask_one(const Witness& witness, const Head& head,
                                         const std::stop_token& stop);

  const std::vector<Witness> witnesses_;
  const Prove prove_;
  std::map<std::string, std::uint64_t> sizes_;  ///< The last that each is known to have cosigned.
};

}  // namespace tlog

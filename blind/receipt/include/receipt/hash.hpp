// The fingerprints of a receipt: by which the next one of its tenant points back at it, and by
// which the public log commits to it.
#pragma once

#include <ledger/rows.hpp>
#include <terms/ids.hpp>

namespace receipt {

struct Marks {
  terms::Digest hash;        ///< SHA-256 of the canonical bytes.
  terms::Digest commitment;  ///< SHA-256 of the salt and the canonical bytes.
};

/// Pure. The hash covers every field but the tenant's id (the account stands for it), the salt
/// and the leaf.
[[nodiscard]] Marks marks_of(const ledger::Receipt& receipt);

/// Whether `next` is the account's receipt right after `before`: same account, next number, and
/// its `previous` is the hash of `before`.
[[nodiscard]] bool follows(const ledger::Receipt& before, const ledger::Receipt& next);

}  // namespace receipt

// The fingerprint of a receipt, by which the next one of its tenant points back at it.
#pragma once

#include <ledger/rows.hpp>
#include <terms/ids.hpp>

namespace receipt {

/// SHA-256 over a fixed binary form of every field (README.md has its layout). Pure; about 1 us.
[[nodiscard]] terms::Digest hash_of(const ledger::Receipt& receipt);

/// Whether `next` is the tenant's receipt right after `before`: same tenant, next number, and its
/// `previous` is the hash of `before`.
[[nodiscard]] bool follows(const ledger::Receipt& before, const ledger::Receipt& next);

}  // namespace receipt

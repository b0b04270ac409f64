#include <receipt/hash.hpp>

#include <receipt/digest.hpp>

#include "encode.hpp"

namespace receipt {

terms::Digest hash_of(const ledger::Receipt& receipt) {
  Hasher hasher;
  hasher.add_bytes(encode(receipt));
  return hasher.digest();
}

bool follows(const ledger::Receipt& before, const ledger::Receipt& next) {
  return before.tenant == next.tenant && next.sequence == before.sequence + 1 &&
         next.previous == hash_of(before);
}

}  // namespace receipt

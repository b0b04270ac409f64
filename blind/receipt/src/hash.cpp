#include <receipt/hash.hpp>

#include <receipt/canonical.hpp>
#include <receipt/digest.hpp>

namespace receipt {

Marks marks_of(const ledger::Receipt& receipt) {
  const Canonical canonical(receipt);
  Hasher salted;
  salted.add_bytes(to_bytes(receipt.salt));
  salted.add_bytes(canonical.bytes());
  return {sha256(canonical.bytes()), salted.digest()};
}

bool follows(const ledger::Receipt& before, const ledger::Receipt& next) {
  return before.account == next.account && next.sequence == before.sequence + 1 &&
         next.previous == marks_of(before).hash;
}

}  // namespace receipt

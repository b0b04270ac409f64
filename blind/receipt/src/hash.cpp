#include <receipt/hash.hpp>

#include <openssl/sha.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "encode.hpp"

namespace receipt {

terms::Digest hash_of(const ledger::Receipt& receipt) {
  const Encoded bytes = encode(receipt);
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> hash{};
  SHA256(bytes.data(), bytes.size(), hash.data());
  terms::Digest digest;
  for (std::size_t i = 0; i < hash.size(); ++i) {
    digest.words[i / 8] = (digest.words[i / 8] << 8) | hash[i];
  }
  return digest;
}

bool follows(const ledger::Receipt& before, const ledger::Receipt& next) {
  return before.tenant == next.tenant && next.sequence == before.sequence + 1 &&
         next.previous == hash_of(before);
}

}  // namespace receipt

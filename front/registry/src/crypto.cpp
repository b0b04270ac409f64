#include "crypto.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace registry {
namespace {

Error error_of(signing::KeyError error) {
  switch (error) {
    case signing::KeyError::bad_key_file: return Error::bad_key_file;
    case signing::KeyError::read_only: return Error::read_only;
    case signing::KeyError::full: return Error::full;
    case signing::KeyError::unavailable: break;
  }
  return Error::unavailable;
}

}  // namespace

Hash sha256(std::string_view bytes) {
  Hash hash;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.data());
  return hash;
}

bool equal_in_constant_time(const Hash& a, const Hash& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::array<std::uint8_t, 32> random_bytes(base::Random& random) {
  std::array<std::uint8_t, 32> bytes;
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    std::uint64_t word = random.next();
    for (std::size_t j = 0; j < 8; ++j) {
      bytes[i + j] = static_cast<std::uint8_t>(word);
      word >>= 8U;
    }
  }
  return bytes;
}

Answer<signing::Key> load_or_create_key(const std::filesystem::path& file, base::Random& random) {
  auto key = signing::Key::load_or_create(file, random);
  if (!key.ok()) {
    return base::Fail{error_of(key.error())};
  }
  return std::move(key).value();
}

}  // namespace registry

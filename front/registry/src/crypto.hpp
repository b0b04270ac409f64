// Hashes, secrets and the key that signs price lists.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <base/ports.hpp>
#include <base/result.hpp>
#include <registry/registry.hpp>

namespace registry {

using Hash = std::array<std::uint8_t, 32>;

[[nodiscard]] Hash sha256(std::string_view bytes);
/// Takes as long for unequal hashes as for equal ones.
[[nodiscard]] bool equal_in_constant_time(const Hash& a, const Hash& b);
[[nodiscard]] std::array<std::uint8_t, 32> random_bytes(base::Random& random);

/// An Ed25519 key pair, kept in a PEM file that only its owner may read.
class SigningKey {
 public:
  /// Reads `file`, or makes a new key there. A file that others may read is refused.
  [[nodiscard]] static Answer<SigningKey> load_or_create(const std::filesystem::path& file,
                                                         base::Random& random);
  [[nodiscard]] std::vector<std::uint8_t> sign(std::string_view message) const;
  [[nodiscard]] const std::string& public_pem() const { return public_pem_; }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  std::unique_ptr<EVP_PKEY, Free> key_;
  std::string public_pem_;
};

/// Whether `signature` is by the key in `public_pem`.
[[nodiscard]] bool verify(std::string_view public_pem, std::string_view message,
                          std::span<const std::uint8_t> signature);

}  // namespace registry

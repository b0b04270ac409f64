#include <receipt/hasher.hpp>

#include <openssl/evp.h>

#include <array>
#include <cstddef>

#include <base/invariant.hpp>

namespace receipt {

struct Hasher::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { EVP_MD_CTX_free(evp); }
};

Hasher::Hasher() : context_(std::make_unique<Context>()) {
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  base::invariant(EVP_DigestInit_ex(context_->evp, sha256, nullptr) == 1, "SHA-256 is there");
}

Hasher::~Hasher() = default;

void Hasher::add_bytes(std::span<const std::uint8_t> bytes) {
  base::invariant(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) == 1,
                  "SHA-256 takes bytes");
}

void Hasher::add_u32(std::uint32_t value) {
  const std::array<std::uint8_t, 4> bytes{
      static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8U),
      static_cast<std::uint8_t>(value >> 16U), static_cast<std::uint8_t>(value >> 24U)};
  add_bytes(bytes);
}

terms::Digest Hasher::digest() {
  std::array<std::uint8_t, 32> bytes{};
  base::invariant(EVP_DigestFinal_ex(context_->evp, bytes.data(), nullptr) == 1,
                  "SHA-256 ends once");
  terms::Digest digest;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    digest.words[i / 8] = (digest.words[i / 8] << 8U) | bytes[i];
  }
  return digest;
}

}  // namespace receipt

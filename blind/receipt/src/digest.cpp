#include <receipt/digest.hpp>

#include <openssl/evp.h>

#include <base/invariant.hpp>

namespace receipt {
namespace {

void must(int code) {
  base::invariant(code == 1, "SHA-256 takes any bytes");
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

Context new_context() {
  Context context(EVP_MD_CTX_new());
  base::invariant(context != nullptr, "there is memory for a hash");
  return context;
}

/// Looked up once: a search by name costs more than hashing a node of a tree.
const EVP_MD* algorithm() {
  static const EVP_MD* const found = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  base::invariant(found != nullptr, "OpenSSL has SHA-256");
  return found;
}

}  // namespace

DigestBytes to_bytes(const terms::Digest& digest) {
  DigestBytes bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(digest.words[i / 8] >> (56 - 8 * (i % 8)));
  }
  return bytes;
}

terms::Digest from_bytes(const DigestBytes& bytes) {
  terms::Digest digest;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    digest.words[i / 8] = (digest.words[i / 8] << 8) | bytes[i];
  }
  return digest;
}

terms::Digest sha256(std::span<const std::uint8_t> bytes) {
  DigestBytes hash{};
  must(EVP_Digest(bytes.data(), bytes.size(), hash.data(), nullptr, algorithm(), nullptr));
  return from_bytes(hash);
}

struct Hasher::State {
  Context context = new_context();
};

Hasher::Hasher() : state_(std::make_unique<State>()) {
  must(EVP_DigestInit_ex(state_->context.get(), algorithm(), nullptr));
}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::add_u32(std::uint32_t number) {
  const std::array<std::uint8_t, 4> bytes{
      static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
      static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
  add_bytes(bytes);
}

void Hasher::add_bytes(std::span<const std::uint8_t> bytes) {
  must(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
}

terms::Digest Hasher::digest() const {
  const Context copy = new_context();  // so that more can be added afterwards
  must(EVP_MD_CTX_copy_ex(copy.get(), state_->context.get()));
  DigestBytes hash{};
  must(EVP_DigestFinal_ex(copy.get(), hash.data(), nullptr));
  return from_bytes(hash);
}

}  // namespace receipt

// An Ed25519 key pair in a file, and its signatures.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <base/ports.hpp>
#include <base/result.hpp>

namespace signing {

using Seed = std::array<std::uint8_t, 32>;
using PublicKey = std::array<std::uint8_t, 32>;  ///< As RFC 8032 encodes it.
using Signature = std::array<std::uint8_t, 64>;

enum class KeyError : std::uint8_t {
  bad_key_file,  ///< The file is there but is no Ed25519 key, or may be read by others.
  read_only,     ///< The folder may not be written.
  full,          ///< No space left.
  unavailable,   ///< Cannot be read or written just now.
};

/// Signs on any thread. Moves, but is never copied.
class Key {
 public:
  /// Reads `file` (PEM, PKCS 8), or makes a new key there with mode 0600, synced to disk. A file
  /// that others may read is refused.
  [[nodiscard]] static base::Result<Key, KeyError> load_or_create(const std::filesystem::path& file,
                                                                  base::Random& random);
  /// The key that follows from 32 secret bytes.
  [[nodiscard]] static Key of(const Seed& seed);

  Key(Key&&) noexcept;
  Key& operator=(Key&&) noexcept;
  ~Key();

  [[nodiscard]] Signature sign(std::string_view message) const;
  [[nodiscard]] const PublicKey& public_key() const { return public_; }
  /// SubjectPublicKeyInfo as PEM.
  [[nodiscard]] const std::string& public_pem() const { return public_pem_; }

 private:
  struct Pair;
  explicit Key(std::unique_ptr<Pair> pair);

  std::unique_ptr<Pair> pair_;
  PublicKey public_{};
  std::string public_pem_;
};

/// Whether `signature` is by that key over that message. Pure.
[[nodiscard]] bool verify(const PublicKey& key, std::string_view message,
                          std::span<const std::uint8_t> signature);
[[nodiscard]] bool verify(std::string_view public_pem, std::string_view message,
                          std::span<const std::uint8_t> signature);

/// A public key as PEM, for programs that take that (`openssl pkeyutl -verify -rawin`).
[[nodiscard]] std::string to_pem(const PublicKey& key);

}  // namespace signing

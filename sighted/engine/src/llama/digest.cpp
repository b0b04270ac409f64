#include "digest.hpp"

#include <array>
#include <cstdint>
#include <fstream>

#include <base/invariant.hpp>

namespace engine::llama {

Hasher::Hasher() : context_(EVP_MD_CTX_new()) {
  base::invariant(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr),
                  "SHA-256 is there");
}

void Hasher::add(const void* bytes, std::size_t size) {
  base::invariant(EVP_DigestUpdate(context_.get(), bytes, size) == 1, "SHA-256 takes any bytes");
}

terms::Digest Hasher::finish() {
  std::array<unsigned char, 32> bytes{};
  base::invariant(EVP_DigestFinal_ex(context_.get(), bytes.data(), nullptr) == 1,
                  "SHA-256 comes to an end");
  terms::Digest digest;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::uint64_t& word = digest.words[i / 8];
    word = (word << 8U) | bytes[i];
  }
  return digest;
}

std::optional<terms::Digest> digest_of_files(const std::vector<std::string>& paths,
                                             const std::atomic<bool>& stop) {
  Hasher hasher;
  std::vector<char> block(1U << 20U);
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      return std::nullopt;
    }
    while (file && !stop) {
      file.read(block.data(), static_cast<std::streamsize>(block.size()));
      hasher.add(block.data(), static_cast<std::size_t>(file.gcount()));
    }
    if (stop || !file.eof()) {
      return std::nullopt;
    }
  }
  return hasher.finish();
}

}  // namespace engine::llama

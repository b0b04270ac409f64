#include <note/base64.hpp>

#include <openssl/evp.h>

#include <algorithm>

#include <receipt/digest.hpp>

namespace note {

std::string to_base64(std::span<const std::uint8_t> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // libcrypto adds a zero
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) {
    return text.empty() ? std::optional(std::vector<std::uint8_t>{}) : std::nullopt;
  }
  std::vector<std::uint8_t> bytes(text.size() / 4 * 3);
  const int size =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  const auto padding =
      static_cast<std::size_t>(std::count(text.end() - 2, text.end(), '='));  // two at most
  if (size < 0 || static_cast<std::size_t>(size) < padding) {
    return std::nullopt;
  }
  bytes.resize(static_cast<std::size_t>(size) - padding);
  // libcrypto forgives much; what does not come back as it was is refused.
  return to_base64(bytes) == text ? std::optional(std::move(bytes)) : std::nullopt;
}

std::string to_base64(const terms::Digest& hash) {
  return to_base64(receipt::to_bytes(hash));
}

std::optional<terms::Digest> hash_from_base64(std::string_view text) {
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() != receipt::digest_bytes) {
    return std::nullopt;
  }
  receipt::DigestBytes hash{};
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return receipt::from_bytes(hash);
}

}  // namespace note

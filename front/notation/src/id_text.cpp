#include <notation/id_text.hpp>

#include <array>
#include <charconv>
#include <limits>

namespace notation {
namespace {

void append_hex(std::uint64_t word, std::string& text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::array<char, 16> digits{};
  for (char& digit : digits) {
    digit = hex[word >> 60U];
    word <<= 4U;
  }
  text.append(digits.data(), digits.size());
}

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (end.ec != std::errc{} || end.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::string to_hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text.push_back(hex[byte >> 4U]);
    text.push_back(hex[byte & 15U]);
  }
  return text;
}

std::string to_base64url(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  std::uint32_t bits = 0;
  std::uint32_t held = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << 8U) | byte;
    held += 8;
    while (held >= 6) {
      held -= 6;
      text.push_back(digits[(bits >> held) & 63U]);
    }
  }
  if (held > 0) {
    text.push_back(digits[(bits << (6 - held)) & 63U]);
  }
  return text;
}

std::string to_text(const terms::Digest& digest) {
  std::string text;
  for (const std::uint64_t word : digest.words) {
    append_hex(word, text);
  }
  return text;
}

terms::Digest digest_of(const std::array<std::uint8_t, 32>& bytes) {
  terms::Digest digest;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::uint64_t& word = digest.words[i / 8];
    word = (word << 8U) | bytes[i];
  }
  return digest;
}

std::string to_text(terms::RequestId id) {
  std::string text;
  text.reserve(32);
  append_hex(id.high, text);
  append_hex(id.low, text);
  return text;
}

std::string to_text(terms::Pseudonym account) {
  return to_text(terms::RequestId{account.high, account.low});
}

std::optional<terms::RequestId> parse_request_id(std::string_view text) {
  if (text.size() != 32) {
    return std::nullopt;
  }
  const auto high = parse_hex(text.substr(0, 16));
  const auto low = parse_hex(text.substr(16));
  if (!high || !low) {
    return std::nullopt;
  }
  return terms::RequestId{*high, *low};
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value, 10);
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (end.ec != std::errc{} || end.ptr != text.data() + text.size() || value > limit) {
    return std::nullopt;
  }
  return value;
}

}  // namespace notation

// Ids, digests and bytes as text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <terms/ids.hpp>

namespace notation {

/// Lower-case hexadecimal, two digits a byte. Pure.
[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);

/// Base64 with '-' and '_', no padding (RFC 4648, section 5). Pure.
[[nodiscard]] std::string to_base64url(std::span<const std::uint8_t> bytes);

/// 64 hexadecimal digits: the words in order, each big-endian, so that a digest made by
/// digest_of(SHA-256 bytes) reads as `sha256sum` prints it. Pure.
[[nodiscard]] std::string to_text(const terms::Digest& digest);
[[nodiscard]] terms::Digest digest_of(const std::array<std::uint8_t, 32>& bytes);

/// 32 hexadecimal digits. Pure.
[[nodiscard]] std::string to_text(terms::RequestId id);
[[nodiscard]] std::string to_text(terms::Pseudonym account);
/// Exactly 32 hexadecimal digits, either case; nothing for anything else. Pure.
[[nodiscard]] std::optional<terms::RequestId> parse_request_id(std::string_view text);

/// A plain decimal number, 0 .. 2^63-1; nothing for anything else. Pure.
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view text);

}  // namespace notation

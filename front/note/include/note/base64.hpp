// Base64 of RFC 4648, section 4: with padding, and one spelling only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <terms/ids.hpp>

namespace note {

[[nodiscard]] std::string to_base64(std::span<const std::uint8_t> bytes);
/// Nothing for what to_base64() would not have written: spaces, missing padding, stray bits. Pure.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

/// A hash as 44 characters, and back. Pure.
[[nodiscard]] std::string to_base64(const terms::Digest& hash);
[[nodiscard]] std::optional<terms::Digest> hash_from_base64(std::string_view text);

}  // namespace note

// Walking through text that came from outside.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace note {

/// Takes the line before the next newline off `text`, the newline too; nothing when there is none.
[[nodiscard]] std::optional<std::string_view> take_line(std::string_view& text);

/// Takes one character of UTF-8 off `text`, which is not empty; nothing when it is malformed:
/// overlong, a surrogate, beyond U+10FFFF, cut.
[[nodiscard]] std::optional<std::uint32_t> take_character(std::string_view& text);

/// UTF-8 without control characters other than newline.
[[nodiscard]] bool is_clean_text(std::string_view text);

/// What Unicode calls White_Space.
[[nodiscard]] bool is_space(std::uint32_t character);

}  // namespace note

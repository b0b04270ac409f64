#include "text.hpp"

namespace note {

std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint32_t> take_character(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first >= 0xf8 || (first >= 0x80 && first < 0xc2) || text.size() < size) {
    return std::nullopt;
  }
  std::uint32_t character = size == 1 ? first : first & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80U) {
      return std::nullopt;
    }
    character = (character << 6U) | (next & 0x3fU);
  }
  const bool overlong = (size == 3 && character < 0x800) || (size == 4 && character < 0x10000);
  if (overlong || character > 0x10ffff || (character >= 0xd800 && character < 0xe000)) {
    return std::nullopt;
  }
  text.remove_prefix(size);
  return character;
}

bool is_clean_text(std::string_view text) {
  while (!text.empty()) {
    const auto character = take_character(text);
    if (!character || (*character < 0x20 && *character != '\n')) {
      return false;
    }
  }
  return true;
}

bool is_space(std::uint32_t character) {
  switch (character) {
    case 0x20:
    case 0x85:
    case 0xa0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202f:
    case 0x205f:
    case 0x3000: return true;
    default: break;
  }
  return (character >= 0x09 && character <= 0x0d) || (character >= 0x2000 && character <= 0x200a);
}

}  // namespace note

#include <note/checkpoint.hpp>

#include <charconv>
#include <limits>

#include <note/base64.hpp>

#include "text.hpp"

namespace note {

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value, 10);
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  if (end.ec != std::errc{} || end.ptr != text.data() + text.size() || leading_zero ||
      value > limit) {
    return std::nullopt;
  }
  return value;
}

std::string to_text(const Checkpoint& checkpoint) {
  return checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
         to_base64(checkpoint.root) + "\n";
}

Read<Checkpoint> parse_checkpoint(std::string_view text) {
  const auto origin = take_line(text);
  const auto size_line = take_line(text);
  const auto root_line = take_line(text);
  if (!origin || origin->empty() || !size_line || !root_line) {
    return base::Fail{Fault::bad_checkpoint};
  }
  const auto size = parse_size(*size_line);
  const auto root = hash_from_base64(*root_line);
  if (!size || !root) {
    return base::Fail{Fault::bad_checkpoint};
  }
  while (!text.empty()) {
    const auto extension = take_line(text);
    if (!extension || extension->empty()) {
      return base::Fail{Fault::bad_checkpoint};
    }
  }
  return Checkpoint{std::string(*origin), *size, *root};
}

}  // namespace note

// The header of an answer, as bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

enum class Framing : std::uint8_t { length, chunked, until_close };

struct ResponseHead {
  unsigned status = 200;
  std::string_view content_type;
  const std::vector<std::pair<std::string, std::string>>* headers = nullptr;
  Framing framing = Framing::length;
  std::uint64_t length_bytes = 0;
  bool close = false;
  bool say_keep_alive = false;  // HTTP/1.0 clients must be told
};

/// Appends to `out`; ends with the empty line. Control characters in values become spaces; a
/// header with a name that is no token is left out.
void append_head(std::string& out, const ResponseHead& head);

/// True when an answer of that status has no body, and so no length.
[[nodiscard]] constexpr bool never_has_body(unsigned status) {
  return status < 200 || status == 204 || status == 304;
}

}  // namespace http

#include "response_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include <http/message.hpp>

namespace http {

namespace {

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

bool is_token(std::string_view name) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && others.find(c) == std::string_view::npos) return false;
  }
  return !name.empty();
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  if (!is_token(name)) return;
  out.append(name).append(": ");
  const std::size_t begin = out.size();
  out.append(value);
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
      [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; }, ' ');
  out.append("\r\n");
}

// RFC 9110 wants a date in every answer; it changes once a second.
std::string_view date_line() {
  thread_local std::time_t written_for = 0;
  thread_local std::array<char, 48> line;
  thread_local std::size_t size = 0;
  const std::time_t now = std::time(nullptr);
  if (now != written_for) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    size = std::strftime(line.data(), line.size(), "date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
    written_for = now;
  }
  return {line.data(), size};
}

}  // namespace

void append_head(std::string& out, const ResponseHead& head) {
  out.append("HTTP/1.1 ");
  append_number(out, head.status);
  out.append(" ").append(reason_phrase(head.status)).append("\r\n");
  if (!head.content_type.empty()) append_header(out, "content-type", head.content_type);
  if (head.framing == Framing::chunked) {
    out.append("transfer-encoding: chunked\r\n");
  } else if (head.framing == Framing::length && !never_has_body(head.status)) {
    out.append("content-length: ");
    append_number(out, head.length_bytes);
    out.append("\r\n");
  }
  if (head.close) {
    out.append("connection: close\r\n");
  } else if (head.say_keep_alive) {
    out.append("connection: keep-alive\r\n");
  }
  if (head.headers != nullptr) {
    for (const auto& [name, value] : *head.headers)
      append_header(out, name, value);
  }
  out.append(date_line()).append("\r\n");
}

}  // namespace http

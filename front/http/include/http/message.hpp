// Requests and answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options, other };

struct Header {
  std::string name;  // as sent; compare without case
  std::string value;
};

/// One request, read to its end. Everything in it came from outside: the body and the headers are
/// content and go into no log.
struct Request {
  Method method = Method::get;
  std::string method_name;  // as sent: "GET", "PROPFIND"
  std::string target;       // as sent: "/v1/usage?from=2026-11"
  std::string path;         // percent-decoded, without the query; "*" for `OPTIONS *`
  std::vector<Header> headers;
  std::string body;       // chunked bodies come decoded
  std::string peer;       // "127.0.0.1:51324", "[::1]:51324"; "unix" over the admin socket
  unsigned version = 11;  // 10 or 11
  bool over_admin_socket = false;
  bool over_tls = false;

  /// The value of the first header of that name, in any case; empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;

  /// The first query parameter of that name, percent-decoded ('+' is a space); `?flag` and
  /// `?flag=` are both empty strings. Nothing when it is absent.
  [[nodiscard]] std::optional<std::string> query(std::string_view name) const;
};

/// A whole answer. `content-length`, `date`, `connection` and the framing are added by the server;
/// control characters in header values are replaced by spaces.
struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";  // empty: no such header
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// The reason why a request was refused before a handler saw it, or after the handler failed.
enum class Refusal : std::uint8_t {
  malformed,         // 400: not HTTP/1.x, a bad header, a bad chunk, no Host
  header_late,       // 408: the header was not complete within header_timeout
  body_late,         // 408: the body was not complete within body_timeout
  body_too_large,    // 413
  header_too_large,  // 431: request line and headers together
  handler_failed,    // 500: the handler threw or did not answer
  overloaded,        // 503: connections_max is reached, here or for the client's address
  out_of_memory,     // 503: what all requests hold together has reached its bound
};

/// The reason phrase of a status code: 404 -> "Not Found".
[[nodiscard]] std::string_view reason_phrase(unsigned status);

/// ASCII letters compare without case.
[[nodiscard]] bool equal_without_case(std::string_view a, std::string_view b);

}  // namespace http

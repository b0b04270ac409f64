// The header of every answer: the request's name, and the fields that browsers ask for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <http/message.hpp>

namespace api {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// 32 hex digits: time first, the rest random. Any thread.
[[nodiscard]] std::string fresh_request_id();

/// Adds x-request-id and request-id, which is Anthropic's name for it.
void name_request(Headers& headers, const std::string& id);

/// Cross-origin requests of pages in a browser (Fetch standard, CORS). Admin routes never take
/// any. Any thread.
class Cors {
 public:
  /// origins   such as "https://chat.example.com"; "*": all. Empty: none.
  explicit Cors(std::vector<std::string> origins) : origins_(std::move(origins)) {}

  /// Lets the page read the answer, if its origin may.
  void allow(const http::Request& request, Headers& headers) const;
  /// The answer to a preflight. Nothing: it is none, or its origin may not.
  [[nodiscard]] std::optional<http::Response> preflight(const http::Request& request) const;

 private:
  /// The value of access-control-allow-origin; empty: this origin may not.
  [[nodiscard]] std::string allowed(const http::Request& request) const;

  std::vector<std::string> origins_;
};

}  // namespace api

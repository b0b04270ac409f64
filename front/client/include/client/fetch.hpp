// Asks an HTTP server and waits for the answer. For programs, not for servers: it blocks.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <base/result.hpp>

namespace client {

struct Request {
  std::string method = "GET";
  std::string url;  // http or https
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;         // sent where it is not empty, or the method is POST, PUT or PATCH
  std::string unix_socket;  // connect here; the host of the url is then only a name
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds timeout{60'000};  // of the whole; 0: none (streams)
  std::size_t response_bytes_max = 64 * 1024 * 1024;
  std::stop_token stop = {};  // noticed within a second
};

struct Response {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
  /// The value of a header, its name in lower case; empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

enum class Reason : std::uint8_t {
  bad_url,
  cannot_resolve,
  cannot_connect,
  no_permission,  // the Unix socket is someone else's
  tls,
  timed_out,
  broken,  // the connection ended in the middle
  too_large,
  stopped,   // by the stop token or the callback
  refused,   // download(): a status that trying again does not change
  disk,      // download(): cannot write, or no room
  mismatch,  // download(): size or digest is not the expected one
  other,
};

struct Failure {
  Reason reason = Reason::other;
  std::string text;  // for people: what happened and what to do
};

/// Any status is a Response. Redirects are not followed.
[[nodiscard]] base::Result<Response, Failure> fetch(const Request& request);

/// Like fetch(), but where the status is 2xx the body goes to `take` piece by piece as it comes,
/// and stays empty. `take` returns false to stop: the failure is `stopped`. An answer that ends too
/// early is `broken`.
[[nodiscard]] base::Result<Response, Failure> pour(
    const Request& request, const std::function<bool(std::string_view)>& take);

/// One server-sent event.
struct Event {
  std::string type;  // "message" where the stream names none
  std::string data;  // lines joined by '\n'
};

/// Like fetch(), but where the status is 2xx each server-sent event goes to `take` as it comes, and
/// the body stays empty. `take` returns false to stop: the connection is closed (which cancels the
/// request) and the failure is `stopped`.
[[nodiscard]] base::Result<Response, Failure> stream(const Request& request,
                                                     const std::function<bool(const Event&)>& take);

}  // namespace client

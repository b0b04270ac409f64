// The server that the clients of these tests talk to.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <http/server.hpp>

namespace client::test {

/// GET  /file         with ranges, an ETag, and the faults below
///      /moved        redirects to `moved_to`
///      /private      needs the bearer token "letmein"; tells nothing else
///      /gone         404
///      /busy         503 the first `faults` times, then the file
/// POST /echo         "METHOD content-type body", header x-seen
///      /huge         a megabyte
///      /events       three server-sent events, then the end
///      /endless      events until the client is gone
///      /refused      402 with a body of JSON
struct FarSide {
  FarSide();
  [[nodiscard]] std::string url(const std::string& path) const;

  std::string file;             // what /file serves
  std::string etag = "\"v1\"";  // empty: none is sent
  bool ignores_if_range = false;
  std::string moved_to;
  std::string unix_path;
  std::atomic<int> faults = 0;       // answers that break in the middle, or 503s
  std::atomic<int> requests = 0;     // for /file
  std::atomic<int> ranges = 0;       // of these, with a 206
  std::atomic<int> tokens_seen = 0;  // requests with an Authorization header
  std::atomic<bool> client_left = false;

  std::unique_ptr<http::Server> server;

  void start();
};

}  // namespace client::test

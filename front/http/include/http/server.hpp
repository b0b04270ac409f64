// Listens, reads requests, hands them to a handler.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <base/result.hpp>
#include <http/exchange.hpp>
#include <http/memory.hpp>
#include <http/message.hpp>

namespace http {

struct Options {
  /// "HOST:PORT", "[::1]:PORT"; port 0 takes a free one. Plain, or TLS when `tls` is set.
  std::vector<std::string> listen;
  /// A Unix socket for the admin door, mode 0600; empty for none. Never TLS.
  std::string admin_socket_path;
  /// PEM files. Both or neither. The key may be read by its owner only.
  std::string tls_certificate_path;
  std::string tls_key_path;

  unsigned threads = 0;  // 0: one per core

  std::size_t header_bytes_max = 64 * 1024;
  std::uint64_t body_bytes_max = 4 * 1024 * 1024;
  /// Called when the header is complete; overrides body_bytes_max. Any thread.
  std::function<std::uint64_t(const Request&)> body_limit;
  /// Called when the header is complete and the body is not: an answer here refuses the request
  /// before its body is read, and the connection ends. Runs on the connection's thread, as a
  /// handler does; what arrives meanwhile counts as body.
  std::function<asio::awaitable<std::optional<Response>>(Exchange&)> admit;
  /// Of all requests at once; when it is full, bodies over 16 KiB get a 503. Null: 1 GiB.
  std::shared_ptr<MemoryAccount> memory;
  std::size_t pipelined_bytes_max = 64 * 1024;  // read ahead while a handler runs
  std::size_t connections_max = 16'384;         // more get a 503, idle ones are closed for them
  /// From one address; more get a 503. Loopback may have 16 times as many, because a proxy in front
  /// of the server brings everybody's connections from there.
  std::size_t connections_per_address_max = 256;

  /// From the first byte; also the TLS handshake, and a new connection's silence.
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};   // the whole body
  std::chrono::milliseconds idle_timeout{75'000};   // between requests
  std::chrono::milliseconds write_timeout{20'000};  // per write(), or per 64 KiB of it
  std::chrono::milliseconds linger_timeout{2'000};  // for a refused client to read why

  /// Bytes that the socket takes before a slow reader is noticed (TCP_NOTSENT_LOWAT).
  std::uint32_t unsent_bytes_max = 128 * 1024;

  /// The body of a refusal, in the format of whoever owns the routes. `path` is empty where the
  /// header was not understood. Any thread. Without it: a line of plain text.
  std::function<Response(Refusal reason, unsigned status, std::string_view path)> error_body;
};

enum class StartError : std::uint8_t {
  bad_address,
  address_in_use,
  address_not_available,
  permission_denied,
  bad_certificate,
  socket_in_use,  // another server answers on the admin socket
  other,
};

struct StartFailure {
  StartError reason = StartError::other;
  std::string text;  // for people: what happened and what to do
};

/// Sums over all connections since the start, and the gauge of those open now.
struct Counters {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_total = 0;
  std::uint64_t shed_total = 0;      // idle connections that were closed to make room
  std::uint64_t requests_total = 0;  // given to the handler
  std::uint64_t refused_total = 0;   // answered with a Refusal
  std::uint64_t handler_failures_total = 0;
  std::uint64_t gone_total = 0;      // clients that left before their answer was complete
  std::uint64_t cut_slow_total = 0;  // of these, cut by write_timeout
  std::uint64_t bytes_in_total = 0;
  std::uint64_t bytes_out_total = 0;
};

/// Whether these files can serve TLS, for a start that would fail late without asking.
[[nodiscard]] base::Result<base::Done, StartFailure> check_certificate(
    const std::string& certificate_path, const std::string& key_path);

/// Threads: its methods may be called from any thread but a handler's.
class Server {
 public:
  Server(Options options, Handler handler);
  ~Server();  // stop(0)
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds, then serves on threads of its own. Raises the limit of open files. Once per server.
  [[nodiscard]] base::Result<base::Done, StartFailure> start();

  /// Reads the certificate and its key again; new connections get it. On a failure the old one
  /// stays. Without TLS nothing happens.
  [[nodiscard]] base::Result<base::Done, StartFailure> reload_certificate();

  /// The port of the n-th listen address; 0 when there is none.
  [[nodiscard]] std::uint16_t local_port(std::size_t n = 0) const;

  /// Accepts no more, closes idle connections, lets requests finish. Does not wait.
  void begin_drain();

  /// Waits until no connection is open; false when `wait` passed first.
  [[nodiscard]] bool wait_drained(std::chrono::milliseconds wait);

  /// begin_drain(), wait_drained(), then cuts what is left (their on_gone is called), waits up to
  /// five seconds for their handlers and ends the threads. True when nothing had to be cut.
  bool stop(std::chrono::milliseconds wait);

  [[nodiscard]] Counters counters() const;

 private:
  class Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace http

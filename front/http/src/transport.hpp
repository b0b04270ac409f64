// The wire under a connection: TCP, TLS or a Unix socket, behind callbacks.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>

#include "desk.hpp"

namespace http {

using Executor = asio::io_context::executor_type;
using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using UnixSocket = asio::basic_stream_socket<asio::local::stream_protocol, Executor>;

/// Up to three pieces of one write.
using Pieces = std::array<asio::const_buffer, 3>;

/// Calls back on the desk's thread, never from inside one of its own functions. After close() each
/// operation that was under way still calls back once, with an error.
class Transport {
 public:
  /// Told what happens; kept alive by the operations under way.
  class Listener : public std::enable_shared_from_this<Listener> {
   public:
    virtual ~Listener() = default;
    virtual void on_ready(bool ok) = 0;
    virtual void on_bytes(std::span<const char> bytes) = 0;  // valid during the call
    virtual void on_end() = 0;                               // end of file or an error
    virtual void on_written(bool ok, std::size_t bytes) = 0;
  };

  virtual ~Transport() = default;
  /// -> on_ready
  virtual void handshake() = 0;
  /// Waits for bytes, once. -> on_bytes or on_end
  virtual void watch() = 0;
  /// Writes what fits at once, without waiting; false on an error.
  [[nodiscard]] virtual bool write_now(const Pieces& pieces, std::size_t& written) = 0;
  /// Writes at least one byte. -> on_written
  virtual void write(const Pieces& pieces) = 0;
  /// Says that no more is coming. -> on_written
  virtual void finish() = 0;
  virtual void close() = 0;
  /// Closes and drops what the client has not read.
  virtual void reset() = 0;

  Listener* listener = nullptr;  // set before anything is called
};

[[nodiscard]] std::unique_ptr<Transport> make_transport(TcpSocket socket, Desk& desk);
[[nodiscard]] std::unique_ptr<Transport> make_transport(UnixSocket socket, Desk& desk);
[[nodiscard]] std::unique_ptr<Transport> make_tls_transport(
    TcpSocket socket, std::shared_ptr<asio::ssl::context> tls);

/// No waiting for full packets, dead peers are noticed, little is buffered for slow readers.
void tune(TcpSocket& socket, const Options& options);

}  // namespace http

// The way in for clients: one listening socket, handing each client to a desk.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "desk.hpp"
#include "transport.hpp"

namespace http {

/// The context of new TLS connections; replaced when a certificate is renewed. One thread: the
/// first desk's, once the doors are open.
using TlsContext = std::shared_ptr<asio::ssl::context>;

/// Which desk gets the next client, and what a full house looks like. One thread: the first desk's.
class Reception {
 public:
  Reception(std::vector<std::unique_ptr<Desk>>& desks, std::size_t connections_max)
      : desks_(desks), connections_max_(connections_max) {}

  [[nodiscard]] Desk& next_desk() { return *desks_[next_++ % desks_.size()]; }
  /// tls   null: plain.
  void receive(TcpSocket socket, Desk& desk, const TlsContext& tls);
  void receive(UnixSocket socket, Desk& desk);
  /// Has idle connections closed, so that others find a place; see Desk::shed_idle().
  void make_room(bool served_too);

 private:
  enum class Room : std::uint8_t { free, crowded, none };
  [[nodiscard]] Room count_in(Shared& shared);
  [[nodiscard]] Room count_in_address(Shared& shared, const std::string& address, bool loopback);

  std::vector<std::unique_ptr<Desk>>& desks_;
  std::size_t connections_max_;
  std::size_t next_ = 0;
  Instant made_room_{};
};

class Door {
 public:
  virtual ~Door() = default;
  virtual void open() = 0;   // starts to accept
  virtual void close() = 0;  // on the first desk's thread
  [[nodiscard]] virtual std::uint16_t port() const = 0;
};

/// Binds and listens; nothing is accepted before open().
/// address  "HOST:PORT" or "[V6]:PORT"
/// tls      what it points to is looked at for each client; it outlives the door.
[[nodiscard]] base::Result<std::unique_ptr<Door>, StartFailure> make_tcp_door(
    const std::string& address, Desk& first, Reception& reception, const TlsContext& tls);

/// path  of the socket, mode 0600; a stale one of a server that died is replaced.
[[nodiscard]] base::Result<std::unique_ptr<Door>, StartFailure> make_unix_door(
    const std::string& path, Desk& first, Reception& reception);

/// TLS 1.2 with forward secrecy and authenticated ciphers, and TLS 1.3.
[[nodiscard]] base::Result<TlsContext, StartFailure> make_tls_context(
    const std::string& certificate_path, const std::string& key_path);

}  // namespace http

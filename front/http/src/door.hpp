// Where clients come in: one listening socket, handing each client to a desk.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "desk.hpp"
#include "transport.hpp"

namespace http {

/// Which desk gets the next client, and what a full house looks like. One thread: the first desk's.
class Reception {
 public:
  Reception(std::vector<std::unique_ptr<Desk>>& desks, std::size_t connections_max)
      : desks_(desks), connections_max_(connections_max) {}

  [[nodiscard]] Desk& next_desk() { return *desks_[next_++ % desks_.size()]; }
  void receive(TcpSocket socket, Desk& desk, asio::ssl::context* tls);
  void receive(UnixSocket socket, Desk& desk);

 private:
  enum class Room : std::uint8_t { free, crowded, none };
  [[nodiscard]] Room count_in(Shared& shared) const;

  std::vector<std::unique_ptr<Desk>>& desks_;
  std::size_t connections_max_;
  std::size_t next_ = 0;
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
[[nodiscard]] base::Result<std::unique_ptr<Door>, StartFailure> make_tcp_door(
    const std::string& address, Desk& first, Reception& reception, asio::ssl::context* tls);

/// path  of the socket, mode 0600; a stale one of a server that died is replaced.
[[nodiscard]] base::Result<std::unique_ptr<Door>, StartFailure> make_unix_door(
    const std::string& path, Desk& first, Reception& reception);

[[nodiscard]] base::Result<std::unique_ptr<asio::ssl::context>, StartFailure> make_tls_context(
    const std::string& certificate_path, const std::string& key_path);

}  // namespace http

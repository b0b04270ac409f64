#include <boost/asio/post.hpp>

#include "connection.hpp"
#include "door.hpp"

namespace http {

namespace {

// So many more than connections_max are told why they are refused; the rest is closed at once.
constexpr std::size_t crowd_max = 256;

void seat(Desk& desk, std::unique_ptr<Transport> transport, Visitor visitor) {
  auto connection = std::make_shared<Connection>(std::move(transport), desk, std::move(visitor));
  asio::post(desk.context, [&desk, connection = std::move(connection)]() mutable {
    desk.seat(std::move(connection));
  });
}

std::string name_of(const TcpSocket& socket) {
  boost::system::error_code ec;
  const auto end = socket.remote_endpoint(ec);
  if (ec) return "unknown";
  const std::string address = end.address().to_string();
  const std::string port = std::to_string(end.port());
  return end.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

}  // namespace

Reception::Room Reception::count_in(Shared& shared) const {
  if (shared.draining) return Room::none;
  const std::uint64_t open = shared.connections_open.fetch_add(1) + 1;
  if (open <= connections_max_) return Room::free;
  if (open <= connections_max_ + crowd_max) return Room::crowded;
  shared.connections_open.fetch_sub(1);
  return Room::none;
}

void Reception::receive(TcpSocket socket, Desk& desk, asio::ssl::context* tls) {
  const Room room = count_in(desk.shared);
  if (room == Room::none) return;
  tune(socket, desk.shared.options);
  Visitor visitor{name_of(socket), false, tls != nullptr, room == Room::crowded};
  auto transport = tls != nullptr ? make_tls_transport(std::move(socket), *tls)
                                  : make_transport(std::move(socket), desk);
  seat(desk, std::move(transport), std::move(visitor));
}

void Reception::receive(UnixSocket socket, Desk& desk) {
  const Room room = count_in(desk.shared);
  if (room == Room::none) return;
  seat(desk, make_transport(std::move(socket), desk),
       Visitor{"unix", true, false, room == Room::crowded});
}

}  // namespace http

#include <boost/asio/post.hpp>

#include "connection.hpp"
#include "door.hpp"

namespace http {

namespace {

// So many more than connections_max are told why they are refused; the rest is closed at once.
constexpr std::size_t crowd_max = 256;
// The same for one address.
constexpr std::size_t crowd_of_address_max = 16;
// A proxy in front of the server brings everybody's connections from loopback.
constexpr std::size_t loopback_factor = 16;
// Idle connections need a moment to go; asking again and again would close them all.
constexpr std::chrono::milliseconds between_rooms{20};

void seat(Desk& desk, std::unique_ptr<Transport> transport, Visitor visitor) {
  auto connection = std::make_shared<Connection>(std::move(transport), desk, std::move(visitor));
  asio::post(desk.context, [&desk, connection = std::move(connection)]() mutable {
    desk.seat(std::move(connection));
  });
}

std::string name_of(const asio::ip::tcp::endpoint& end) {
  const std::string address = end.address().to_string();
  const std::string port = std::to_string(end.port());
  return end.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

// A network of one subscriber counts as one address: in IPv6 that is a /64.
std::string counted_as(const asio::ip::address& address) {
  if (!address.is_v6()) return address.to_string();
  const auto bytes = address.to_v6().to_bytes();
  if (address.to_v6().is_v4_mapped()) return std::string(bytes.begin(), bytes.end());
  return {bytes.begin(), bytes.begin() + 8};
}

}  // namespace

Reception::Room Reception::count_in(Shared& shared) {
  if (shared.draining) return Room::none;
  const std::uint64_t open = shared.connections_open.fetch_add(1) + 1;
  if (open <= connections_max_) return Room::free;
  make_room(false);
  if (open <= connections_max_ + crowd_max) return Room::crowded;
  shared.connections_open.fetch_sub(1);
  return Room::none;
}

Reception::Room Reception::count_in_address(Shared& shared, const std::string& address,
                                            bool loopback) {
  const std::size_t most =
      shared.options.connections_per_address_max * (loopback ? loopback_factor : 1);
  const std::lock_guard lock(shared.mutex);
  std::size_t& open = shared.by_address[address];
  open += 1;
  if (open <= most) return Room::free;
  if (open <= most + crowd_of_address_max) return Room::crowded;
  open -= 1;
  return Room::none;
}

void Reception::make_room(bool served_too) {
  const Instant now = std::chrono::steady_clock::now();
  if (now - made_room_ < between_rooms) return;
  made_room_ = now;
  for (const auto& desk : desks_) {
    asio::post(desk->context, [&desk = *desk, served_too] { desk.shed_idle(served_too); });
  }
}

void Reception::receive(TcpSocket socket, Desk& desk, const TlsContext& tls) {
  boost::system::error_code ec;
  const auto end = socket.remote_endpoint(ec);
  if (ec) return;  // it left already
  const Room room = count_in(desk.shared);
  if (room == Room::none) return;
  const std::string address = counted_as(end.address());
  const Room of_address = count_in_address(desk.shared, address, end.address().is_loopback());
  if (of_address == Room::none) {
    desk.shared.connections_open.fetch_sub(1);
    return;
  }
  tune(socket, desk.shared.options);
  const bool crowded = room == Room::crowded || of_address == Room::crowded;
  Visitor visitor{name_of(end), address, false, tls != nullptr, crowded};
  auto transport = tls != nullptr ? make_tls_transport(std::move(socket), tls)
                                  : make_transport(std::move(socket), desk);
  seat(desk, std::move(transport), std::move(visitor));
}

void Reception::receive(UnixSocket socket, Desk& desk) {
  const Room room = count_in(desk.shared);
  if (room == Room::none) return;
  seat(desk, make_transport(std::move(socket), desk),
       Visitor{"unix", {}, true, false, room == Room::crowded});
}

}  // namespace http

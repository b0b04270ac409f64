#include <cluster/wire.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <base/invariant.hpp>

namespace cluster {
namespace {

constexpr int glance_ms = 20;

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path.string();
  base::invariant(name.size() < sizeof(address.sun_path), "a socket's path is short");
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  return address;
}

}  // namespace

Wire::Wire(const Cluster& cluster) : target_(cluster.socket()) {
  std::string name = (std::filesystem::temp_directory_path() / "mains-wire-XXXXXX").string();
  base::invariant(::mkdtemp(name.data()) != nullptr, "a temporary folder can be made");
  folder_ = name;
  listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = address_of(folder_ / ".s.PGSQL.5432");
  base::invariant(
      ::bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
          ::listen(listening_, 16) == 0,
      "a socket can be made");
  thread_ = std::thread(&Wire::serve, this);
}

Wire::~Wire() {
  stop_ = true;
  thread_.join();
  ::close(listening_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string Wire::url(const std::string& database) const {
  return "postgres://mains@/" + database + "?host=" + folder_.string();
}

void Wire::cut_after(std::int64_t to_server, std::int64_t from_server) {
  was_cut_ = false;
  carried_to_server_ = carried_from_server_ = 0;
  left_to_server_ = to_server;
  left_from_server_ = from_server;
}

void Wire::serve() {
  while (!stop_) {
    pollfd waiting{listening_, POLLIN, 0};
    if (::poll(&waiting, 1, glance_ms) <= 0) continue;
    const int client = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(target_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
      carry(client, server);
    }
    ::close(client);
    ::close(server);
  }
}

void Wire::carry(int client, int server) {
  while (!stop_) {
    std::array<pollfd, 2> ends{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
    if (::poll(ends.data(), ends.size(), glance_ms) < 0) return;
    if (ends[0].revents != 0 && !move(client, server, left_to_server_, carried_to_server_)) return;
    if (ends[1].revents != 0 && !move(server, client, left_from_server_, carried_from_server_)) {
      return;
    }
  }
}

bool Wire::move(int from, int to, std::atomic<std::int64_t>& left,
                std::atomic<std::int64_t>& carried) {
  std::array<char, 16'384> bytes;
  const std::int64_t most = std::min<std::int64_t>(left, bytes.size());
  const ssize_t size =
      ::recv(from, bytes.data(), static_cast<std::size_t>(std::max<std::int64_t>(most, 1)), 0);
  if (size <= 0) return false;
  if (left <= 0) {
    was_cut_ = true;
    return false;
  }
  for (ssize_t sent = 0; sent < size;) {
    const ssize_t more =
        ::send(to, bytes.data() + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
    if (more <= 0) return false;
    sent += more;
  }
  carried += size;
  if (left != uncut) left -= size;
  return true;
}

}  // namespace cluster

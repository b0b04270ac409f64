#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "answer.hpp"
#include "plan.hpp"
#include "response.hpp"
#include "tally.hpp"
#include "window.hpp"

namespace load {

std::int64_t now_ns();

/// Where the server is, as a socket needs it.
struct Address {
  std::uint32_t host = 0;  // IPv4, in network order
  std::uint16_t port = 0;
};

/// One keep-alive connection that asks, reads and asks again. Not thread-safe; sockets do not
/// block. A connection that breaks is opened anew with the next request.
class Client {
 public:
  Client(const Plan& plan, const Address& address, std::size_t group, Tally& tally,
         const Window& window, std::uint64_t seed);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// Connects where needed and sends the next request, which was meant to go out at `meant_ns`.
  /// False: there is no way to the server.
  bool ask(int epoll, const Ask& ask, std::int64_t meant_ns);
  /// Reads what is there. True: the answer is complete (or lost); ask again.
  bool read();
  /// Writes what a full socket did not take.
  void write();
  /// The server has closed its side; what it sent before can still be read.
  void hang_up();
  /// Gives up on what is under way.
  void cut();
  [[nodiscard]] bool busy() const { return busy_; }
  /// The last request found no server.
  [[nodiscard]] bool unreached() const { return unreached_; }
  [[nodiscard]] std::size_t group() const { return group_; }
  int asked = 0;  // so many times

 private:
  bool connect();
  void disconnect();
  void read_events();
  bool lost();
  bool finish();
  bool fail(const std::string& what);

  const Plan& plan_;
  const Address& address_;
  const std::size_t group_;
  Tally& tally_;
  const Window& window_;
  std::mt19937_64 random_;
  int epoll_ = -1;
  int socket_ = -1;
  bool reused_ = false;    // the connection has carried another request before
  bool answered_ = false;  // the first byte of the answer is there
  bool hung_up_ = false;   // the server has closed its side
  bool unreached_ = false;
  std::string request_;
  std::size_t sent_bytes_ = 0;
  Response response_;
  bool busy_ = false;
  Ask ask_;
  Answer answer_;
};

}  // namespace load

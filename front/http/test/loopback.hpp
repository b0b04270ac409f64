// A client of bare sockets, and a server with handlers for the tests.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <boost/asio/steady_timer.hpp>

#include <http/server.hpp>

namespace http::test {

using namespace std::chrono_literals;

/// What came back, as far as a test looks at it.
struct Reply {
  unsigned status = 0;
  std::string head;     // status line and headers
  std::string body;     // chunked ones are decoded
  bool broken = false;  // the connection ended before the answer did
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// A blocking socket; each wait is bounded by ten seconds.
class Wire {
 public:
  explicit Wire(std::uint16_t port, int receive_buffer_bytes = 0);
  explicit Wire(const std::string& unix_path);
  ~Wire();
  Wire(Wire&& other) noexcept : socket_(other.socket_) { other.socket_ = -1; }
  Wire(const Wire&) = delete;

  [[nodiscard]] bool connected() const { return socket_ >= 0; }
  bool send(std::string_view bytes);
  /// Reads one answer. `head_only` for HEAD.
  Reply read(bool head_only = false);
  /// Reads until `text` has come by; everything before stays unread by read().
  bool read_until(std::string_view text);
  /// True when the server ends the connection (in order or not) without sending more.
  bool at_end();
  [[nodiscard]] bool readable_within(int wait_ms);
  void half_close();
  void reset();
  void close();

 private:
  bool more();

  int socket_ = -1;
  std::string seen_;
};

/// Something that happens on another thread and a test waits for.
class Happened {
 public:
  void now();
  [[nodiscard]] bool within(std::chrono::milliseconds wait = 10s);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool happened_ = false;
};

[[nodiscard]] std::string get(std::string_view path, std::string_view more_headers = "");
[[nodiscard]] std::string post(std::string_view path, std::string_view body,
                               std::string_view more_headers = "");

/// Port 0 on loopback, one thread, refusals as JSON.
[[nodiscard]] Options quick_options();

/// What the handlers of the tests share with the test.
struct Stage {
  Happened waiting;     // a handler of /wait is at work
  Happened gone;        // its client left
  Happened streaming;   // /flood or /drip has begun
  Happened stream_cut;  // /flood was told to stop
  Happened drained;     // /drip saw draining()
};

/// GET /hello  "hello"                    POST /echo  the body
/// GET /wait   until the client is gone   GET /flood  writes until that fails
/// GET /drip   streams until draining, then ends      GET /throw, /silent, /half
/// GET /tell   method, query and peer as text
[[nodiscard]] Handler stage_handler(Stage& stage);

/// A started server.
class House {
 public:
  explicit House(Options options = quick_options());
  [[nodiscard]] std::uint16_t port() const { return server.local_port(); }

  Stage stage;
  Server server;
};

}  // namespace http::test

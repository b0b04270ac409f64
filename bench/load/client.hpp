#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "plan.hpp"
#include "response.hpp"
#include "tally.hpp"

namespace load {

std::int64_t now_ns();

/// One keep-alive connection that asks, reads and asks again. Not thread-safe; sockets do not
/// block. A connection that breaks is opened anew with the next request.
class Client {
 public:
  Client(const Plan& plan, const Group& group, Tally& tally, std::uint64_t seed);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// Connects where needed and sends the next request. False: the server could not be reached.
  bool ask(int epoll);
  /// Reads what is there. True: the answer is complete (or lost); ask again.
  bool read();
  /// Writes what a full socket did not take.
  void write();
  /// From now on, until `close_window`, what happens is counted: requests that end, tokens that
  /// come. Spans are taken of requests that begin.
  void open_window();
  void close_window();
  /// The server has closed its side; what it sent before can still be read.
  void hang_up();
  /// Gives up on what is under way.
  void cut();
  [[nodiscard]] bool busy() const { return busy_; }

 private:
  bool connect();
  void disconnect();
  void prepare();
  void read_events();
  void saw_text(std::int64_t at_ns);
  bool lost();
  bool finish();
  void book();
  bool fail(const std::string& what);

  const Plan& plan_;
  const Group& group_;
  Tally& tally_;
  std::mt19937_64 random_;
  int epoll_ = -1;
  int socket_ = -1;
  bool reused_ = false;    // the connection has carried another request before
  bool answered_ = false;  // the first byte of the answer is there
  bool hung_up_ = false;   // the server has closed its side
  std::string request_;
  std::size_t sent_bytes_ = 0;
  Response response_;
  bool busy_ = false;
  bool window_ = false;   // the window is open
  bool counted_ = false;  // the request under way began in the window
  std::int64_t began_ns_ = 0;
  std::int64_t last_text_ns_ = 0;
  std::int64_t chunks_ = 0;
  std::int64_t window_chunks_ = 0;  // of them, those within the window
  bool began_in_window_ = false;    // the first chunk came within it
  std::int64_t tokens_in_ = -1;
  std::int64_t tokens_out_ = -1;
};

}  // namespace load

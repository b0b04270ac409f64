#include "loopback.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace http::test {

namespace {

void bound_waits(int socket) {
  const timeval ten_seconds{10, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &ten_seconds, sizeof ten_seconds);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &ten_seconds, sizeof ten_seconds);
}

}  // namespace

std::string Reply::header(std::string_view name) const {
  std::size_t at = head.find("\r\n");
  while (at != std::string::npos && at + 2 < head.size()) {
    const std::size_t end = head.find("\r\n", at + 2);
    const std::string_view line = std::string_view(head).substr(at + 2, end - at - 2);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && equal_without_case(line.substr(0, colon), name)) {
      return std::string(line.substr(colon + 2));
    }
    at = end;
  }
  return "";
}

Wire::Wire(std::uint16_t port, int receive_buffer_bytes)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer_bytes > 0) {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                 sizeof receive_buffer_bytes);
  }
  bound_waits(socket_);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) close();
}

Wire::Wire(const std::string& unix_path)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  bound_waits(socket_);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  unix_path.copy(to.sun_path, sizeof to.sun_path - 1);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) close();
}

Wire::~Wire() {
  close();
}

void Wire::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

bool Wire::readable_within(int wait_ms) {
  pollfd entry{socket_, POLLIN, 0};
  return ::poll(&entry, 1, wait_ms) > 0;
}

void Wire::half_close() {
  ::shutdown(socket_, SHUT_WR);
}

void Wire::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

bool Wire::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool Wire::more() {
  std::array<char, 16384> buffer;
  const ssize_t n = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (n <= 0) return false;
  seen_.append(buffer.data(), static_cast<std::size_t>(n));
  return true;
}

bool Wire::read_until(std::string_view text) {
  while (seen_.find(text) == std::string::npos) {
    if (!more()) return false;
  }
  return true;
}

bool Wire::at_end() {
  const timeval left{10, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &left, sizeof left);
  char byte = 0;
  if (!seen_.empty()) return false;
  const ssize_t n = ::recv(socket_, &byte, 1, 0);
  return n == 0 || (n < 0 && errno == ECONNRESET);
}

Reply Wire::read(bool head_only) {
  Reply reply;
  reply.broken = true;
  if (!read_until("\r\n\r\n")) return reply;
  const std::size_t end = seen_.find("\r\n\r\n") + 4;
  reply.head = seen_.substr(0, end);
  seen_.erase(0, end);
  reply.status = static_cast<unsigned>(std::stoul(reply.head.substr(9, 3)));
  reply.broken = false;
  if (head_only || reply.status == 100 || reply.status == 204) return reply;
  const auto take = [&](std::size_t size) {
    while (seen_.size() < size) {
      if (!more()) {
        reply.broken = true;
        return std::string();
      }
    }
    std::string piece = seen_.substr(0, size);
    seen_.erase(0, size);
    return piece;
  };
  if (reply.header("transfer-encoding") == "chunked") {
    for (;;) {
      if (!read_until("\r\n")) {
        reply.broken = true;
        return reply;
      }
      const std::size_t size = std::stoul(seen_, nullptr, 16);
      seen_.erase(0, seen_.find("\r\n") + 2);
      const std::string piece = take(size + 2);
      if (reply.broken || size == 0) return reply;
      reply.body.append(piece, 0, size);
    }
  }
  if (!reply.header("content-length").empty()) {
    reply.body = take(std::stoul(reply.header("content-length")));
    return reply;
  }
  while (more())
    continue;
  reply.body = std::exchange(seen_, "");
  return reply;
}

void Happened::now() {
  const std::lock_guard lock(mutex_);
  happened_ = true;
  changed_.notify_all();
}

bool Happened::within(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, wait, [this] { return happened_; });
}

std::string get(std::string_view path, std::string_view more_headers) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nhost: test\r\n" + std::string(more_headers) +
         "\r\n";
}

std::string post(std::string_view path, std::string_view body, std::string_view more_headers) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(more_headers) + "\r\n" + std::string(body);
}

Options quick_options() {
  Options options;
  options.listen = {"127.0.0.1:0"};
  options.threads = 1;
  options.error_body = [](Refusal, unsigned status, std::string_view path) {
    Response response;
    response.body =
        "{\"refused\":" + std::to_string(status) + ",\"path\":\"" + std::string(path) + "\"}";
    return response;
  };
  return options;
}

namespace {

asio::awaitable<void> wait_for_gone(Exchange& exchange, Stage& stage) {
  asio::steady_timer until(exchange.executor(), std::chrono::steady_clock::time_point::max());
  exchange.on_gone([&until, &stage] {
    stage.gone.now();
    until.cancel();
  });
  stage.waiting.now();
  boost::system::error_code ec;
  co_await until.async_wait(asio::redirect_error(asio::use_awaitable, ec));
}

asio::awaitable<void> flood(Exchange& exchange, Stage& stage) {
  bool told = false;
  exchange.on_gone([&told] { told = true; });
  const std::string chunk(8192, 'x');
  if (!co_await exchange.begin_stream(200, "text/plain")) co_return;
  stage.streaming.now();
  for (bool open = true; open;)
    open = co_await exchange.write(chunk);
  // The callback comes by the executor, so at the latest after this round trip.
  asio::steady_timer turn(exchange.executor(), 1ms);
  co_await turn.async_wait(asio::use_awaitable);
  if (told && exchange.gone()) stage.stream_cut.now();
}

asio::awaitable<void> drip(Exchange& exchange, Stage& stage) {
  bool open = co_await exchange.begin_stream(200, "text/event-stream");
  asio::steady_timer turn(exchange.executor());
  while (open && !exchange.draining()) {
    open = co_await exchange.write("data: drop\n\n");
    stage.streaming.now();
    turn.expires_after(1ms);
    co_await turn.async_wait(asio::use_awaitable);
  }
  stage.drained.now();
  co_await exchange.end_stream("data: [DONE]\n\n");
}

std::string tell(const Request& request) {
  std::string text = request.method_name + " " + request.path;
  if (const auto q = request.query("q")) text += " q=" + *q;
  text += " peer=" + request.peer.substr(0, request.peer.find(':'));
  if (request.over_admin_socket) text += " admin";
  if (request.over_tls) text += " tls";
  return text;
}

asio::awaitable<void> act(Exchange& exchange, Stage& stage) {
  const Request& request = exchange.request();
  Response response;
  response.content_type = "text/plain";
  if (request.path == "/wait") co_return co_await wait_for_gone(exchange, stage);
  if (request.path == "/flood") co_return co_await flood(exchange, stage);
  if (request.path == "/drip") co_return co_await drip(exchange, stage);
  if (request.path == "/throw") throw std::runtime_error("secret of " + request.body);
  if (request.path == "/silent") co_return;
  if (request.path == "/half") {
    co_await exchange.begin_stream(200, "text/plain");
    co_await exchange.write("half of ");
    throw std::runtime_error("the other half");
  }
  if (request.path == "/echo") {
    response.body = request.body;
  } else if (request.path == "/tell") {
    response.body = tell(request);
    response.headers.emplace_back("x-said", std::string(request.header("x-say")));
  } else if (request.path == "/inject") {
    response.headers.emplace_back("x-evil", "a\r\nset-cookie: b");
  } else if (request.path == "/empty") {
    response.status = 204;
  } else {
    response.body = "hello";
  }
  co_await exchange.send(std::move(response));
}

}  // namespace

Handler stage_handler(Stage& stage) {
  return [&stage](Exchange& exchange) { return act(exchange, stage); };
}

House::House(Options options) : server(std::move(options), stage_handler(stage)) {
  const auto started = server.start();
  if (!started.ok()) ADD_FAILURE() << started.error().text;
}

}  // namespace http::test

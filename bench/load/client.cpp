#include "client.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "request.hpp"

namespace load {

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Client::Client(const Plan& plan, const Address& address, std::size_t group, Tally& tally,
               const Window& window, std::uint64_t seed)
    : plan_(plan),
      address_(address),
      group_(group),
      tally_(tally),
      window_(window),
      random_(seed) {}

Client::~Client() {
  disconnect();
}

bool Client::connect() {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(address_.port);
  address.sin_addr.s_addr = address_.host;
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    disconnect();
    return false;
  }
  hung_up_ = false;
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP;
  event.data.ptr = this;
  return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_, &event) == 0;
}

void Client::disconnect() {
  if (socket_ >= 0) {
    ::close(socket_);
    socket_ = -1;
  }
}

bool Client::ask(int epoll, const Ask& ask, std::int64_t meant_ns) {
  epoll_ = epoll;
  reused_ = socket_ >= 0;
  answered_ = false;
  unreached_ = false;
  ask_ = ask;
  answer_ = Answer(window_, meant_ns);
  ++asked;
  if (socket_ < 0 && !connect()) {
    unreached_ = true;
    fail("not reached");
    return false;
  }
  request_ = request_of(plan_, plan_.groups[group_], ask, random_);
  response_.begin();
  sent_bytes_ = 0;
  busy_ = true;
  write();
  return true;
}

void Client::write() {
  while (busy_ && sent_bytes_ < request_.size()) {
    const ssize_t sent = ::send(socket_, request_.data() + sent_bytes_,
                                request_.size() - sent_bytes_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) {
      return;  // a full socket asks again; a broken one is seen by read()
    }
    sent_bytes_ += static_cast<std::size_t>(sent);
  }
}

bool Client::read() {
  std::array<char, 16 * 1024> buffer;
  while (busy_) {
    const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return false;
    }
    if (got <= 0) {
      return lost();
    }
    answered_ = true;
    response_.feed({buffer.data(), static_cast<std::size_t>(got)});
    if (plan_.stream) {
      read_events();
    }
    if (response_.state() == Response::State::broken) {
      return fail("not HTTP");
    }
    if (response_.state() == Response::State::done) {
      return finish();
    }
  }
  return false;
}

// A server may close a kept connection just when the next request is sent: that is no error of
// either, and the request goes out again on a new one.
bool Client::lost() {
  // A connection that never took a byte never was one.
  unreached_ = !reused_ && sent_bytes_ == 0;
  if (!reused_ || answered_) {
    return fail(unreached_ ? "not reached" : "connection closed");
  }
  disconnect();
  if (!connect()) {
    unreached_ = true;
    return fail("not reached");
  }
  reused_ = false;
  sent_bytes_ = 0;
  write();
  return false;
}

void Client::hang_up() {
  hung_up_ = true;
  if (!busy_) {
    disconnect();
  }
}

void Client::read_events() {
  const std::int64_t at_ns = now_ns();
  std::string_view rest = response_.body;
  std::size_t end = 0;
  while ((end = rest.find('\n')) != std::string_view::npos) {
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (!line.starts_with("data: {")) {
      continue;
    }
    if (carries_text(line)) {
      answer_.text(at_ns, tally_);
    }
    read_usage(line, answer_);
  }
  response_.body.erase(0, response_.body.size() - rest.size());
}

bool Client::finish() {
  busy_ = false;
  if (response_.status() != 200) {
    fail("status " + std::to_string(response_.status()));
  } else {
    if (!plan_.stream) {
      read_usage(response_.body, answer_);
    }
    answer_.complete(now_ns(), plan_, tally_);
  }
  if (response_.closes() || hung_up_) {
    disconnect();
  }
  return true;
}

bool Client::fail(const std::string& what) {
  answer_.failed(now_ns(), what, tally_);
  if (busy_) {
    busy_ = false;
    disconnect();
  }
  return true;
}

void Client::cut() {
  if (busy_) {
    answer_.cut(now_ns(), plan_, ask_, tally_);
  }
  busy_ = false;
  disconnect();
}

}  // namespace load

#include "client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

namespace load {
namespace {

// Short common words, most of them one token with a space before in vocabularies made from English.
constexpr std::array<std::string_view, 48> words = {
    "time",    "year",    "people",   "way",    "day",    "man",    "thing",   "woman",
    "life",    "child",   "world",    "school", "state",  "family", "student", "group",
    "country", "problem", "hand",     "part",   "place",  "case",   "week",    "company",
    "system",  "program", "question", "work",   "number", "night",  "point",   "home",
    "water",   "room",    "mother",   "area",   "money",  "story",  "fact",    "month",
    "lot",     "right",   "study",    "book",   "eye",    "job",    "word",    "business"};

}  // namespace

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Client::Client(const Plan& plan, const Group& group, Tally& tally, std::uint64_t seed)
    : plan_(plan), group_(group), tally_(tally), random_(seed) {}

Client::~Client() {
  disconnect();
}

bool Client::connect() {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(plan_.port);
  ::inet_pton(AF_INET, plan_.host.c_str(), &address.sin_addr);
  // On loopback a connection stands or is refused at once, so this may block.
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
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

void Client::prepare() {
  std::string prompt;
  for (int word = 0; word < group_.words_in; ++word) {
    prompt += word == 0 ? "" : " ";
    prompt += words.at(random_() % words.size());
  }
  std::string body = R"({"model":")" + plan_.model + R"(",)";
  if (plan_.api == Api::chat) {
    body += R"("messages":[{"role":"user","content":")" + prompt + R"("}],)";
  } else {
    body += R"("prompt":")" + prompt + R"(",)";
  }
  body += R"("temperature":0,"ignore_eos":true,"max_tokens":)" + std::to_string(group_.tokens_out);
  if (plan_.stream) {
    body += R"(,"stream":true,"stream_options":{"include_usage":true})";
  }
  body += "}";
  request_ = plan_.api == Api::chat ? "POST /v1/chat/completions" : "POST /v1/completions";
  request_ += " HTTP/1.1\r\nHost: " + plan_.host + "\r\nContent-Type: application/json\r\n";
  if (!group_.key.empty()) {
    request_ += "Authorization: Bearer " + group_.key + "\r\n";
  }
  request_ += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

bool Client::ask(int epoll) {
  epoll_ = epoll;
  reused_ = socket_ >= 0;
  answered_ = false;
  if (socket_ < 0 && !connect()) {
    fail("not reached");
    return false;
  }
  prepare();
  response_.begin();
  sent_bytes_ = 0;
  chunks_ = 0;
  window_chunks_ = 0;
  began_in_window_ = false;
  tokens_in_ = -1;
  tokens_out_ = -1;
  busy_ = true;
  counted_ = window_;
  began_ns_ = now_ns();
  last_text_ns_ = 0;
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
  if (!reused_ || answered_) {
    return fail("connection closed");
  }
  disconnect();
  if (!connect()) {
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
      saw_text(at_ns);
    }
    if (const std::int64_t in = number_after(line, R"("prompt_tokens")"); in >= 0) {
      tokens_in_ = in;
      tokens_out_ = number_after(line, R"("completion_tokens")");
    }
  }
  response_.body.erase(0, response_.body.size() - rest.size());
}

void Client::saw_text(std::int64_t at_ns) {
  ++chunks_;
  if (window_) {
    ++window_chunks_;
    began_in_window_ = began_in_window_ || chunks_ == 1;
  }
  if (counted_ && last_text_ns_ == 0) {
    tally_.first.add(at_ns - began_ns_);
  } else if (counted_) {
    tally_.between.add(at_ns - last_text_ns_);
  }
  last_text_ns_ = at_ns;
}

bool Client::finish() {
  busy_ = false;
  if (response_.status() != 200) {
    fail("status " + std::to_string(response_.status()));
  } else {
    if (!plan_.stream) {
      tokens_in_ = number_after(response_.body, R"("prompt_tokens")");
      tokens_out_ = number_after(response_.body, R"("completion_tokens")");
    }
    book();
  }
  if (response_.closes() || hung_up_) {
    disconnect();
  }
  return true;
}

void Client::book() {
  if (counted_) {
    tally_.whole.add(now_ns() - began_ns_);
  }
  if (window_) {
    ++tally_.requests;
  }
  if (tokens_in_ < 0 || tokens_out_ < 0) {
    ++tally_.errors["no usage"];
  } else if (chunks_ == 0 && window_) {
    tally_.tokens_in += tokens_in_;
    tally_.tokens_out += tokens_out_;
  } else if (chunks_ > 0) {
    // The part of its tokens that came within the window; a chunk may be more than one token.
    tally_.tokens_in += began_in_window_ ? tokens_in_ : 0;
    tally_.tokens_out += tokens_out_ * window_chunks_ / chunks_;
  }
}

bool Client::fail(const std::string& what) {
  if (window_) {
    ++tally_.errors[what];
  }
  if (busy_) {
    busy_ = false;
    disconnect();
  }
  return true;
}

void Client::open_window() {
  window_ = true;
}

void Client::close_window() {
  window_ = false;
}

void Client::cut() {
  if (busy_) {
    // No usage came: a chunk is taken for a token, a word of the prompt, too.
    tally_.tokens_out += window_chunks_;
    tally_.tokens_in += began_in_window_ ? group_.words_in : 0;
  }
  if (busy_ && counted_) {
    ++tally_.unanswered;
    if (last_text_ns_ == 0) {
      ++tally_.unanswered_without_token;
    }
  }
  busy_ = false;
  disconnect();
}

}  // namespace load

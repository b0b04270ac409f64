// One client's connection: reads requests, runs the handler, writes its answers.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <http/exchange.hpp>

#include "desk.hpp"
#include "response_head.hpp"
#include "transport.hpp"
#include "waker.hpp"

namespace http {

/// Facts about a client before it speaks.
struct Visitor {
  std::string peer;
  std::string address;  // counted in Shared::by_address; empty: not counted
  bool over_admin_socket = false;
  bool over_tls = false;
  bool crowded = false;  // one too many: gets a 503 and no more
};

/// Thread: the desk's. Kept alive by its coroutine and by the operations of its transport.
///
/// A read is always pending, in every phase: it brings the next request, or the news that the
/// client left while a handler was at work.
class Connection final : public Transport::Listener, public Exchange {
 public:
  Connection(std::unique_ptr<Transport> transport, Desk& desk, Visitor visitor);
  ~Connection() override;

  static void start(std::shared_ptr<Connection> connection);

  void drain();
  /// Resets the connection; a handler at work is told.
  void cut();
  [[nodiscard]] bool is_late(Instant now) const {
    return now >= deadline_ || now >= write_deadline_;
  }
  void act_on_lateness(Instant now);
  /// Waits for a request, and has nothing of one.
  [[nodiscard]] bool is_idle() const { return phase_ == Phase::idle && pending_.empty(); }
  [[nodiscard]] bool has_asked() const { return served_; }
  [[nodiscard]] Instant idle_since() const { return idle_since_; }

  // Exchange
  const Request& request() const override { return reader_->request(); }
  asio::awaitable<bool> send(Response response) override;
  asio::awaitable<bool> begin_stream(
      unsigned status, std::string content_type,
      std::vector<std::pair<std::string, std::string>> headers) override;
  asio::awaitable<bool> write(std::string_view chunk) override;
  asio::awaitable<bool> end_stream(std::string_view last) override;
  void on_gone(std::function<void()> callback) override;
  bool gone() const override { return gone_; }
  bool answered() const override { return answer_ != Answer::none; }
  bool draining() const override { return desk_.shared.draining; }
  asio::any_io_executor executor() override { return desk_.context.get_executor(); }

  // Transport::Listener
  void on_ready(bool ok) override;
  void on_bytes(std::span<const char> bytes) override;
  void on_end() override;
  void on_written(bool ok, std::size_t bytes) override;

 private:
  friend class Desk;

  enum class Phase : std::uint8_t { handshake, idle, reading, answering, closing };
  enum class Answer : std::uint8_t { none, streaming, complete };
  static constexpr Instant never = Instant::max();

  static asio::awaitable<void> run(std::shared_ptr<Connection> self);
  asio::awaitable<void> live();
  asio::awaitable<bool> next_request();
  asio::awaitable<void> answer();
  asio::awaitable<void> refuse(Refusal why);
  asio::awaitable<void> turn_away(Response response);
  asio::awaitable<std::optional<Response>> refused_at_header();
  void say_who_asks();
  asio::awaitable<void> leave();
  asio::awaitable<bool> write_all(Pieces pieces);

  void take_in(std::string_view bytes);
  void take_in_or_refuse(std::string_view bytes);
  void count_body();
  void forget_body();
  void keep_for_later(std::span<const char> bytes);
  void watch_on();
  void lost();
  void tell_gone();
  void go_idle();
  [[nodiscard]] std::string_view chunk_size_line(std::size_t bytes);
  void arm(std::chrono::milliseconds span) { deadline_ = std::chrono::steady_clock::now() + span; }
  [[nodiscard]] unsigned request_version() const {
    return reader_ ? reader_->request().version : 11;
  }
  [[nodiscard]] bool bodyless() const {
    return reader_ && reader_->request().method == Method::head;
  }

  std::unique_ptr<Transport> transport_;
  Desk& desk_;
  Visitor visitor_;
  std::size_t seat_ = 0;  // place in the desk's list

  std::unique_ptr<RequestReader> reader_;  // while there is a request
  std::string pending_;                    // read, but of no request yet
  std::string head_;                       // being written
  std::array<char, 20> size_line_{};
  Pieces unsent_{};
  std::size_t written_since_armed_ = 0;
  std::size_t discarded_ = 0;
  std::uint64_t body_counted_ = 0;  // in the sum of all bodies
  std::function<void()> on_gone_;
  Waker arrived_;
  Waker written_;
  Instant deadline_ = never;  // of the phase
  Instant write_deadline_ = never;
  Instant idle_since_{};

  Phase phase_ = Phase::handshake;
  Answer answer_ = Answer::none;
  Framing framing_ = Framing::length;
  bool ready_ = false;
  bool admitted_ = false;  // this request's header was looked at
  bool served_ = false;    // one request was answered
  bool watching_ = false;
  bool ended_ = false;  // the client sends no more
  bool late_ = false;
  bool gone_ = false;
  bool keep_ = true;  // one more request on this connection
  bool linger_ = false;
  bool finished_ = false;
  bool write_ok_ = false;
};

}  // namespace http

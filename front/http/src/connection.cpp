#include "connection.hpp"

#include <exception>
#include <new>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace http {

namespace {

// A client that was refused may go on sending for a while before it reads why.
constexpr std::size_t discarded_bytes_max = 64 * 1024 * 1024;
// Bodies up to this size are served however many there are.
constexpr std::size_t small_body_bytes_max = 16 * 1024;
// Bytes that an idle connection may keep.
constexpr std::size_t idle_bytes_max = 512;

Response plain_refusal(unsigned status) {
  Response response;
  response.content_type = "text/plain";
  response.body.append(reason_phrase(status)).append("\n");
  return response;
}

unsigned status_of(Refusal why) {
  switch (why) {
    case Refusal::malformed: return 400;
    case Refusal::header_late:
    case Refusal::body_late: return 408;
    case Refusal::body_too_large: return 413;
    case Refusal::header_too_large: return 431;
    case Refusal::handler_failed: return 500;
    case Refusal::overloaded:
    case Refusal::out_of_memory: return 503;
  }
  return 500;
}

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, Desk& desk, Visitor visitor)
    : transport_(std::move(transport)), desk_(desk), visitor_(std::move(visitor)) {
  transport_->listener = this;
}

Connection::~Connection() {
  forget_body();
}

void Connection::start(std::shared_ptr<Connection> connection) {
  Connection& self = *connection;
  asio::co_spawn(self.desk_.context, run(connection),
                 [connection](const std::exception_ptr& thrown) {
                   if (thrown) connection->transport_->reset();
                   connection->desk_.unseat(*connection);
                 });
}

asio::awaitable<void> Connection::run(std::shared_ptr<Connection> self) {
  co_await self->live();
  co_await self->leave();
}

asio::awaitable<void> Connection::live() {
  arm(desk_.shared.options.header_timeout);
  transport_->handshake();
  co_await arrived_.wait();
  if (!ready_) co_return;
  if (visitor_.crowded) {
    co_await refuse(Refusal::overloaded);
    co_return;
  }
  for (;;) {
    const bool asked = co_await next_request();
    if (!asked) co_return;
    co_await answer();
    if (!keep_) co_return;
    // A client that sends many requests ahead lets others in between.
    if (!pending_.empty()) co_await asio::post(executor(), asio::use_awaitable);
  }
}

void Connection::go_idle() {
  phase_ = Phase::idle;
  late_ = false;
  admitted_ = false;
  idle_since_ = std::chrono::steady_clock::now();
  const Options& options = desk_.shared.options;
  arm(served_ ? options.idle_timeout : std::min(options.header_timeout, options.idle_timeout));
  if (pending_.empty() && pending_.capacity() > idle_bytes_max) std::string().swap(pending_);
  if (head_.capacity() > idle_bytes_max) std::string().swap(head_);
}

asio::awaitable<bool> Connection::next_request() {
  go_idle();
  if (!pending_.empty()) take_in_or_refuse({});
  for (;;) {
    if (reader_) {
      const Reading state = reader_->state();
      if (state == Reading::complete) co_return true;
      if (state == Reading::refused) {
        co_await refuse(reader_->refusal());
        co_return false;
      }
      if (late_ && reader_->begun()) {
        const Refusal late = state == Reading::header ? Refusal::header_late : Refusal::body_late;
        co_await refuse(late);
        co_return false;
      }
      if (state == Reading::body && !std::exchange(admitted_, true)) {
        std::optional<Response> refusal = co_await refused_at_header();
        if (reader_->state() == Reading::refused) continue;
        if (refusal) {
          co_await turn_away(std::move(*refusal));
          co_return false;
        }
      }
      if (state == Reading::body && reader_->take_expectation()) {
        static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        Pieces pieces{};
        pieces[0] = asio::buffer(go_on);
        const bool told = co_await write_all(pieces);
        if (!told) co_return false;
        continue;
      }
    }
    if (ended_ || late_ || (phase_ == Phase::idle && draining())) co_return false;
    watch_on();
    co_await arrived_.wait();
  }
}

void Connection::take_in(std::string_view bytes) {
  const Options& options = desk_.shared.options;
  if (phase_ == Phase::idle) {
    phase_ = Phase::reading;
    reader_ = desk_.lend_reader();
    arm(options.header_timeout);
  }
  const Reading before = reader_->state();
  if (pending_.empty()) {
    const std::size_t taken = reader_->feed(bytes);
    pending_.assign(bytes.substr(taken));
  } else {
    pending_.append(bytes);
    pending_.erase(0, reader_->feed(pending_));
  }
  if (before == Reading::header && reader_->state() == Reading::body) arm(options.body_timeout);
  count_body();
}

void Connection::take_in_or_refuse(std::string_view bytes) {
  try {
    take_in(bytes);
  } catch (const std::bad_alloc&) {
    std::string().swap(pending_);
    if (!reader_) throw;
    std::string().swap(reader_->request().body);
    reader_->refuse(Refusal::out_of_memory);
  }
}

/// The reason not to read the body: nobody may ask so, or there is no memory for it.
asio::awaitable<std::optional<Response>> Connection::refused_at_header() {
  const Shared& shared = desk_.shared;
  const std::uint64_t announced = reader_->announced_bytes();
  if (announced > small_body_bytes_max && !shared.options.memory->has_room(announced)) {
    reader_->refuse(Refusal::out_of_memory);
    co_return std::nullopt;
  }
  if (!shared.options.admit) co_return std::nullopt;
  say_who_asks();
  std::optional<Response> refusal = co_await shared.options.admit(*this);
  co_return refusal;
}

void Connection::say_who_asks() {
  Request& request = reader_->request();
  request.peer = visitor_.peer;
  request.over_admin_socket = visitor_.over_admin_socket;
  request.over_tls = visitor_.over_tls;
}

void Connection::count_body() {
  const std::uint64_t size = reader_->request().body.size();
  if (size == body_counted_) return;
  Shared& shared = desk_.shared;
  const std::uint64_t more = size - body_counted_;
  const bool fits = shared.options.memory->add(more);
  body_counted_ = size;
  if (!fits && size > small_body_bytes_max) reader_->refuse(Refusal::out_of_memory);
}

void Connection::forget_body() {
  if (body_counted_ != 0) desk_.shared.options.memory->subtract(body_counted_);
  body_counted_ = 0;
}

void Connection::keep_for_later(std::span<const char> bytes) {
  pending_.append(bytes.data(), bytes.size());
}

void Connection::watch_on() {
  if (watching_ || ended_ || gone_) return;
  const bool full = pending_.size() >= desk_.shared.options.pipelined_bytes_max;
  if (phase_ == Phase::answering && full) return;
  watching_ = true;
  transport_->watch();
}

asio::awaitable<void> Connection::answer() {
  phase_ = Phase::answering;
  deadline_ = never;
  answer_ = Answer::none;
  say_who_asks();
  served_ = true;
  keep_ = reader_->keep_alive();
  desk_.tallies.requests.add(1);
  bool failed = false;
  Refusal why = Refusal::handler_failed;
  try {
    co_await desk_.shared.handler(*this);
  } catch (const std::bad_alloc&) {
    failed = true;
    why = Refusal::out_of_memory;
    std::string().swap(reader_->request().body);  // room for the answer
  } catch (...) {
    failed = true;  // what it says may quote the request
  }
  on_gone_ = nullptr;
  if (failed || (answer_ != Answer::complete && !gone_)) {
    desk_.tallies.handler_failures.add(1);
    keep_ = false;
    if (answer_ == Answer::none) {
      co_await refuse(why);
    } else if (answer_ == Answer::streaming && framing_ == Framing::until_close) {
      transport_->reset();  // an orderly close would say that this was all
      ended_ = true;
    }
  }
  if (gone_ || ended_) keep_ = false;
  desk_.take_back(std::move(reader_));
  forget_body();
}

asio::awaitable<void> Connection::refuse(Refusal why) {
  const unsigned status = status_of(why);
  const Shared& shared = desk_.shared;
  const std::string_view path = reader_ ? std::string_view(reader_->request().path) : "";
  Response response = shared.options.error_body ? shared.options.error_body(why, status, path)
                                                : plain_refusal(status);
  response.status = status;
  if (why != Refusal::handler_failed) desk_.tallies.refused.add(1);
  co_await turn_away(std::move(response));
}

asio::awaitable<void> Connection::turn_away(Response response) {
  phase_ = Phase::closing;
  deadline_ = never;
  answer_ = Answer::none;
  keep_ = false;
  linger_ = true;
  watch_on();
  co_await send(std::move(response));
}

asio::awaitable<void> Connection::leave() {
  phase_ = Phase::closing;
  late_ = false;
  if (ready_ && !ended_ && !gone_) {
    arm(desk_.shared.options.linger_timeout);
    transport_->finish();
    watch_on();
    // Closing at once would reset the connection when bytes arrive that nobody reads, and a
    // client may then never see the answer.
    linger_ = linger_ || !pending_.empty();
    while (!ended_ && !late_ && discarded_ < discarded_bytes_max && (linger_ || !finished_)) {
      co_await arrived_.wait();
    }
  }
  transport_->close();
}

void Connection::drain() {
  if (phase_ == Phase::idle) arrived_.wake();
}

void Connection::cut() {
  lost();
}

void Connection::act_on_lateness(Instant now) {
  if (now >= write_deadline_) {
    write_deadline_ = never;
    desk_.tallies.cut_slow.add(1);
    lost();
  }
  if (now >= deadline_) {
    deadline_ = never;
    late_ = true;
    if (phase_ == Phase::handshake) {
      transport_->close();
    } else {
      arrived_.wake();
    }
  }
}

void Connection::lost() {
  if (gone_) return;
  gone_ = true;
  if (phase_ == Phase::answering && answer_ != Answer::complete) {
    desk_.tallies.gone.add(1);
    tell_gone();
  }
  transport_->reset();
}

void Connection::tell_gone() {
  // Later, so that it never runs inside a call of the handler.
  asio::post(desk_.context, [self = shared_from_this(), this] {
    const std::function<void()> callback = std::exchange(on_gone_, nullptr);
    if (callback) callback();
  });
}

void Connection::on_gone(std::function<void()> callback) {
  on_gone_ = std::move(callback);
  if (gone_) tell_gone();
}

void Connection::on_ready(bool ok) {
  ready_ = ok;
  deadline_ = never;
  arrived_.wake();
}

void Connection::on_bytes(std::span<const char> bytes) {
  watching_ = false;
  desk_.tallies.bytes_in.add(bytes.size());
  switch (phase_) {
    case Phase::handshake: break;
    case Phase::idle:
    case Phase::reading:
      take_in_or_refuse({bytes.data(), bytes.size()});
      if (reader_->state() != Reading::header) arrived_.wake();
      break;
    case Phase::answering: keep_for_later(bytes); break;
    case Phase::closing:
      discarded_ += bytes.size();
      if (discarded_ >= discarded_bytes_max) arrived_.wake();
      break;
  }
  watch_on();
}

void Connection::on_end() {
  watching_ = false;
  ended_ = true;
  if (phase_ == Phase::answering) {
    if (answer_ != Answer::complete) lost();
  } else {
    arrived_.wake();
  }
}

void Connection::on_written(bool ok, std::size_t bytes) {
  if (phase_ == Phase::closing && !written_.waited_for()) {
    finished_ = true;
    arrived_.wake();
    return;
  }
  desk_.tallies.bytes_out.add(bytes);
  if (!ok) {
    write_deadline_ = never;
    write_ok_ = false;
    lost();
    written_.wake();
    return;
  }
  for (asio::const_buffer& piece : unsent_) {
    const std::size_t taken = std::min(bytes, piece.size());
    piece += taken;
    bytes -= taken;
    written_since_armed_ += taken;
  }
  if (asio::buffer_size(unsent_) == 0) {
    write_deadline_ = never;
    write_ok_ = true;
    written_.wake();
    return;
  }
  if (written_since_armed_ >= 64 * 1024) {
    written_since_armed_ = 0;
    write_deadline_ = std::chrono::steady_clock::now() + desk_.shared.options.write_timeout;
  }
  transport_->write(unsent_);
}

}  // namespace http

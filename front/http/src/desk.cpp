#include "desk.hpp"

#include <algorithm>

#include "connection.hpp"

namespace http {

namespace {

constexpr std::size_t idle_readers_max = 64;

// Deadlines are a field that a sweep looks at, not a timer per operation: they are late by at most
// one round, an eighth of the shortest of them.
std::chrono::milliseconds round_of(const Options& options) {
  const auto shortest =
      std::min({options.header_timeout, options.body_timeout, options.idle_timeout,
                options.write_timeout, options.linger_timeout});
  return std::clamp(shortest / 8, std::chrono::milliseconds(5), std::chrono::milliseconds(250));
}

}  // namespace

Desk::Desk(Shared& the_shared)
    : shared(the_shared), sweep_timer_(context), sweep_every_(round_of(the_shared.options)) {}

Desk::~Desk() = default;

void Desk::seat(std::shared_ptr<Connection> connection) {
  connection->seat_ = connections_.size();
  connections_.push_back(connection.get());
  tallies.connections.add(1);
  if (!sweeping_) sweep_later();
  Connection::start(std::move(connection));
}

void Desk::unseat(Connection& connection) {
  if (!connection.visitor_.address.empty()) {
    const std::lock_guard lock(shared.mutex);
    const auto counted = shared.by_address.find(connection.visitor_.address);
    if (--counted->second == 0) shared.by_address.erase(counted);
  }
  Connection* last = connections_.back();
  connections_[connection.seat_] = last;
  last->seat_ = connection.seat_;
  connections_.pop_back();
  if (shared.connections_open.fetch_sub(1) == 1) {
    const std::lock_guard lock(shared.mutex);
    shared.changed.notify_all();
  }
}

void Desk::drain() {
  const std::vector<Connection*> seated = connections_;  // closing one may unseat it
  for (Connection* connection : seated)
    connection->drain();
}

void Desk::cut_all() {
  const std::vector<Connection*> seated = connections_;
  for (Connection* connection : seated)
    connection->cut();
}

void Desk::shed_idle(bool served_too) {
  std::vector<Connection*> silent;
  std::vector<Connection*> served;
  for (Connection* connection : connections_) {
    if (connection->is_idle()) (connection->has_asked() ? served : silent).push_back(connection);
  }
  std::vector<Connection*>& idle = silent.empty() && served_too ? served : silent;
  std::ranges::sort(idle, {}, [](const Connection* one) { return one->idle_since(); });
  idle.resize((idle.size() + 3) / 4);
  for (Connection* connection : idle) {
    tallies.shed.add(1);
    connection->cut();
  }
}

std::unique_ptr<RequestReader> Desk::lend_reader() {
  if (idle_readers_.empty()) return std::make_unique<RequestReader>(shared.options);
  auto reader = std::move(idle_readers_.back());
  idle_readers_.pop_back();
  return reader;
}

void Desk::take_back(std::unique_ptr<RequestReader> reader) {
  if (idle_readers_.size() >= idle_readers_max) return;
  reader->reset();
  idle_readers_.push_back(std::move(reader));
}

void Desk::sweep_later() {
  sweeping_ = true;
  sweep_timer_.expires_after(sweep_every_);
  sweep_timer_.async_wait([this](boost::system::error_code ec) {
    sweeping_ = false;
    if (ec) return;
    sweep(std::chrono::steady_clock::now());
    if (!connections_.empty()) sweep_later();
  });
}

void Desk::sweep(Instant now) {
  // Late connections are collected first: acting on it may unseat it, and others.
  std::vector<std::shared_ptr<Transport::Listener>> kept;
  std::vector<Connection*> late;
  for (Connection* connection : connections_) {
    if (!connection->is_late(now)) continue;
    late.push_back(connection);
    kept.push_back(connection->shared_from_this());
  }
  for (Connection* connection : late)
    connection->act_on_lateness(now);
}

}  // namespace http

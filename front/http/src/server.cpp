#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <http/server.hpp>

#include "desk.hpp"
#include "door.hpp"

namespace http {

namespace {

// For the files of everybody else in the process.
constexpr std::size_t other_files = 128;
constexpr std::chrono::seconds handlers_wait{5};
constexpr std::uint64_t memory_bytes_unless_said = 1024 * 1024 * 1024;

// Raises the limit of open files as far as it goes; returns how many connections it allows.
std::size_t connections_allowed() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 512;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
    (void)::getrlimit(RLIMIT_NOFILE, &limit);
  }
  const auto files = static_cast<std::size_t>(limit.rlim_cur);
  return files > 2 * other_files ? files - other_files : other_files;
}

}  // namespace

class Server::Inside {
 public:
  Inside(Options options, Handler handler) {
    shared_.options = std::move(options);
    if (shared_.options.memory == nullptr) {
      shared_.options.memory = std::make_shared<MemoryAccount>(memory_bytes_unless_said);
    }
    shared_.handler = std::move(handler);
    unsigned threads = shared_.options.threads;
    if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < threads; ++i)
      desks_.push_back(std::make_unique<Desk>(shared_));
  }

  base::Result<base::Done, StartFailure> start() {
    const Options& options = shared_.options;
    reception_.emplace(desks_, std::min(options.connections_max, connections_allowed()));
    if (!options.tls_certificate_path.empty() || !options.tls_key_path.empty()) {
      auto tls = make_tls_context(options.tls_certificate_path, options.tls_key_path);
      if (!tls.ok()) return base::Fail{tls.error()};
      tls_ = std::move(tls).value();
    }
    for (const std::string& address : options.listen) {
      auto door = make_tcp_door(address, first(), *reception_, tls_);
      if (!door.ok()) return base::Fail{door.error()};
      ports_.push_back(door.value()->port());
      doors_.push_back(std::move(door).value());
    }
    if (!options.admin_socket_path.empty()) {
      auto door = make_unix_door(options.admin_socket_path, first(), *reception_);
      if (!door.ok()) return base::Fail{door.error()};
      doors_.push_back(std::move(door).value());
    }
    for (const auto& door : doors_)
      door->open();
    for (const auto& desk : desks_) {
      guards_.emplace_back(desk->context.get_executor());
      threads_.emplace_back(&Inside::work, std::ref(*desk));
    }
    return base::Done{};
  }

  base::Result<base::Done, StartFailure> reload_certificate() {
    if (tls_ == nullptr) return base::Done{};
    auto made =
        make_tls_context(shared_.options.tls_certificate_path, shared_.options.tls_key_path);
    if (!made.ok()) return base::Fail{made.error()};
    asio::post(first().context, [this, tls = std::move(made).value()] { tls_ = tls; });
    return base::Done{};
  }

  void begin_drain() {
    if (shared_.draining.exchange(true) || threads_.empty()) return;
    asio::post(first().context, [this] {
      for (const auto& door : doors_)
        door->close();
    });
    for (const auto& desk : desks_) {
      asio::post(desk->context, [&desk = *desk] { desk.drain(); });
    }
  }

  bool wait_drained(std::chrono::milliseconds wait) {
    std::unique_lock lock(shared_.mutex);
    return shared_.changed.wait_for(lock, wait, [this] { return shared_.connections_open == 0; });
  }

  bool stop(std::chrono::milliseconds wait) {
    if (threads_.empty()) return true;
    begin_drain();
    const bool drained = wait_drained(wait);
    if (!drained) {
      for (const auto& desk : desks_) {
        asio::post(desk->context, [&desk = *desk] { desk.cut_all(); });
      }
      (void)wait_drained(handlers_wait);
    }
    guards_.clear();
    for (const auto& desk : desks_)
      desk->context.stop();
    threads_.clear();
    return drained;
  }

  std::uint16_t port(std::size_t n) const {
    return n < ports_.size() ? ports_[n] : std::uint16_t{0};
  }

  Counters counters() const {
    Counters sum;
    sum.connections_open = shared_.connections_open;
    for (const auto& desk : desks_) {
      const Tallies& tallies = desk->tallies;
      sum.shed_total += tallies.shed.read();
      sum.connections_total += tallies.connections.read();
      sum.requests_total += tallies.requests.read();
      sum.refused_total += tallies.refused.read();
      sum.handler_failures_total += tallies.handler_failures.read();
      sum.gone_total += tallies.gone.read();
      sum.cut_slow_total += tallies.cut_slow.read();
      sum.bytes_in_total += tallies.bytes_in.read();
      sum.bytes_out_total += tallies.bytes_out.read();
    }
    return sum;
  }

 private:
  static void work(Desk& desk) {
    for (;;) {
      try {
        desk.context.run();
        return;
      } catch (...) {
        // Out of memory in the middle of reading: that client runs into its deadline, the others
        // are served on.
        desk.tallies.handler_failures.add(1);
      }
    }
  }

  [[nodiscard]] Desk& first() { return *desks_.front(); }

  // Destroyed from the end: doors and threads before the desks that they use.
  Shared shared_;
  TlsContext tls_;
  std::vector<std::unique_ptr<Desk>> desks_;
  std::optional<Reception> reception_;
  std::vector<std::unique_ptr<Door>> doors_;
  std::vector<std::uint16_t> ports_;
  std::vector<asio::executor_work_guard<Executor>> guards_;
  std::vector<std::jthread> threads_;
};

Server::Server(Options options, Handler handler)
    : inside_(std::make_unique<Inside>(std::move(options), std::move(handler))) {}

Server::~Server() {
  (void)inside_->stop(std::chrono::milliseconds(0));
}

base::Result<base::Done, StartFailure> Server::start() {
  return inside_->start();
}

base::Result<base::Done, StartFailure> Server::reload_certificate() {
  return inside_->reload_certificate();
}

std::uint16_t Server::local_port(std::size_t n) const {
  return inside_->port(n);
}

void Server::begin_drain() {
  inside_->begin_drain();
}

bool Server::wait_drained(std::chrono::milliseconds wait) {
  return inside_->wait_drained(wait);
}

bool Server::stop(std::chrono::milliseconds wait) {
  return inside_->stop(wait);
}

Counters Server::counters() const {
  return inside_->counters();
}

}  // namespace http

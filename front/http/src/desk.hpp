// One thread and the connections that live on it.
//
// Each thread has an io_context of its own, so that a connection never changes threads and needs
// neither lock nor strand: the context is the strand.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <http/server.hpp>

#include "request_reader.hpp"

namespace http {

class Connection;

using Instant = std::chrono::steady_clock::time_point;

/// State that all desks of a server share.
struct Shared {
  Options options;
  Handler handler;
  std::atomic<bool> draining = false;

  // Signalled when the last connection closes.
  std::mutex mutex;
  std::unordered_map<std::string, std::size_t> by_address;  // open connections, under the mutex
  std::condition_variable changed;
  std::atomic<std::uint64_t> connections_open = 0;
};

/// A counter that one thread writes and any may read.
class Tally {
 public:
  void add(std::uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

struct Tallies {
  Tally connections, requests, refused, handler_failures, gone, cut_slow, shed, bytes_in, bytes_out;
};

class Desk {
 public:
  explicit Desk(Shared& the_shared);
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  /// Takes a connection in and starts it. On this desk's thread.
  void seat(std::shared_ptr<Connection> connection);
  void unseat(Connection& connection);

  /// Closes the idle ones; the others close after their answer. On this desk's thread.
  void drain();
  void cut_all();
  /// Closes a quarter of the connections that never asked for anything, the oldest first. Where
  /// there are none, of those that wait for their next request, if `served_too`.
  void shed_idle(bool served_too);

  /// Readers are lent, so that an idle connection has none.
  [[nodiscard]] std::unique_ptr<RequestReader> lend_reader();
  void take_back(std::unique_ptr<RequestReader> reader);

  Shared& shared;
  asio::io_context context{1};
  Tallies tallies;
  /// Read into, parsed and copied from before the next read of any connection here.
  std::array<char, 64 * 1024> scratch;

 private:
  void sweep_later();
  void sweep(Instant now);

  std::vector<Connection*> connections_;
  std::vector<std::unique_ptr<RequestReader>> idle_readers_;
  asio::steady_timer sweep_timer_;
  std::chrono::milliseconds sweep_every_;
  bool sweeping_ = false;
};

}  // namespace http

// One coroutine that waits, one callback that wakes it; both on the same thread.
#pragma once

#include <optional>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace http {

namespace asio = boost::asio;

class Waker {
 public:
  /// Suspends until wake(). The caller checks first that there is something to wait for: a wake()
  /// with nobody waiting is not remembered.
  [[nodiscard]] asio::awaitable<void> wait() {
    return asio::async_initiate<const asio::use_awaitable_t<>&, void()>(Store{this},
                                                                        asio::use_awaitable);
  }

  /// Runs the waiting coroutine, here and now, up to its next suspension.
  void wake() {
    if (!waiting_) return;
    Waiting waiting = std::move(*waiting_);
    waiting_.reset();
    std::move(waiting)();
  }

  [[nodiscard]] bool waited_for() const { return waiting_.has_value(); }

 private:
  using Waiting = asio::async_result<asio::use_awaitable_t<>, void()>::handler_type;

  struct Store {
    Waker* waker;
    void operator()(Waiting waiting) const { waker->waiting_.emplace(std::move(waiting)); }
  };

  std::optional<Waiting> waiting_;
};

}  // namespace http

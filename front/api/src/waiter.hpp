// Lets a coroutine sleep until another thread has something for it.
#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace api {

namespace asio = boost::asio;

/// One waits (on the executor, a strand), any thread signals. A signal that comes early is kept.
/// Shared, because a signal may come after the waiter has gone home.
class Waiter : public std::enable_shared_from_this<Waiter> {
 public:
  explicit Waiter(asio::any_io_executor executor)
      : executor_(std::move(executor)), timer_(executor_) {}

  /// Any thread.
  void signal() {
    asio::post(executor_, [self = shared_from_this()] {
      self->signalled_ = true;
      self->timer_.cancel();
    });
  }

  /// True: signalled. False: `patience` passed.
  asio::awaitable<bool> wait(std::chrono::milliseconds patience) {
    if (!signalled_) {
      timer_.expires_after(patience);
      co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    co_return std::exchange(signalled_, false);
  }

 private:
  asio::any_io_executor executor_;
  asio::steady_timer timer_;
  bool signalled_ = false;
};

}  // namespace api

// A coroutine leaves its connection's thread for a pool's, and comes back.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <http/exchange.hpp>

#include "fair_pool.hpp"

namespace api {

namespace asio = boost::asio;

/// Suspends a coroutine until `job` ran on the pool. Thread: the coroutine's own.
struct Departure {
  FairPool& pool;
  asio::any_io_executor home;
  FairPool::Party party;
  Weight weight;
  std::function<void()> job;
  bool refused = false;

  class Initiate {
   public:
    explicit Initiate(Departure& departure) : departure_(&departure) {}
    template <class Handler>
    void operator()(Handler handler) const {
      auto waiting = std::make_shared<Handler>(std::move(handler));
      const asio::any_io_executor home = departure_->home;
      const auto come_back = [waiting, home] {
        asio::post(home, [waiting] {
          Handler resume = std::move(*waiting);
          std::move(resume)();
        });
      };
      const bool taken = departure_->pool.submit(departure_->party, departure_->weight,
                                                 [job = std::move(departure_->job), come_back] {
                                                   job();
                                                   come_back();
                                                 });
      if (!taken) {
        departure_->refused = true;
        come_back();
      }
    }

   private:
    Departure* departure_;
  };
};

/// Runs `work` on the pool; what it throws is thrown here, on the exchange's own thread. Nothing:
/// the pool had no room for this party, or the client left before the work's turn came.
template <class Work>
asio::awaitable<std::optional<std::invoke_result_t<Work&>>> run_on(FairPool& pool,
                                                                   http::Exchange& exchange,
                                                                   FairPool::Party party,
                                                                   Weight weight, Work work) {
  std::optional<std::invoke_result_t<Work&>> result;
  std::exception_ptr thrown;
  const auto left = std::make_shared<std::atomic<bool>>(false);
  exchange.on_gone([left] { *left = true; });
  Departure departure{pool, exchange.executor(), party, weight, [&result, &thrown, &work, left] {
                        if (*left) {
                          return;
                        }
                        try {
                          result.emplace(work());
                        } catch (...) {
                          thrown = std::current_exception();
                        }
                      }};
  Departure::Initiate initiate(departure);
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(initiate,
                                                                        asio::use_awaitable);
  exchange.on_gone({});
  if (thrown) {
    std::rethrow_exception(thrown);
  }
  co_return std::move(result);
}

}  // namespace api

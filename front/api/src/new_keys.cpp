// Keys that another server has made a moment ago.
#include <boost/asio/steady_timer.hpp>

#include "inside.hpp"
#include "secret.hpp"

namespace api {

asio::awaitable<bool> Api::Inside::is_known_by_now(http::Exchange& exchange) {
  constexpr std::chrono::milliseconds pause{5};
  constexpr int pauses_max = 100;
  registry::Registry& registry = around_.registry;
  const std::string secret(secret_of(exchange.request()));
  if (secret.empty() || registry.authenticate(secret) != nullptr || !registry.may_be_new(secret)) {
    co_return false;
  }
  const std::uint64_t look = registry.ask_to_look();
  asio::steady_timer timer(exchange.executor());
  for (int i = 0; i < pauses_max && !registry.has_looked(look); ++i) {
    timer.expires_after(pause);
    co_await timer.async_wait(asio::use_awaitable);
  }
  if (registry.authenticate(secret) == nullptr) {
    registry.was_not_new(secret);
    co_return false;
  }
  co_return true;
}

}  // namespace api

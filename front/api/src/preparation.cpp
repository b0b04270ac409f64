// Questions before a client's words are looked at: whether the key may be used here, whether
// its tenant has money at all, whether there is room for the work.
#include <algorithm>
#include <atomic>
#include <ctime>
#include <utility>

#include <notation/id_text.hpp>

#include "inside.hpp"
#include "paths.hpp"
#include "waiter.hpp"

namespace api {
namespace {

// The longest wait of a request for a balance that is not known yet.
constexpr std::chrono::seconds balance_patience{2};

UnpaidCaller unpaid_caller(const Call& call) {
  return {call.key->tenant.value, call.key->id.value, call.key->limits.requests_per_minute};
}

// No route that is open to everyone wants a body, and none that does not exist.
constexpr std::uint64_t unasked_body_bytes_max = std::uint64_t{64} * 1024;

bool has_unasked_body(const http::Request& request) {
  const auto length = notation::parse_count(request.header("content-length"));
  return !length.has_value() || *length > unasked_body_bytes_max;
}

}  // namespace

std::chrono::nanoseconds thread_cpu_time() {
  timespec used{};
  (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

/// A balance that is being read for somebody who may have stopped waiting.
struct Api::Inside::Reading {
  std::shared_ptr<Waiter> waiter;
  std::atomic<Funds::Known> found = Funds::Known::unknown;
};

bool Api::Inside::read_balance(terms::TenantId tenant, std::shared_ptr<Reading> reading) {
  return reads_.submit(tenant.value, Weight::light, [this, tenant, reading = std::move(reading)] {
    const std::uint64_t era = funds_.era();
    const auto balance = around_.reader.balance(tenant);
    if (balance.ok()) {
      const bool some = funds_.put(tenant.value, *balance, std::chrono::steady_clock::now(), era);
      reading->found = some ? Funds::Known::some : Funds::Known::none;
    }
    if (reading->waiter != nullptr) {
      reading->waiter->signal();
    }
  });
}

Funds::Known Api::Inside::funds_at_once(const Call& call) {
  const terms::TenantId tenant = call.key->tenant;
  const Funds::Known known = funds_.look(tenant.value, std::chrono::steady_clock::now());
  if (known == Funds::Known::some_stale) {
    (void)read_balance(tenant, std::make_shared<Reading>());
  }
  return known;
}

asio::awaitable<Funds::Known> Api::Inside::funds_when_read(Call& call) {
  auto reading = std::make_shared<Reading>();
  reading->waiter = std::make_shared<Waiter>(call.exchange.executor());
  if (read_balance(call.key->tenant, reading)) {
    (void)co_await reading->waiter->wait(balance_patience);
  }
  co_return reading->found;
}

bool Api::Inside::is_free(const price::Prices& prices) {
  return prices.input.value == 0 && prices.cached.value == 0 && prices.output.value == 0;
}

bool Api::Inside::something_is_free() const {
  return std::ranges::any_of(around_.models, [this](const ServedModel& model) {
    const auto offer = around_.registry.prices(model.flavour.model, around_.clock.now());
    return offer.has_value() && is_free(offer->prices);
  });
}

base::Result<Api::Inside::Served, Problem> Api::Inside::served_to(const Call& call,
                                                                  std::string_view name) const {
  auto model = served(name);
  if (model.ok() && call.penniless && !is_free(model->offer.prices)) {
    return base::Fail{no_funds()};
  }
  return model;
}

std::optional<Problem> Api::Inside::may_prepare(Call& call, Funds::Known funds) {
  if (funds == Funds::Known::unknown) {
    return ledger_unavailable();
  }
  call.penniless = funds == Funds::Known::none;
  if (call.penniless && !something_is_free()) {
    return no_funds();
  }
  const UnpaidCaller caller = unpaid_caller(call);
  const auto now = std::chrono::steady_clock::now();
  const auto wait =
      call.work == Work::runs ? unpaid_.wait_for(caller, now) : unpaid_.ask(caller, now);
  if (wait) {
    return too_much_unpaid(wait->wait, wait->of_key);
  }
  return std::nullopt;
}

void Api::Inside::count_unpaid(const Call& call, bool refused, std::chrono::nanoseconds cpu) {
  const auto now = std::chrono::steady_clock::now();
  if (call.work == Work::runs && !refused) {
    return;
  }
  if (call.work == Work::runs) {
    unpaid_.refused(unpaid_caller(call), now);
  }
  unpaid_.worked(unpaid_caller(call), cpu, now);
}

void Api::Inside::count_refusal(const Call& call, const serve::Failed& failure) {
  if (failure.kind == serve::FailureKind::refused_by_books) {
    unpaid_.refused(unpaid_caller(call), std::chrono::steady_clock::now());
  }
}

bool Api::Inside::reserve(Call& call, Stage stage) {
  // Parsed, rendered and as tokens, a body is six times itself for a moment; then its tokens stay.
  const std::uint64_t bytes = call.request.body.size();
  const std::uint64_t times = stage == Stage::preparing ? 6 : 4;
  return call.memory->resize(bytes * times);
}

serve::Caller Api::Inside::caller(const Call& call) {
  settle::Limits limits = call.key->limits;
  // Unpaid work counts against the same minute; may_prepare() saw that something is left.
  if (limits.requests_per_minute > 0) {
    const std::uint64_t unpaid =
        unpaid_.requests_of_key(call.key->id.value, std::chrono::steady_clock::now());
    limits.requests_per_minute -= std::min(unpaid, limits.requests_per_minute - 1);
  }
  return {call.key->tenant, call.key->account, call.key->id, limits};
}

std::optional<Problem> Api::Inside::refused_at_header(const http::Request& request) const {
  const auto is_asked = [&request](const Route& route) {
    return route.info.method == request.method && match(route.info.path, request.path);
  };
  const auto route = std::ranges::find_if(table(), is_asked);
  if (route != table().end() && route->info.access != Access::everyone) {
    return authenticate(*route, request).refused;
  }
  if (!has_unasked_body(request)) {
    return std::nullopt;
  }
  return route == table().end() ? no_such_route(request.path)
                                : refused(http::Refusal::body_too_large, 413);
}

asio::awaitable<std::optional<http::Response>> Api::Inside::admit(http::Exchange& exchange) {
  const Call call{exchange, exchange.request(), nullptr, {}};
  std::optional<Problem> refused = refused_at_header(call.request);
  if (refused.has_value()) {
    const bool known = co_await is_known_by_now(exchange);
    if (known) {
      refused = refused_at_header(call.request);
    }
  }
  if (!refused.has_value()) {
    co_return std::nullopt;
  }
  http::Response response = to_response(*refused, call.request.path, call.id);
  address(call, response.headers);
  around_.metrics.on_answer(response.status);
  co_return response;
}

}  // namespace api

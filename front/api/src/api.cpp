#include <api/api.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <thread>
#include <vector>

#include <boost/asio/bind_executor.hpp>

#include "inside.hpp"
#include "paths.hpp"
#include "secret.hpp"

namespace api {

Api::Api(Surroundings surroundings) : inside_(std::make_unique<Inside>(std::move(surroundings))) {}

Api::~Api() = default;

asio::awaitable<void> Api::answer(http::Exchange& exchange) {
  return inside_->answer(exchange);
}

asio::awaitable<void> Api::answer_metrics(http::Exchange& exchange) {
  return inside_->answer_metrics(exchange);
}

asio::awaitable<std::optional<http::Response>> Api::admit(http::Exchange& exchange) {
  return inside_->admit(exchange);
}

http::Response Api::refusal(http::Refusal reason, unsigned status, std::string_view path) {
  const std::string id = fresh_request_id();
  http::Response response = to_response(refused(reason, status), path, id);
  name_request(response.headers, id);
  return response;
}

std::span<const RouteInfo> Api::routes() {
  static const std::vector<RouteInfo> infos = [] {
    std::vector<RouteInfo> all;
    for (const Inside::Route& route : Inside::table()) {
      all.push_back(route.info);
    }
    return all;
  }();
  return infos;
}

std::span<const Api::Inside::Route> Api::Inside::table() {
  using http::Method;
  static const std::array routes{
      Route{{Method::post, "/v1/chat/completions", Access::tenant, Work::runs},
            &Inside::chat_completions},
      Route{{Method::post, "/v1/completions", Access::tenant, Work::runs}, &Inside::completions},
      Route{{Method::post, "/v1/embeddings", Access::tenant, Work::runs}, &Inside::embeddings},
      Route{{Method::post, "/v1/messages", Access::tenant, Work::runs}, &Inside::messages},
      Route{{Method::post, "/v1/messages/count_tokens", Access::tenant, Work::renders},
            &Inside::count_tokens},
      Route{{Method::post, "/v1/quote", Access::tenant, Work::renders}, &Inside::quote},
      Route{{Method::post, "/v1/prefixes", Access::tenant, Work::renders}, &Inside::open_prefix},
      Route{{Method::get, "/v1/prefixes", Access::tenant, Work::nothing}, &Inside::prefixes},
      Route{{Method::delete_, "/v1/prefixes/{id}", Access::tenant, Work::nothing},
            &Inside::close_prefix},
      Route{{Method::get, "/v1/models", Access::tenant, Work::nothing}, &Inside::models},
      Route{{Method::get, "/v1/models/{model}", Access::tenant, Work::nothing}, &Inside::model},
      Route{{Method::get, "/v1/prices", Access::everyone, Work::nothing}, &Inside::prices},
      Route{{Method::get, "/v1/prices/{version}", Access::everyone, Work::nothing},
            &Inside::price_list},
      Route{{Method::get, "/v1/balance", Access::tenant, Work::reads}, &Inside::balance},
      Route{{Method::get, "/v1/usage", Access::tenant, Work::reads}, &Inside::usage},
      Route{{Method::get, "/v1/statement", Access::tenant, Work::reads}, &Inside::statement},
      Route{{Method::get, "/v1/events", Access::tenant, Work::reads}, &Inside::events},
      Route{{Method::get, "/v1/receipts/{id}", Access::tenant, Work::reads}, &Inside::receipt},
      Route{{Method::get, "/v1/liabilities", Access::tenant, Work::reads}, &Inside::liabilities},
      Route{{Method::get, "/log/checkpoint", Access::everyone, Work::nothing},
            &Inside::log_checkpoint},
      Route{{Method::get, "/log/checkpoint/witnessed", Access::everyone, Work::nothing},
            &Inside::log_witnessed},
      Route{{Method::get, "/log/tile/**", Access::everyone, Work::reads}, &Inside::log_tile},
      Route{{Method::get, "/", Access::everyone, Work::nothing}, &Inside::hello},
      Route{{Method::get, "/healthz", Access::everyone, Work::nothing}, &Inside::healthz},
      Route{{Method::get, "/readyz", Access::everyone, Work::nothing}, &Inside::readyz},
      Route{{Method::get, "/metrics", Access::admin, Work::nothing}, &Inside::metrics},
      Route{{Method::get, "/admin/**", Access::admin, Work::reads}, &Inside::admin},
      Route{{Method::post, "/admin/**", Access::admin, Work::reads}, &Inside::admin},
      Route{{Method::put, "/admin/**", Access::admin, Work::reads}, &Inside::admin},
      Route{{Method::patch, "/admin/**", Access::admin, Work::reads}, &Inside::admin},
      Route{{Method::delete_, "/admin/**", Access::admin, Work::reads}, &Inside::admin},
  };
  return routes;
}

namespace {

// A light body costs some milliseconds at most: 500 messages, or a schema of that size.
constexpr std::size_t light_body_bytes_max = std::size_t{16} * 1024;

// One tenant's heavy job may take seconds. The threads are more than the cores so that the kernel
// shares the cores among tenants: nobody waits for the end of another's job.
constexpr unsigned heavy_threads_min = 16;

PoolOptions preparation_options() {
  PoolOptions options;
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  options.threads = 1 + std::max(heavy_threads_min, cores);
  // One tenant has at most half of the cores.
  options.heavy_running_each_max = std::max(1U, cores / 2);
  options.heavy_nice = 5;
  return options;
}

PoolOptions reads_options() {
  PoolOptions options;
  options.light_waiting_each_max = 256;
  return options;
}

PoolOptions slow_options() {
  PoolOptions options;
  options.threads = 3;  // one for quick changes, one for the operator's audits, one for statements
  options.heavy_nice = 5;
  return options;
}

/// Whether an admin route walks all books or all of somebody's receipts.
Weight weight_of_admin(std::string_view path) {
  constexpr std::array<std::string_view, 4> heavy{"/admin/v1/ledger", "/admin/v1/export",
                                                  "/admin/v1/bill", "/admin/v1/log/"};
  const bool found =
      std::ranges::any_of(heavy, [path](std::string_view stem) { return path.starts_with(stem); });
  return found ? Weight::heavy : Weight::light;
}

}  // namespace

std::string_view secret_of(const http::Request& request) {
  constexpr std::string_view scheme = "bearer ";
  const std::string_view authorization = request.header("authorization");
  if (authorization.size() > scheme.size() &&
      http::equal_without_case(authorization.substr(0, scheme.size()), scheme)) {
    // RFC 9110, 11.4: one or more spaces.
    const std::string_view secret = authorization.substr(scheme.size());
    const std::size_t first = secret.find_first_not_of(" \t");
    return first == std::string_view::npos
               ? std::string_view{}
               : secret.substr(first, secret.find_last_not_of(" \t") + 1 - first);
  }
  return request.header("x-api-key");
}

Api::Inside::Inside(Surroundings surroundings)
    : around_(std::move(surroundings)),
      unpaid_(around_.unpaid),
      preparation_(preparation_options()),
      reads_(reads_options()),
      slow_(slow_options()),
      cors_(around_.cors_origins) {
  if (around_.memory == nullptr) {
    around_.memory =
        std::make_shared<http::MemoryAccount>(std::numeric_limits<std::uint64_t>::max());
  }
  for (const ServedModel& model : around_.models) {
    models_.emplace(model.name, model);
  }
}

Api::Inside::~Inside() = default;

Weight Api::Inside::weight_of(const Call& call) {
  return call.request.body.size() > light_body_bytes_max ? Weight::heavy : Weight::light;
}

Api::Inside::Authenticated Api::Inside::authenticate(const Route& route,
                                                     const http::Request& request) const {
  if (route.info.access == Access::everyone ||
      (route.info.access == Access::admin && request.over_admin_socket)) {
    return {nullptr, std::nullopt};
  }
  const std::string_view secret = secret_of(request);
  if (secret.empty()) {
    return {nullptr, no_key()};
  }
  registry::KeyPtr key = around_.registry.authenticate(secret);
  if (key == nullptr) {
    return {nullptr, wrong_key()};
  }
  if (key->admin() != (route.info.access == Access::admin)) {
    Problem other = key->admin() ? admin_key_elsewhere()
                                 : problem(403, "admin_key_required",
                                           "This route needs an admin key ('mains key create "
                                           "--admin').");
    return {nullptr, std::move(other)};
  }
  return {std::move(key), std::nullopt};
}

asio::awaitable<void> Api::Inside::answer(http::Exchange& exchange) {
  Call call{exchange, exchange.request(), nullptr, {}};
  if (std::optional<http::Response> preflight = cors_.preflight(call.request)) {
    name_request(preflight->headers, call.id);
    around_.metrics.on_answer(preflight->status);
    co_await exchange.send(std::move(*preflight));
    co_return;
  }
  call.memory.emplace(around_.memory);
  const http::Method method =
      call.request.method == http::Method::head ? http::Method::get : call.request.method;
  for (const Route& route : table()) {
    std::optional<std::string> part = match(route.info.path, call.request.path);
    if (!part.has_value() || route.info.method != method) {
      continue;
    }
    call.part = std::move(*part);
    call.work = route.info.work;
    Authenticated caller = authenticate(route, call.request);
    if (caller.refused.has_value()) {
      const bool known = co_await is_known_by_now(exchange);
      if (known) {
        caller = authenticate(route, call.request);
      }
    }
    call.key = std::move(caller.key);
    std::optional<Problem> refused = std::move(caller.refused);
    if (!refused.has_value()) {
      refused = coded_body(call.request);
    }
    if (refused.has_value()) {
      co_await fail(call, *refused);
    } else {
      co_await (this->*route.handler)(call);
    }
    co_return;
  }
  co_await fail(call, no_such_route(call.request.path));
}

void Api::Inside::address(const Call& call, Headers& headers) const {
  name_request(headers, call.id);
  cors_.allow(call.request, headers);
}

asio::awaitable<void> Api::Inside::send(Call& call, http::Response response) {
  around_.metrics.on_answer(response.status);
  address(call, response.headers);
  co_await call.exchange.send(std::move(response));
}

asio::awaitable<void> Api::Inside::send_pages(Call& call, http::Response head,
                                              std::unique_ptr<bill::Pages> pages, Weight weight) {
  // The first piece decides: what fails before it is an error, what fails later a broken stream.
  auto piece = co_await next_piece(call, *pages, weight);
  if (!piece.ok()) {
    co_await store_failed(call);
    co_return;
  }
  around_.metrics.on_answer(head.status);
  address(call, head.headers);
  bool there = co_await call.exchange.begin_stream(head.status, std::move(head.content_type),
                                                   std::move(head.headers));
  if (there) {
    there = co_await call.exchange.write(head.body);
  }
  while (there && piece.ok() && piece->has_value()) {
    there = co_await call.exchange.write(**piece);
    piece = co_await next_piece(call, *pages, weight);
  }
  if (there && piece.ok()) {
    co_await call.exchange.end_stream();
  }
}

asio::awaitable<ledger::Stored<std::optional<std::string>>> Api::Inside::next_piece(
    Call& call, bill::Pages& pages, Weight weight) {
  FairPool& pool = weight == Weight::heavy ? slow_ : reads_;
  auto piece =
      co_await run_on(pool, call.exchange, party_of(call), weight, [&] { return pages.next(); });
  if (!piece.has_value()) {
    co_return base::Fail{ledger::StoreError::busy};
  }
  co_return std::move(*piece);
}

asio::awaitable<void> Api::Inside::send_json(Call& call, std::string body) {
  http::Response response;
  response.body = std::move(body);
  return send(call, std::move(response));
}

asio::awaitable<void> Api::Inside::fail(Call& call, const Problem& problem) {
  return send(call, to_response(problem, call.request.path, call.id));
}

asio::awaitable<void> Api::Inside::store_failed(Call& call) {
  return fail(call, ledger_unavailable());
}

std::string Api::Inside::currency() const {
  const registry::ListPtr list = around_.registry.price_list(around_.clock.now());
  return list == nullptr ? std::string{} : list->currency;
}

base::Result<Api::Inside::Served, Problem> Api::Inside::served(std::string_view name) const {
  const auto found = models_.find(std::string(name));
  if (found == models_.end()) {
    return base::Fail{no_such_model()};
  }
  const auto offer = around_.registry.prices(found->second.flavour.model, around_.clock.now());
  if (!offer.has_value()) {
    return base::Fail{model_without_price()};
  }
  return Served{&found->second, {offer->list, offer->list_hash, offer->prices}};
}

asio::awaitable<void> Api::Inside::hello(Call& call) {
  co_await send_json(call, R"({"object":"server","name":"mains","models":"/v1/models"})");
}

asio::awaitable<void> Api::Inside::healthz(Call& call) {
  co_await send_json(call, R"({"status":"ok"})");
}

asio::awaitable<void> Api::Inside::readyz(Call& call) {
  constexpr base::SpanNs soon{1'000'000'000};
  if (around_.ready()) {
    wire::JsonWriter json;
    json.object().field("status", "ready");
    const std::vector<std::string> warnings =
        around_.warnings ? around_.warnings() : std::vector<std::string>{};
    if (!warnings.empty()) {
      json.key("warnings").array();
      for (const std::string& warning : warnings) {
        json.string(warning);
      }
      json.end_array();
    }
    json.end_object();
    std::string body = std::move(json).text();
    co_await send_json(call, std::move(body));
  } else {
    co_await fail(call, try_later(problem(503, "not_ready",
                                          "The server is shutting down, its ledger does not "
                                          "take commands, its clock differs from the database's, "
                                          "or no served model has a price."),
                                  soon));
  }
}

asio::awaitable<void> Api::Inside::metrics(Call& call) {
  http::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = around_.metrics.text();
  co_await send(call, std::move(response));
}

asio::awaitable<void> Api::Inside::answer_metrics(http::Exchange& exchange) {
  Call call{exchange, exchange.request(), nullptr, {}};
  if (call.request.method == http::Method::get && call.request.path == "/metrics") {
    co_await metrics(call);
  } else {
    co_await fail(call, problem(404, "route_not_found", "This address serves /metrics only."));
  }
}

asio::awaitable<void> Api::Inside::admin(Call& call) {
  const http::Request& request = call.request;
  auto made = co_await slowly(call, weight_of_admin(request.path),
                              [this, &request] { return around_.admin(request); });
  if (!made.has_value()) {
    co_await fail(call, too_much_waiting());
    co_return;
  }
  if (request.method != http::Method::get) {
    funds_.forget_all();  // a credit counts from the next request on
  }
  AdminAnswer& answer = *made;
  if (answer.more == nullptr) {
    co_await send(call, std::move(answer.response));
    co_return;
  }
  co_await send_pages(call, std::move(answer.response), std::move(answer.more), Weight::heavy);
}

}  // namespace api

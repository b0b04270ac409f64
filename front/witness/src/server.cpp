#include <witness/server.hpp>

#include <chrono>
#include <utility>

namespace witness {
namespace {

http::Options options_of(std::string listen) {
  http::Options options;
  options.listen = {std::move(listen)};
  options.threads = 2;
  options.body_bytes_max = request_bytes_max;
  options.connections_max = 1024;
  return options;
}

http::Response answer_to(Witness& witness, const http::Request& request) {
  if (request.path != "/add-checkpoint") {
    return {404, "text/plain; charset=utf-8", {}, "POST /add-checkpoint is all there is here\n"};
  }
  if (request.method != http::Method::post) {
    return {405, "text/plain; charset=utf-8", {{"allow", "POST"}}, "POST it\n"};
  }
  Answer answer = witness.add_checkpoint(request.body);
  return {answer.status, std::move(answer.content_type), {}, std::move(answer.body)};
}

http::asio::awaitable<void> handle(Witness& witness, http::Exchange& exchange) {
  http::Response response = answer_to(witness, exchange.request());
  static_cast<void>(co_await exchange.send(std::move(response)));
}

}  // namespace

Server::Server(Witness& witness, std::string listen)
    : server_(options_of(std::move(listen)),
              [&witness](http::Exchange& exchange) { return handle(witness, exchange); }) {}

base::Result<base::Done, std::string> Server::start() {
  auto started = server_.start();
  if (!started.ok()) {
    return base::Fail{started.error().text};
  }
  return base::Done{};
}

void Server::stop() {
  server_.stop(std::chrono::seconds(5));
}

}  // namespace witness

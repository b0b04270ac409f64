#include "far_side.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace client::test {

namespace {

using http::Exchange;
using http::Response;
namespace asio = boost::asio;

// "bytes=100-" -> 100
std::size_t range_start(std::string_view range) {
  if (!range.starts_with("bytes=")) return 0;
  return std::stoul(std::string(range.substr(6)));
}

asio::awaitable<void> serve_file(FarSide& far, Exchange& exchange) {
  ++far.requests;
  const http::Request& request = exchange.request();
  std::size_t from = range_start(request.header("range"));
  const std::string_view only_if = request.header("if-range");
  if (!only_if.empty() && only_if != far.etag && !far.ignores_if_range) from = 0;
  Response response;
  if (!far.etag.empty()) response.headers.emplace_back("etag", far.etag);
  const std::string size = std::to_string(far.file.size());
  if (from > 0 && from >= far.file.size()) {
    response.status = 416;
    response.headers.emplace_back("content-range", "bytes */" + size);
    co_await exchange.send(std::move(response));
    co_return;
  }
  if (from > 0) {
    ++far.ranges;
    response.status = 206;
    response.headers.emplace_back(
        "content-range",
        "bytes " + std::to_string(from) + "-" + std::to_string(far.file.size() - 1) + "/" + size);
  }
  const std::string rest = far.file.substr(from);
  if (far.faults.fetch_sub(1) > 0) {
    co_await exchange.begin_stream(response.status, "application/octet-stream", response.headers);
    co_await exchange.write(std::string_view(rest).substr(0, rest.size() / 3 + 1));
    co_return;  // a stream without an end
  }
  response.body = rest;
  co_await exchange.send(std::move(response));
}

asio::awaitable<void> serve_events(FarSide& far, Exchange& exchange) {
  co_await exchange.begin_stream(200, "text/event-stream");
  const bool endless = exchange.request().path == "/endless";
  if (!endless) {
    // Cut at places that hurt.
    co_await exchange.write(": a comment\n\ndata: o");
    co_await exchange.write("ne\r");
    co_await exchange.write("\n\r\nevent: ");
    co_await exchange.write("named\ndata: two\ndata: lines\nid: 7\n\n");
    co_await exchange.end_stream("data:[DONE]\n\ndata: without an end");
    co_return;
  }
  asio::steady_timer turn(exchange.executor());
  for (bool open = true; open;) {
    open = co_await exchange.write("data: again\n\n");
    turn.expires_after(std::chrono::milliseconds(1));
    co_await turn.async_wait(asio::use_awaitable);
  }
  far.client_left = true;
}

asio::awaitable<void> serve(FarSide& far, Exchange& exchange) {
  const http::Request& request = exchange.request();
  if (!request.header("authorization").empty()) ++far.tokens_seen;
  if (request.path == "/file") {
    co_await serve_file(far, exchange);
    co_return;
  }
  if (request.path == "/events" || request.path == "/endless") {
    co_await serve_events(far, exchange);
    co_return;
  }
  Response response;
  if (request.path == "/moved") {
    response.status = 302;
    response.headers.emplace_back("location", far.moved_to);
  } else if (request.path == "/private") {
    const bool known = request.header("authorization") == "Bearer letmein";
    response.status = known ? 200 : 401;
    response.body = "secret";
  } else if (request.path == "/busy" && far.faults.fetch_sub(1) > 0) {
    response.status = 503;
  } else if (request.path == "/busy") {
    response.body = far.file;
  } else if (request.path == "/echo") {
    response.headers.emplace_back("X-Seen", std::string(request.header("x-say")));
    response.body = request.method_name + " " + std::string(request.header("content-type")) + " " +
                    request.body + (request.over_admin_socket ? " admin" : "");
  } else if (request.path == "/huge") {
    response.body.assign(1'000'000, 'h');
  } else if (request.path == "/refused") {
    response.status = 402;
    response.body = "{\"error\":{}}";
  } else {
    response.status = 404;
  }
  co_await exchange.send(std::move(response));
}

}  // namespace

FarSide::FarSide() {
  for (int i = 0; i < 200'000; ++i)
    file += std::to_string(i);
}

void FarSide::start() {
  http::Options options;
  options.listen = {"127.0.0.1:0"};
  options.admin_socket_path = unix_path;
  options.threads = 1;
  server = std::make_unique<http::Server>(
      options, [this](Exchange& exchange) { return serve(*this, exchange); });
  const auto started = server->start();
  if (!started.ok()) ADD_FAILURE() << started.error().text;
}

std::string FarSide::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(server->local_port()) + path;
}

}  // namespace client::test

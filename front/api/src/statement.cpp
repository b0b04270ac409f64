// A customer's month and receipts as documents, in the format asked for.
#include <string>
#include <utility>

#include <bill/document.hpp>
#include <bill/events.hpp>
#include <bill/statement.hpp>
#include <notation/id_text.hpp>

#include "inside.hpp"

namespace api {
namespace {

http::Response to_response(bill::Document document) {
  http::Response response;
  response.headers.emplace_back("content-disposition",
                                "inline; filename=\"" + document.file_name + "\"");
  response.headers.emplace_back("cache-control", "no-store");
  response.headers.emplace_back("x-content-type-options", "nosniff");
  response.content_type = std::move(document.content_type);
  response.body = std::move(document.body);
  return response;
}

}  // namespace

asio::awaitable<void> Api::Inside::statement(Call& call) {
  const auto period = bill::asked_month(call.request.query("month"), around_.clock.now());
  if (!period) {
    co_await fail(call,
                  problem(400, "invalid_month",
                          "'month' must be a month until now, such as 2026-11 (UTC).", "month"));
    co_return;
  }
  const registry::TenantPtr tenant = around_.registry.tenant(call.key->tenant);
  if (tenant == nullptr) {
    co_await fail(call, wrong_key());
    co_return;
  }
  const std::string word = call.request.query("format").value_or("json");
  if (word == "proof") {
    co_await proof_statement(call, tenant, *period);
    co_return;
  }
  const auto format = bill::parse_format(word);
  if (!format) {
    co_await fail(call, problem(400, "invalid_format",
                                "'format' is " + std::string(bill::format_words()) +
                                    ", or proof: lines that mains-verify checks.",
                                "format"));
    co_return;
  }
  const bill::Source source{around_.registry, around_.reader, around_.clock};
  auto statement =
      co_await read_by(call, [&] { return bill::make_statement(source, *tenant, *period); });
  if (!statement.ok()) {
    co_await store_failed(call);
    co_return;
  }
  co_await send(call, to_response(bill::write(*statement, *format)));
}

asio::awaitable<void> Api::Inside::events(Call& call) {
  const auto after = notation::parse_count(call.request.query("after").value_or("0"));
  if (!after) {
    co_await fail(call, problem(400, "invalid_cursor",
                                "'after' is the cursor of the last event that you have; leave it "
                                "out to begin at the start.",
                                "after"));
    co_return;
  }
  const registry::TenantPtr tenant = around_.registry.tenant(call.key->tenant);
  if (tenant == nullptr) {
    co_await fail(call, wrong_key());
    co_return;
  }
  const bill::Source source{around_.registry, around_.reader, around_.clock};
  bill::Document document = bill::cloud_events(source, tenant, *after);
  auto pages = std::move(document.more);
  co_await send_pages(call, to_response(std::move(document)), std::move(pages), Weight::light);
}

}  // namespace api

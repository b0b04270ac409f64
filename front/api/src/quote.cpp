// The routes that tell what a request would count and cost; nothing runs.
#include <string>
#include <utility>
#include <variant>

#include <notation/money_text.hpp>
#include <price/price.hpp>
#include <wire/anthropic_parse.hpp>
#include <wire/anthropic_write.hpp>
#include <wire/json_writer.hpp>
#include <wire/openai_parse.hpp>

#include "inside.hpp"
#include "unfit.hpp"

namespace api {

asio::awaitable<void> Api::Inside::count_tokens(Call& call) {
  const auto counted = co_await prepared_by(call, [&]() -> base::Result<std::uint32_t, Problem> {
    auto request = wire::parse_count_tokens(call.request.body);
    if (!request.ok()) {
      return base::Fail{body_error(request.error())};
    }
    const auto model = served_to(call, request->model);
    if (!model.ok()) {
      return base::Fail{model.error()};
    }
    request->output_max.reset();
    const auto prepared = serve::Hall::prepare(model->model->flavour, *request);
    if (!prepared.ok()) {
      return base::Fail{unfit(prepared.error(), AskedWith::of(*request, Dialect::anthropic))};
    }
    return prepared->input.value;
  });
  if (!counted.ok()) {
    co_await fail(call, counted.error());
    co_return;
  }
  co_await send_json(call, wire::token_count(*counted));
}

base::Result<std::string, Problem> Api::Inside::make_quote(const Call& call) const {
  auto request = wire::parse_any(call.request.body);
  if (!request.ok()) {
    return base::Fail{body_error(request.error())};
  }
  const std::string& name =
      std::visit([](const auto& r) -> const std::string& { return r.model; }, *request);
  const auto model = served_to(call, name);
  if (!model.ok()) {
    return base::Fail{model.error()};
  }
  const serve::Flavour& flavour = model->model->flavour;
  const auto prepared =
      std::visit([&](const auto& r) { return serve::Hall::prepare(flavour, r); }, *request);
  if (!prepared.ok()) {
    const auto asked = [](const auto& r) { return AskedWith::of(r); };
    return base::Fail{unfit(prepared.error(), std::visit(asked, *request))};
  }
  const auto highest =
      price::highest_charge(prepared->input, prepared->output_max, model->offer.prices);
  if (!highest.ok()) {
    const serve::Failed overflow{serve::FailureKind::refused_by_books,
                                 {settle::Refusal::overflow, {}, {}, false}};
    return base::Fail{failed(overflow)};
  }
  wire::JsonWriter json;
  json.object()
      .field("object", "quote")
      .field("model", name)
      .field("input_tokens", std::uint64_t{prepared->input.value})
      .field("output_tokens_max", std::uint64_t{prepared->output_max.value})
      .field("highest_charge", notation::to_text(*highest))
      .field("currency", currency())
      .field("price_list", model->offer.list.value)
      .end_object();
  return std::move(json).text();
}

asio::awaitable<void> Api::Inside::quote(Call& call) {
  auto made = co_await prepared_by(call, [&] { return make_quote(call); });
  if (!made.ok()) {
    co_await fail(call, made.error());
    co_return;
  }
  co_await send_json(call, std::move(made).value());
}

}  // namespace api

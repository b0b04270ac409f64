// Beginnings of prompts that a tenant opens to others: who may find them in the KV cache.
#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <notation/id_text.hpp>
#include <wire/json_writer.hpp>
#include <wire/openai_parse.hpp>

#include "inside.hpp"

namespace api {
namespace {

Problem no_such_prefix() {
  return problem(404, "prefix_not_found", "This account has opened no prefix of that id.");
}

}  // namespace

serve::OpeningId Api::Inside::opening_named(std::string_view text) {
  const auto id = notation::parse_request_id(text);
  return id.has_value() ? serve::OpeningId{id->high, id->low} : serve::OpeningId{};
}

/// The tenants of these accounts. Nothing: one of them is nobody's.
std::optional<std::vector<terms::TenantId>> Api::Inside::tenants_of(
    const std::vector<std::string>& accounts) const {
  std::set<terms::Pseudonym> wanted;
  for (const std::string& text : accounts) {
    const auto id = notation::parse_request_id(text);
    wanted.insert(id.has_value() ? terms::Pseudonym{id->high, id->low} : terms::Pseudonym{});
  }
  std::vector<terms::TenantId> tenants;
  for (const registry::TenantPtr& tenant : around_.registry.tenants()) {
    if (wanted.erase(tenant->account) > 0) {
      tenants.push_back(tenant->id);
    }
  }
  return wanted.empty() ? std::optional(std::move(tenants)) : std::nullopt;
}

void Api::Inside::write_opening(wire::JsonWriter& json, const serve::Opening& opening) const {
  json.object()
      .field("object", "prefix")
      .field("id", notation::to_text(terms::RequestId{opening.id.high, opening.id.low}))
      .field("model", around_.registry.model_name(opening.model))
      .field("tokens", std::uint64_t{opening.tokens})
      .key("accounts")
      .array();
  for (const terms::TenantId id : opening.to) {
    if (const registry::TenantPtr tenant = around_.registry.tenant(id)) {
      json.string(notation::to_text(tenant->account));
    }
  }
  json.end_array().end_object();
}

asio::awaitable<void> Api::Inside::open_prefix(Call& call) {
  auto asked = wire::parse_prefix(call.request.body);
  if (!asked.ok()) {
    co_await fail(call, body_error(asked.error()));
    co_return;
  }
  const auto model = served(asked->chat.model);
  if (!model.ok()) {
    co_await fail(call, model.error());
    co_return;
  }
  auto tenants = tenants_of(asked->accounts);
  if (!tenants.has_value()) {
    co_await fail(call, problem(404, "account_not_found",
                                "One of the accounts is nobody's. GET /v1/balance says what the "
                                "account of a key is.",
                                "accounts"));
    co_return;
  }
  const serve::Flavour& flavour = model->model->flavour;
  auto beginning = co_await on_desk(
      call, [&flavour, &asked] { return serve::Hall::beginning(flavour, asked->chat); });
  if (!beginning.ok()) {
    co_await fail(call, unfit(beginning.error()));
    co_return;
  }
  const auto opening = around_.hall.open_beginning(
      call.key->tenant, flavour, std::move(beginning).value(), std::move(*tenants));
  if (!opening.has_value()) {
    co_await fail(call,
                  problem(409, "too_many_prefixes",
                          "An account may have 32 prefixes open, of 262,144 tokens together. Close "
                          "one first."));
    co_return;
  }
  wire::JsonWriter json;
  write_opening(json, *opening);
  co_await send_json(call, std::move(json).text());
}

asio::awaitable<void> Api::Inside::prefixes(Call& call) {
  wire::JsonWriter json;
  json.object().field("object", "list").key("data").array();
  for (const serve::Opening& opening : around_.hall.openings().of(call.key->tenant)) {
    write_opening(json, opening);
  }
  json.end_array().end_object();
  return send_json(call, std::move(json).text());
}

asio::awaitable<void> Api::Inside::close_prefix(Call& call) {
  if (!around_.hall.openings().close(call.key->tenant, opening_named(call.part))) {
    co_await fail(call, no_such_prefix());
    co_return;
  }
  wire::JsonWriter json;
  json.object()
      .field("object", "prefix.deleted")
      .field("id", call.part)
      .field("deleted", true)
      .end_object();
  co_await send_json(call, std::move(json).text());
}

}  // namespace api

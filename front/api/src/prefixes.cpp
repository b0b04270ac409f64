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
#include "unfit.hpp"

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
  struct Asked {
    serve::Flavour flavour;
    content::TokenIds beginning;
    std::vector<terms::TenantId> tenants;
  };
  auto asked = co_await prepared_by(call, [&]() -> base::Result<Asked, Problem> {
    auto parsed = wire::parse_prefix(call.request.body);
    if (!parsed.ok()) {
      return base::Fail{body_error(parsed.error())};
    }
    const auto model = served_to(call, parsed->chat.model);
    if (!model.ok()) {
      return base::Fail{model.error()};
    }
    auto tenants = tenants_of(parsed->accounts);
    if (!tenants.has_value()) {
      return base::Fail{problem(404, "account_not_found",
                                "One of the accounts is nobody's. GET /v1/balance says what the "
                                "account of a key is.",
                                "accounts")};
    }
    const serve::Flavour& flavour = model->model->flavour;
    auto beginning = serve::Hall::beginning(flavour, parsed->chat);
    if (!beginning.ok()) {
      return base::Fail{unfit(beginning.error(), AskedWith{})};
    }
    return Asked{flavour, std::move(beginning).value(), std::move(*tenants)};
  });
  if (!asked.ok()) {
    co_await fail(call, asked.error());
    co_return;
  }
  const auto opening = around_.hall.open_beginning(
      call.key->tenant, asked->flavour, std::move(asked->beginning), std::move(asked->tenants));
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

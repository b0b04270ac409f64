// A customer's questions about models, prices and their own account.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <notation/end_text.hpp>
#include <notation/id_text.hpp>
#include <notation/money_text.hpp>
#include <notation/time_text.hpp>
#include <receipt/canonical.hpp>
#include <wire/json_writer.hpp>
#include <wire/openai_write.hpp>

#include "inside.hpp"

namespace api {
namespace {

using wire::JsonWriter;

wire::ModelEntry entry(const ServedModel& model) {
  const base::UnixNs created{model.created_s * 1'000'000'000};
  return {model.name, model.created_s, notation::to_text(created), "mains", model.flavour.context};
}

void write_prices(JsonWriter& json, const price::Prices& prices) {
  json.field("input_per_mtok", notation::to_text(prices.input))
      .field("cached_input_per_mtok", notation::to_text(prices.cached))
      .field("output_per_mtok", notation::to_text(prices.output));
}

/// The list as it is signed, with what is needed to check it.
std::string price_list_json(const registry::PublishedList& list) {
  JsonWriter json;
  json.object().key("price_list").raw(list.canonical);
  json.field("hash_sha256", list.hash)
      .field("signature_ed25519", list.signature)
      .field("public_key", list.public_key)
      .field("published", notation::to_text(list.published))
      .end_object();
  return std::move(json).text();
}

struct UsageQuery {
  base::UnixNs from;
  base::UnixNs to;
  ledger::Grouping grouping;
};

/// Reads `from`, `to` and `group_by` (a comma-separated list); the default is this month, by model.
base::Result<UsageQuery, Problem> parse_usage_query(const http::Request& request,
                                                    base::UnixNs now) {
  UsageQuery query;
  const auto month = notation::parse_month(notation::month_text(now));
  query.from = month->from;
  query.to = month->to;
  for (const auto& [name, target] : {std::pair{"from", &query.from}, std::pair{"to", &query.to}}) {
    if (const auto text = request.query(name)) {
      const auto time = notation::parse_time(*text);
      if (!time.has_value()) {
        return base::Fail{problem(400, "invalid_time",
                                  std::string("'") + name +
                                      "' must be a UTC time such as 2026-11-23 or "
                                      "2026-11-23T21:00:00Z.",
                                  name)};
      }
      *target = *time;
    }
  }
  if (query.from >= query.to) {
    return base::Fail{problem(400, "invalid_time", "'from' must be before 'to'.", "from")};
  }
  const std::string groups = request.query("group_by").value_or("model");
  for (std::size_t at = 0; at <= groups.size();) {
    const std::size_t comma = std::min(groups.find(',', at), groups.size());
    const std::string_view group = std::string_view(groups).substr(at, comma - at);
    at = comma + 1;
    if (group == "model") {
      query.grouping.by_model = true;
    } else if (group == "key") {
      query.grouping.by_key = true;
    } else if (group == "price_list") {
      query.grouping.by_price_list = true;
    } else if (group == "hour") {
      query.grouping.bucket = ledger::Bucket::hour;
    } else if (group == "day") {
      query.grouping.bucket = ledger::Bucket::day;
    } else if (group == "month") {
      query.grouping.bucket = ledger::Bucket::month;
    } else if (!group.empty() && group != "none") {
      return base::Fail{problem(400, "invalid_group",
                                "'group_by' is a comma-separated list of model, key, price_list "
                                "and one of hour, day, month; or none.",
                                "group_by")};
    }
  }
  return query;
}

}  // namespace

asio::awaitable<void> Api::Inside::models(Call& call) {
  std::vector<wire::ModelEntry> entries;
  for (const ServedModel& model : around_.models) {
    if (served(model.name).ok()) {
      entries.push_back(entry(model));
    }
  }
  co_await send_json(call, wire::models_list(entries));
}

asio::awaitable<void> Api::Inside::model(Call& call) {
  const auto model = served(call.part);
  if (!model.ok()) {
    co_await fail(call, model.error());
    co_return;
  }
  co_await send_json(call, wire::model_object(entry(*model->model)));
}

asio::awaitable<void> Api::Inside::prices(Call& call) {
  const registry::ListPtr list = around_.registry.price_list(around_.clock.now());
  if (list == nullptr) {
    co_await fail(call, problem(404, "no_price_list", "No price list is in force yet."));
    co_return;
  }
  co_await send_json(call, price_list_json(*list));
}

asio::awaitable<void> Api::Inside::price_list(Call& call) {
  const auto version = notation::parse_count(call.part);
  const registry::ListPtr list =
      version.has_value() ? around_.registry.price_list(terms::PriceListId{*version}) : nullptr;
  if (list == nullptr) {
    co_await fail(call, problem(404, "no_such_price_list",
                                "There is no price list of that version. GET /v1/prices is the "
                                "one in force."));
    co_return;
  }
  co_await send_json(call, price_list_json(*list));
}

asio::awaitable<void> Api::Inside::balance(Call& call) {
  const auto balance =
      co_await read_by(call, [&] { return around_.reader.balance(call.key->tenant); });
  if (!balance.ok()) {
    co_await store_failed(call);
    co_return;
  }
  JsonWriter json;
  json.object()
      .field("object", "balance")
      .field("tenant", call.key->tenant_name)
      .field("account", notation::to_text(call.key->account))
      .field("available", notation::to_text(balance->available))
      .field("held", notation::to_text(balance->held))
      .field("currency", currency())
      .end_object();
  co_await send_json(call, std::move(json).text());
}

asio::awaitable<void> Api::Inside::usage(Call& call) {
  const auto query = parse_usage_query(call.request, around_.clock.now());
  if (!query.ok()) {
    co_await fail(call, query.error());
    co_return;
  }
  const auto lines = co_await read_by(call, [&] {
    return around_.reader.usage(call.key->tenant, query->from, query->to, query->grouping);
  });
  if (!lines.ok()) {
    co_await store_failed(call);
    co_return;
  }
  const ledger::Grouping& grouping = query->grouping;
  JsonWriter json;
  json.object()
      .field("object", "usage")
      .field("from", notation::to_text(query->from))
      .field("to", notation::to_text(query->to))
      .field("currency", currency())
      .key("data")
      .array();
  for (const ledger::UsageLine& line : *lines) {
    json.object();
    if (grouping.bucket != ledger::Bucket::none) {
      json.field("start", notation::to_text(line.start));
    }
    if (grouping.by_model) {
      json.field("model", around_.registry.model_name(line.model));
    }
    if (grouping.by_key) {
      const registry::KeyPtr key = around_.registry.key(line.key);
      json.field("key", key == nullptr ? std::string{} : key->name).field("key_id", line.key.value);
    }
    if (grouping.by_price_list) {
      json.field("price_list", line.price_list.value);
    }
    json.field("requests", line.requests)
        .field("input_tokens", line.input.value)
        .field("cached_input_tokens", line.cached.value)
        .field("output_tokens", line.output.value)
        .field("charge", notation::to_text(line.charge))
        .end_object();
  }
  json.end_array().end_object();
  co_await send_json(call, std::move(json).text());
}

asio::awaitable<void> Api::Inside::receipt(Call& call) {
  const auto id = notation::parse_request_id(call.part);
  if (!id.has_value()) {
    co_await fail(call, problem(400, "invalid_receipt_id", "A receipt id has 32 hex digits."));
    co_return;
  }
  const auto found = co_await read_by(call, [&] { return around_.reader.receipt(*id); });
  if (!found.ok()) {
    co_await store_failed(call);
    co_return;
  }
  // Another tenant's receipt is as good as none.
  if (!found->has_value() || (*found)->tenant != call.key->tenant) {
    co_await fail(call, problem(404, "no_such_receipt",
                                "There is no such receipt: the request failed before its first "
                                "token and cost nothing, still runs, or is not yours."));
    co_return;
  }
  const ledger::Receipt& receipt = **found;
  if (call.request.query("format") == "proof") {
    co_await receipt_proof(call, receipt);
    co_return;
  }
  const registry::ListPtr list = around_.registry.price_list(receipt.price_list);
  JsonWriter json;
  json.object()
      .field("object", "receipt")
      .field("id", notation::to_text(receipt.id))
      .field("time", notation::to_text(receipt.time))
      .field("sequence", receipt.sequence)
      .field("model", around_.registry.model_name(receipt.model))
      .field("weights_sha256", notation::to_text(receipt.weights))
      .field("tokenizer_sha256", notation::to_text(receipt.tokenizer))
      .field("price_list", receipt.price_list.value)
      .field("price_list_sha256", list == nullptr ? std::string{} : list->hash);
  write_prices(json, receipt.prices);
  json.field("input_tokens", std::uint64_t{receipt.usage.input.value})
      .field("cached_input_tokens", std::uint64_t{receipt.usage.cached.value})
      .field("output_tokens", std::uint64_t{receipt.usage.output.value})
      .field("charge", notation::to_text(receipt.charge))
      .field("balance_after", notation::to_text(receipt.balance_after))
      .field("currency", list == nullptr ? currency() : list->currency)
      .field("end", notation::to_text(receipt.end))
      .field("output_sha256", notation::to_text(receipt.output))
      .field("previous_sha256", notation::to_text(receipt.previous));
  if (receipt.account.valid()) {
    // The log's entry commits to this: SHA-256 of the salt's bytes and the canonical ones.
    const receipt::Canonical canonical(receipt);
    const auto bytes = canonical.bytes();
    json.field("canonical", std::string(bytes.begin(), bytes.end()))
        .field("salt", notation::to_text(receipt.salt))
        .field("leaf", receipt.leaf)
        .field("in_checkpoint", receipt.leaf < around_.log.size());
  }
  json.end_object();
  co_await send_json(call, std::move(json).text());
}

}  // namespace api

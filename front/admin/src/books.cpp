// Usage, and whether the books are right.
#include "handlers.hpp"

#include <array>

#include <notation/money_text.hpp>
#include <notation/time_text.hpp>

namespace admin {
namespace {

using base::Fail;
using notation::to_text;

struct Range {
  base::UnixNs from;
  base::UnixNs to;
};

/// ?from= and ?to=; this month where they are not given.
base::Result<Range, Problem> asked_range(const Call& call) {
  const auto month = notation::parse_month(notation::month_text(call.around.clock.now()));
  Range range{month->from, month->to};
  for (const auto& [name, target] : {std::pair{"from", &range.from}, std::pair{"to", &range.to}}) {
    if (const auto text = call.query(name)) {
      const auto time = notation::parse_time(*text);
      if (!time) {
        return Fail{invalid(name, std::string(name) + " must be a UTC time such as 2026-11-23 or "
                                                      "2026-11-23T21:00:00Z")};
      }
      *target = *time;
    }
  }
  if (range.from >= range.to) {
    return Fail{invalid("from", "from must be before to")};
  }
  return range;
}

/// ?group_by=, a list with commas; by model where it is not given.
base::Result<ledger::Grouping, Problem> asked_grouping(const Call& call) {
  ledger::Grouping grouping;
  const std::string text = call.query("group_by").value_or("model");
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string word = text.substr(at, comma - at);
    at = comma + 1;
    if (word == "model") {
      grouping.by_model = true;
    } else if (word == "key") {
      grouping.by_key = true;
    } else if (word == "price_list") {
      grouping.by_price_list = true;
    } else if (word == "hour") {
      grouping.bucket = ledger::Bucket::hour;
    } else if (word == "day") {
      grouping.bucket = ledger::Bucket::day;
    } else if (word == "month") {
      grouping.bucket = ledger::Bucket::month;
    } else if (word != "none") {
      return Fail{invalid("group_by",
                          "group_by is none, or a list of model, key, price_list and "
                          "one of hour, day, month, with commas")};
    }
  }
  return grouping;
}

json::object shown(const Call& call, const ledger::UsageLine& line,
                   const ledger::Grouping& grouping) {
  json::object object;
  if (grouping.bucket != ledger::Bucket::none) {
    object["start"] = to_text(line.start);
  }
  if (grouping.by_model) {
    object["model"] = call.around.registry.model_name(line.model);
  }
  if (grouping.by_key) {
    const auto key = call.around.registry.key(line.key);
    object["key"] = key == nullptr ? "" : key->name;
    object["key_id"] = line.key.value;
  }
  if (grouping.by_price_list) {
    object["price_list"] = line.price_list.value;
  }
  object["requests"] = line.requests;
  object["input_tokens"] = line.input.value;
  object["cached_input_tokens"] = line.cached.value;
  object["output_tokens"] = line.output.value;
  object["charge"] = to_text(line.charge);
  return object;
}

}  // namespace

Answer usage(const Call& call) {
  const auto tenant = tenant_asked(call);
  const auto range = asked_range(call);
  const auto grouping = asked_grouping(call);
  if (!tenant.ok() || !range.ok() || !grouping.ok()) {
    return Fail{!tenant.ok() ? tenant.error() : !range.ok() ? range.error() : grouping.error()};
  }
  const auto lines = call.around.reader.usage(tenant.value()->id, range.value().from,
                                              range.value().to, grouping.value());
  if (!lines.ok()) {
    return Fail{of(lines.error())};
  }
  json::array data;
  for (const ledger::UsageLine& line : lines.value()) {
    data.emplace_back(shown(call, line, grouping.value()));
  }
  const auto list = call.around.registry.price_list(call.around.clock.now());
  return json::object{{"object", "usage"},
                      {"tenant", tenant.value()->name},
                      {"from", to_text(range.value().from)},
                      {"to", to_text(range.value().to)},
                      {"currency", list == nullptr ? "" : list->currency},
                      {"data", std::move(data)}};
}

Answer check_ledger(const Call& call) {
  const auto totals = call.around.reader.totals();
  if (!totals.ok()) {
    return Fail{of(totals.error())};
  }
  return json::object{{"ok", true}, {"findings", json::array()}};
}

}  // namespace admin

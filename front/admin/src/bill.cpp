#include "bill.hpp"

#include <algorithm>
#include <limits>

#include <notation/money_text.hpp>

#include "handlers.hpp"

namespace admin {
namespace {

using base::Fail;
using base::Nano;
using notation::to_text;

constexpr std::uint32_t all_rows = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t nano_per_mtok_divisor = 1'000'000;
constexpr std::size_t width = 72;

/// Amounts of one bill are parts of balances, which fit; a sum that does not is a broken ledger.
Nano sum(Nano a, Nano b) {
  const auto total = base::checked_add(a, b);
  base::invariant(total.has_value(), "the amounts of a bill fit");
  return *total;
}

Nano difference(Nano a, Nano b) {
  const auto rest = base::checked_sub(a, b);
  base::invariant(rest.has_value(), "the amounts of a bill fit");
  return *rest;
}

/// Credits count up, debits down.
Nano signed_amount(const ledger::Posting& posting) {
  return posting.kind == ledger::PostingKind::debit ? Nano{-posting.amount.value} : posting.amount;
}

__extension__ using Wide = unsigned __int128;

Nano class_amount(ledger::TokenSum tokens, price::NanoPerMtok price) {
  const Wide product = Wide{tokens.value} * static_cast<std::uint64_t>(price.value);
  return {static_cast<std::int64_t>(product / nano_per_mtok_divisor)};
}

ModelLine model_line(const registry::Registry& registry, const ledger::UsageLine& usage) {
  ModelLine line;
  line.model = registry.model_name(usage.model);
  line.price_list = usage.price_list;
  line.requests = usage.requests;
  line.charge = usage.charge;
  line.rounding = usage.charge;
  const registry::ListPtr list = registry.price_list(usage.price_list);
  const auto prices =
      list == nullptr
          ? base::Result<price::Prices, price::LookupError>(Fail{price::LookupError::no_price})
          : price::lookup(list->list, usage.model);
  const price::Prices at = prices.ok() ? prices.value() : price::Prices{};
  const ledger::TokenSum fresh{usage.input.value - usage.cached.value};
  line.classes = {{"input", fresh, at.input, class_amount(fresh, at.input)},
                  {"cached input", usage.cached, at.cached, class_amount(usage.cached, at.cached)},
                  {"output", usage.output, at.output, class_amount(usage.output, at.output)}};
  for (const ClassLine& each : line.classes) {
    line.rounding = difference(line.rounding, each.amount);
  }
  return line;
}

/// What came in minus what was charged, from the first posting to `until`.
base::Result<Nano, Problem> balance_at(ledger::Reader& reader, terms::TenantId tenant,
                                       base::UnixNs until) {
  const auto top_ups = reader.top_ups(tenant, {0}, until, all_rows);
  if (!top_ups.ok()) {
    return Fail{of(top_ups.error())};
  }
  const auto usage = reader.usage(tenant, {0}, until, {});
  if (!usage.ok()) {
    return Fail{of(usage.error())};
  }
  Nano balance;
  for (const ledger::Posting& posting : top_ups.value()) {
    balance = sum(balance, signed_amount(posting));
  }
  for (const ledger::UsageLine& line : usage.value()) {
    balance = difference(balance, line.charge);
  }
  return balance;
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) {
    text.insert(at - 3, ",");
  }
  return text;
}

std::string row(const std::string& left, const std::string& right) {
  const std::size_t used = left.size() + right.size();
  return left + std::string(used < width ? width - used : 1, ' ') + right + "\n";
}

std::string usage_text(const ModelLine& line) {
  std::string text = row("  " + line.model + ", " + grouped(line.requests) +
                             " requests, price list " + std::to_string(line.price_list.value),
                         to_text(Nano{-line.charge.value}));
  for (const ClassLine& each : line.classes) {
    if (each.tokens.value > 0) {
      text += "    " + grouped(each.tokens.value) + " " + each.name + " tokens at " +
              to_text(each.price) + " per million = " + to_text(each.amount) + "\n";
    }
  }
  if (line.rounding.value != 0) {
    text += "    each request rounded down: " + to_text(line.rounding) + "\n";
  }
  return text;
}

}  // namespace

base::Result<Bill, Problem> make_bill(const Call& call, registry::TenantPtr tenant,
                                      notation::Period period) {
  ledger::Reader& reader = call.around.reader;
  const base::UnixNs now = call.around.clock.now();
  const auto list = call.around.registry.price_list(now);
  Bill bill{std::move(tenant),
            list == nullptr ? "" : list->currency,
            period,
            std::min(period.to, now),
            {},
            {},
            {},
            {},
            {}};
  const auto opening = balance_at(reader, bill.tenant->id, period.from);
  if (!opening.ok()) {
    return Fail{opening.error()};
  }
  bill.opening = opening.value();
  bill.closing = bill.opening;
  auto top_ups = reader.top_ups(bill.tenant->id, period.from, period.to, all_rows);
  if (!top_ups.ok()) {
    return Fail{of(top_ups.error())};
  }
  bill.top_ups = std::move(top_ups).value();
  for (const ledger::Posting& posting : bill.top_ups) {
    bill.closing = sum(bill.closing, signed_amount(posting));
  }
  const auto usage = reader.usage(bill.tenant->id, period.from, period.to,
                                  {ledger::Bucket::none, /*by_model=*/true, /*by_key=*/false,
                                   /*by_price_list=*/true});
  if (!usage.ok()) {
    return Fail{of(usage.error())};
  }
  for (const ledger::UsageLine& line : usage.value()) {
    bill.models.push_back(model_line(call.around.registry, line));
    bill.charged = sum(bill.charged, line.charge);
    bill.closing = difference(bill.closing, line.charge);
  }
  return bill;
}

json::object as_json(const Bill& bill) {
  json::array top_ups;
  for (const ledger::Posting& posting : bill.top_ups) {
    top_ups.push_back(
        json::object{{"time", to_text(posting.time)}, {"amount", to_text(signed_amount(posting))}});
  }
  json::array models;
  for (const ModelLine& line : bill.models) {
    json::array classes;
    for (const ClassLine& each : line.classes) {
      classes.push_back(json::object{{"class", each.name},
                                     {"tokens", each.tokens.value},
                                     {"price_per_mtok", to_text(each.price)},
                                     {"amount", to_text(each.amount)}});
    }
    models.push_back(json::object{{"model", line.model},
                                  {"price_list", line.price_list.value},
                                  {"requests", line.requests},
                                  {"classes", std::move(classes)},
                                  {"rounding", to_text(line.rounding)},
                                  {"charge", to_text(line.charge)}});
  }
  return {{"object", "bill"},
          {"tenant", bill.tenant->name},
          {"currency", bill.currency},
          {"from", to_text(bill.period.from)},
          {"to", to_text(bill.period.to)},
          {"as_of", to_text(bill.as_of)},
          {"opening_balance", to_text(bill.opening)},
          {"top_ups", std::move(top_ups)},
          {"usage", std::move(models)},
          {"charged", to_text(bill.charged)},
          {"closing_balance", to_text(bill.closing)}};
}

std::string as_text(const Bill& bill) {
  const bool over = bill.as_of == bill.period.to;
  std::string text = "Statement of " + bill.tenant->name + ", " +
                     notation::month_text(bill.period.from) + " (UTC), amounts in " +
                     bill.currency + "\n" + std::string(width, '-') + "\n";
  text += row("Opening balance, " + to_text(bill.period.from), to_text(bill.opening));
  for (const ledger::Posting& posting : bill.top_ups) {
    const bool debit = posting.kind == ledger::PostingKind::debit;
    text += row((debit ? "  Paid out, " : "  Top-up, ") + to_text(posting.time),
                to_text(signed_amount(posting)));
  }
  text += bill.models.empty() ? "No usage\n" : "Usage\n";
  for (const ModelLine& line : bill.models) {
    text += usage_text(line);
  }
  text += std::string(width, '-') + "\n" +
          row("Closing balance, " + to_text(bill.as_of) + (over ? "" : " (month not over)"),
              to_text(bill.closing));
  return text;
}

Answer bill(const Call& call) {
  const auto tenant = tenant_asked(call);
  if (!tenant.ok()) {
    return Fail{tenant.error()};
  }
  const std::string month =
      call.query("month").value_or(notation::month_text(call.around.clock.now()));
  const auto period = notation::parse_month(month);
  if (!period || period->from > call.around.clock.now()) {
    return Fail{invalid("month", "month must be a month until now, such as 2026-11")};
  }
  const auto made = make_bill(call, tenant.value(), *period);
  if (!made.ok()) {
    return Fail{made.error()};
  }
  json::object object = as_json(made.value());
  if (call.query("format") == "text") {
    object["text"] = as_text(made.value());
  }
  return object;
}

}  // namespace admin

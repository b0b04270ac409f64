// Tenants and their credit.
#include "handlers.hpp"

#include <notation/id_text.hpp>
#include <notation/money_text.hpp>

namespace admin {
namespace {

using base::Fail;
using notation::to_text;

Problem refused(const settle::Refused& refusal, terms::RequestId id) {
  switch (refusal.why) {
    case settle::Refusal::insufficient_balance:
      return {409, "insufficient_balance",
              "the tenant has not that much available (running requests hold theirs); "
              "`mains tenant show` tells how much",
              "amount"};
    case settle::Refusal::overflow:
      return {400, "amount_too_large", "a balance cannot grow that large", "amount"};
    case settle::Refusal::store_unavailable:
      return {503, "store_unavailable",
              "the books did not answer; check the data folder's disk and permissions, then try "
              "again with the id " +
                  to_text(id) + ", so that it counts once if it was written after all",
              ""};
    case settle::Refusal::other_top_up:
      return {409, "id_used",
              "the id " + to_text(id) +
                  " was used for another amount or another tenant, so nothing was booked now; "
                  "repeat it with the same values, or give a new id",
              "id"};
    default: return {409, "refused", "the books refused the credit; nothing was booked", ""};
  }
}

/// Moves `amount` and answers the available balance after it.
base::Result<base::Nano, Problem> credit(const Call& call, terms::TenantId tenant,
                                         base::Nano amount, terms::RequestId id) {
  const settle::Outcome outcome =
      call.around.money.execute(settle::Credit{id, tenant, amount, call.around.clock.now()});
  if (const auto* credited = std::get_if<settle::Credited>(&outcome)) {
    return credited->balance_after;
  }
  const auto* refusal = std::get_if<settle::Refused>(&outcome);
  base::invariant(refusal != nullptr, "a credit is credited or refused");
  return Fail{refused(*refusal, id)};
}

Answer with_balance(const Call& call, const registry::Tenant& tenant) {
  const auto balance = call.around.reader.balance(tenant.id);
  if (!balance.ok()) {
    return Fail{of(balance.error())};
  }
  json::object object = shown(tenant);
  object["available"] = to_text(balance.value().available);
  object["held"] = to_text(balance.value().held);
  if (const auto list = call.around.registry.price_list(call.around.clock.now())) {
    object["currency"] = list->currency;
  }
  return object;
}

/// Nothing of the tenant runs any more, and nothing is left but what --refund pays out.
base::Result<base::Nano, Problem> left_over(const Call& call, const registry::Tenant& tenant,
                                            bool refund) {
  const auto balance = call.around.reader.balance(tenant.id);
  if (!balance.ok()) {
    return Fail{of(balance.error())};
  }
  if (balance->held.value > 0) {
    return Fail{Problem{409, "requests_running",
                        "requests of this tenant are still running; try again when they have "
                        "ended (`mains key revoke` ends them)",
                        ""}};
  }
  if (balance->available.value > 0 && !refund) {
    return Fail{Problem{409, "credit_remains",
                        "the tenant still has " + to_text(balance->available) +
                            "; with refund (--refund) this is booked as paid out",
                        "refund"}};
  }
  return balance->available;
}

/// Books as paid out what is left, and says how much that was.
base::Result<base::Nano, Problem> pay_out(const Call& call, const registry::Tenant& tenant,
                                          bool refund) {
  auto left = left_over(call, tenant, refund);
  if (left.ok() && left->value > 0) {
    const auto paid_out = credit(call, tenant.id, {-left->value}, fresh_id(call));
    if (!paid_out.ok()) {
      return Fail{paid_out.error()};
    }
  }
  return left;
}

/// Revokes all keys; what they have running ends.
std::optional<Problem> close_doors(const Call& call, const registry::Tenant& tenant) {
  for (const registry::KeyPtr& key : call.around.registry.keys(tenant.id)) {
    const auto revoked = call.around.registry.revoke_key(key->id);
    if (!revoked.ok()) {
      return of(revoked.error(), "");
    }
    if (call.around.key_revoked) {
      call.around.key_revoked(key->id);
    }
  }
  return std::nullopt;
}

}  // namespace

Answer create_tenant(const Call& call) {
  Fields fields(call.request.body);
  const std::string name = fields.needed_text("name");
  const auto amount = fields.amount("credit", false);
  if (const auto problem = fields.problem()) {
    return Fail{*problem};
  }
  const auto tenant = call.around.registry.create_tenant(name);
  if (!tenant.ok()) {
    return Fail{of(tenant.error(), "name")};
  }
  if (amount && amount->value > 0) {
    const auto credited = credit(call, tenant.value()->id, *amount, fresh_id(call));
    if (!credited.ok()) {
      Problem problem = credited.error();
      problem.message = "the tenant was created, but got no credit: " + problem.message +
                        " (then `mains credit add`)";
      return Fail{problem};
    }
  }
  return with_balance(call, *tenant.value());
}

Answer list_tenants(const Call& call) {
  json::array data;
  for (const registry::TenantPtr& tenant : call.around.registry.tenants()) {
    auto object = with_balance(call, *tenant);
    if (!object.ok()) {
      return object;
    }
    data.emplace_back(std::move(object).value());
  }
  return list_of(std::move(data));
}

Answer show_tenant(const Call& call) {
  const auto tenant = tenant_named(call, call.parts.at(0));
  if (!tenant.ok()) {
    return Fail{tenant.error()};
  }
  auto object = with_balance(call, *tenant.value());
  if (object.ok()) {
    json::array keys;
    for (const registry::KeyPtr& key : call.around.registry.keys(tenant.value()->id)) {
      keys.emplace_back(shown(*key));
    }
    object.value()["keys"] = std::move(keys);
  }
  return object;
}

Answer add_credit(const Call& call) {
  Fields fields(call.request.body);
  const auto amount = fields.amount("amount", true);
  const auto given_id = fields.text("id");
  if (!amount || amount->value == 0) {
    fields.fail(invalid("amount",
                        "amount must be a decimal such as \"5.00\", or \"-5.00\" to take "
                        "money out"));
  }
  const auto id = given_id ? notation::parse_request_id(*given_id) : fresh_id(call);
  if (!id || !id->valid()) {
    fields.fail(invalid("id", "id must be 32 hexadecimal digits; or leave it out"));
  }
  if (const auto problem = fields.problem()) {
    return Fail{*problem};
  }
  const auto tenant = tenant_named(call, call.parts.at(0));
  if (!tenant.ok()) {
    return Fail{tenant.error()};
  }
  const auto available = credit(call, tenant.value()->id, *amount, *id);
  if (!available.ok()) {
    return Fail{available.error()};
  }
  return json::object{{"id", to_text(*id)},
                      {"tenant", tenant.value()->name},
                      {"amount", to_text(*amount)},
                      {"available", to_text(available.value())}};
}

Answer delete_tenant(const Call& call) {
  const auto tenant = tenant_named(call, call.parts.at(0));
  if (!tenant.ok()) {
    return Fail{tenant.error()};
  }
  const std::string flag = call.query("refund").value_or("false");
  if (flag != "true" && flag != "false") {
    return Fail{invalid("refund", "refund is true or false")};
  }
  const bool refund = flag == "true";
  const registry::Tenant& going = *tenant.value();
  if (const auto may = left_over(call, going, refund); !may.ok()) {
    return Fail{may.error()};
  }
  if (const auto problem = close_doors(call, going)) {
    return Fail{*problem};
  }
  // Looked at again now that no key opens anything: a request may have begun meanwhile.
  const auto paid_out = pay_out(call, going, refund);
  if (!paid_out.ok()) {
    return Fail{paid_out.error()};
  }
  const auto left = call.around.registry.delete_tenant(going.id);
  if (!left.ok()) {
    return Fail{of(left.error(), "")};
  }
  if (call.around.tenant_deleted) {
    call.around.tenant_deleted(going.id);
  }
  // And once more now that nobody can credit it any more.
  const auto late = pay_out(call, going, true);
  if (!late.ok()) {
    return Fail{late.error()};
  }
  return json::object{{"name", going.name},
                      {"account", to_text(going.account)},
                      {"deleted", true},
                      {"refunded", to_text(base::Nano{paid_out->value + late->value})}};
}

}  // namespace admin

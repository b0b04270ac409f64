// Keys and their limits.
#include "handlers.hpp"

#include <notation/id_text.hpp>

namespace admin {
namespace {

using base::Fail;

base::Result<terms::KeyId, Problem> key_id(const Call& call) {
  const auto id = notation::parse_count(call.parts.at(0));
  if (!id || *id == 0) {
    return Fail{Problem{404, "key_not_found",
                        "a key is named by its number; `mains key list` shows them", "id"}};
  }
  return terms::KeyId{*id};
}

}  // namespace

Answer create_key(const Call& call) {
  Fields fields(call.request.body);
  const auto tenant_name = fields.text("tenant");
  const bool admin_key = fields.flag("admin").value_or(false);
  const auto name = fields.text("name");
  const auto limits_given = fields.object("limits");
  if (!admin_key && !tenant_name) {
    fields.fail(invalid("tenant", "say whose key it is: a tenant's name, or \"admin\": true"));
  } else if (admin_key && (tenant_name || limits_given)) {
    fields.fail(invalid("admin",
                        "an admin key has no tenant and no limits: it cannot run "
                        "inference"));
  }
  Fields limit_fields(limits_given.value_or(json::object()), "limits.");
  const settle::Limits limits = read_limits(limit_fields, {});
  for (Fields* each : {&fields, &limit_fields}) {
    if (const auto problem = each->problem()) {
      return Fail{*problem};
    }
  }
  terms::TenantId owner;
  if (!admin_key) {
    const auto tenant = tenant_named(call, *tenant_name);
    if (!tenant.ok()) {
      return Fail{tenant.error()};
    }
    owner = tenant.value()->id;
  }
  const auto made = call.around.registry.create_key(owner, name.value_or("default"), limits);
  if (!made.ok()) {
    return Fail{of(made.error(), "name")};
  }
  json::object object = shown(*made.value().key);
  object["key"] = made.value().secret;
  return object;
}

Answer list_keys(const Call& call) {
  json::array data;
  const auto add = [&](terms::TenantId tenant) {
    for (const registry::KeyPtr& key : call.around.registry.keys(tenant)) {
      data.emplace_back(shown(*key));
    }
  };
  if (const auto name = call.query("tenant")) {
    const auto tenant = tenant_named(call, *name);
    if (!tenant.ok()) {
      return Fail{tenant.error()};
    }
    add(tenant.value()->id);
  } else {
    add(terms::TenantId{});
    for (const registry::TenantPtr& tenant : call.around.registry.tenants()) {
      add(tenant->id);
    }
  }
  return list_of(std::move(data));
}

Answer revoke_key(const Call& call) {
  const auto id = key_id(call);
  if (!id.ok()) {
    return Fail{id.error()};
  }
  const auto key = call.around.registry.revoke_key(id.value());
  if (!key.ok()) {
    return Fail{of(key.error(), "id")};
  }
  if (call.around.key_revoked) {
    call.around.key_revoked(id.value());
  }
  return shown(*key.value());
}

Answer set_limits(const Call& call) {
  const auto id = key_id(call);
  if (!id.ok()) {
    return Fail{id.error()};
  }
  const auto current = call.around.registry.key(id.value());
  if (current == nullptr) {
    return Fail{of(registry::Error::unknown_key, "id")};
  }
  Fields fields(call.request.body);
  const settle::Limits limits = read_limits(fields, current->limits);
  if (current->admin()) {
    fields.fail(invalid("id", "an admin key has no limits: it cannot run inference"));
  }
  if (const auto problem = fields.problem()) {
    return Fail{*problem};
  }
  const auto key = call.around.registry.set_limits(id.value(), limits);
  if (!key.ok()) {
    return Fail{of(key.error(), "id")};
  }
  return shown(*key.value());
}

}  // namespace admin

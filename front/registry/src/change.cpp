// The half of the registry that changes it: one writer at a time, durable, then visible.
#include <algorithm>

#include <notation/id_text.hpp>
#include <registry/registry.hpp>

#include "attempt.hpp"
#include "tables.hpp"

namespace registry {
namespace {

using base::Fail;

constexpr std::size_t prefix_size = 8;

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name_of(std::string_view name, std::string_view marks, std::size_t size_max) {
  return !name.empty() && name.size() <= size_max && is_alnum(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return is_alnum(c) || marks.find(c) != std::string_view::npos;
         });
}

void replace_key(Snapshot& snapshot, const KeyPtr& key) {
  snapshot.keys[key->id] = key;
  for (auto& [word, lock] : snapshot.locks) {
    if (lock.key->id == key->id) {
      lock.key = key;
    }
  }
}

/// The id of the row that was inserted.
template <class Id>
Id inserted(const Statement& insert) {
  return {static_cast<std::uint64_t>(insert.integer(0))};
}

}  // namespace

bool is_name(std::string_view name) {
  return is_name_of(name, "._@-", 64);
}

Registry::Registry(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Registry::~Registry() = default;

Answer<std::unique_ptr<Registry>> Registry::open(const std::filesystem::path& data_dir,
                                                 const base::Clock& clock, base::Random& random,
                                                 const std::string& url) {
  if (std::error_code none; std::filesystem::exists(data_dir / "price.key", none)) {
    if (auto price_key = load_or_create_key(data_dir / "price.key", random); !price_key.ok()) {
      return Fail{price_key.error()};
    }
  }
  try {
    auto database = url.empty() ? open_sqlite(data_dir / "registry.db") : open_postgres(url);
    auto inside = std::make_unique<Inside>(std::move(database), clock, random, data_dir);
    inside->database->create_tables(random);
    inside->seen = inside->database->changes();
    inside->read_again();
    if (!url.empty()) {
      inside->watcher = std::thread(&Inside::watch, inside.get());
    }
    return std::unique_ptr<Registry>(new Registry(std::move(inside)));
  } catch (const SqlFailure& failure) {
    return Fail{failure.error};
  }
}

Answer<TenantPtr> Registry::create_tenant(std::string_view name) {
  if (!is_name(name)) {
    return Fail{Error::bad_name};
  }
  return attempt<TenantPtr>([&](Snapshot& next) -> Answer<TenantPtr> {
    Tenant tenant{{}, std::string(name), inside_->clock.now(), random_bytes(inside_->random), {}};
    const auto account = random_bytes(inside_->random);
    tenant.account = account_of(account);
    Statement insert(*inside_->database,
                     "INSERT INTO tenants(name, created, salt, account) VALUES(?, ?, ?, ?) "
                     "RETURNING id");
    insert.bind(name).bind(tenant.created.value).bind(std::span(tenant.salt));
    insert.bind(std::span(account).first(16));
    if (!insert.insert()) {
      return Fail{Error::name_taken};
    }
    tenant.id = inserted<terms::TenantId>(insert);
    const auto shared = std::make_shared<const Tenant>(std::move(tenant));
    next.tenants[shared->id] = shared;
    next.tenants_by_name[shared->name] = shared;
    return TenantPtr(shared);
  });
}

Answer<TenantPtr> Registry::delete_tenant(terms::TenantId id) {
  auto deleted = attempt<TenantPtr>([&](Snapshot& next) -> Answer<TenantPtr> {
    const auto found = next.tenants.find(id);
    if (found == next.tenants.end()) {
      return Fail{Error::unknown_tenant};
    }
    Tenant left{id,
                "#" + notation::to_text(found->second->account),
                found->second->created,
                {},
                found->second->account};
    Statement(*inside_->database, "DELETE FROM keys WHERE tenant = ?")
        .bind(stored(id.value))
        .next();
    Statement(*inside_->database, "UPDATE tenants SET name = ?, salt = ? WHERE id = ?")
        .bind(std::string_view(left.name))
        .bind(std::span<const std::uint8_t>(left.salt))
        .bind(stored(id.value))
        .next();
    next.tenants_by_name.erase(found->second->name);
    next.tenants.erase(found);
    std::erase_if(next.keys, [id](const auto& entry) { return entry.second->tenant == id; });
    std::erase_if(next.locks, [id](const auto& entry) { return entry.second.key->tenant == id; });
    const auto shared = std::make_shared<const Tenant>(std::move(left));
    next.deleted[shared->account] = shared;
    return TenantPtr(shared);
  });
  if (deleted.ok()) {
    const std::lock_guard lock(inside_->writing);
    inside_->database->purge();
  }
  return deleted;
}

Answer<NewKey> Registry::create_key(terms::TenantId tenant, std::string_view name,
                                    const settle::Limits& limits) {
  if (!is_name(name)) {
    return Fail{Error::bad_name};
  }
  return attempt<NewKey>([&](Snapshot& next) -> Answer<NewKey> {
    const auto owner = next.tenants.find(tenant);
    if (tenant.valid() && owner == next.tenants.end()) {
      return Fail{Error::unknown_tenant};
    }
    NewKey made;
    made.secret =
        (tenant.valid() ? "mk-" : "ma-") + notation::to_base64url(random_bytes(inside_->random));
    const Hash hash = sha256(made.secret);
    Key key;
    key.tenant = tenant;
    if (tenant.valid()) {
      key.tenant_name = owner->second->name;
      key.account = owner->second->account;
    }
    key.name = name;
    key.prefix = made.secret.substr(0, prefix_size);
    key.created = inside_->clock.now();
    key.limits = limits;
    Statement insert(*inside_->database,
                     "INSERT INTO keys(tenant, name, hash, prefix, created, requests_per_minute,"
                     " tokens_per_minute, parallel_requests, cap_per_month)"
                     " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id");
    tenant.valid() ? insert.bind(stored(tenant.value)) : insert.bind_none();
    insert.bind(name).bind(std::span(hash)).bind(std::string_view(key.prefix));
    insert.bind(key.created.value).bind(stored(limits.requests_per_minute));
    insert.bind(stored(limits.tokens_per_minute)).bind(stored(limits.parallel_requests));
    if (!insert.bind(limits.cap_per_month.value).insert()) {
      return Fail{Error::name_taken};
    }
    key.id = inserted<terms::KeyId>(insert);
    made.key = std::make_shared<const Key>(std::move(key));
    next.keys[made.key->id] = made.key;
    next.locks.emplace(first_word(hash), Lock{hash, made.key});
    return made;
  });
}

Answer<KeyPtr> Registry::revoke_key(terms::KeyId id) {
  return attempt<KeyPtr>([&](Snapshot& next) -> Answer<KeyPtr> {
    const auto found = next.keys.find(id);
    if (found == next.keys.end()) {
      return Fail{Error::unknown_key};
    }
    if (found->second->revoked()) {
      return found->second;
    }
    auto key = std::make_shared<Key>(*found->second);
    key->revoked_at = inside_->clock.now();
    Statement(*inside_->database, "UPDATE keys SET revoked_at = ? WHERE id = ?")
        .bind(key->revoked_at.value)
        .bind(stored(id.value))
        .next();
    replace_key(next, key);
    return KeyPtr(key);
  });
}

Answer<KeyPtr> Registry::set_limits(terms::KeyId id, const settle::Limits& limits) {
  return attempt<KeyPtr>([&](Snapshot& next) -> Answer<KeyPtr> {
    const auto found = next.keys.find(id);
    if (found == next.keys.end()) {
      return Fail{Error::unknown_key};
    }
    auto key = std::make_shared<Key>(*found->second);
    key->limits = limits;
    Statement(*inside_->database,
              "UPDATE keys SET requests_per_minute = ?, tokens_per_minute = ?,"
              " parallel_requests = ?, cap_per_month = ? WHERE id = ?")
        .bind(stored(limits.requests_per_minute))
        .bind(stored(limits.tokens_per_minute))
        .bind(stored(limits.parallel_requests))
        .bind(limits.cap_per_month.value)
        .bind(stored(id.value))
        .next();
    replace_key(next, key);
    return KeyPtr(key);
  });
}

Answer<terms::ModelId> Registry::ensure_model(std::string_view name) {
  if (!is_name_of(name, "._:/@+-", 128)) {
    return Fail{Error::bad_name};
  }
  if (const auto known = model_id(name)) {
    return *known;
  }
  return attempt<terms::ModelId>([&](Snapshot& next) -> Answer<terms::ModelId> {
    if (const auto known = next.models.find(name); known != next.models.end()) {
      return known->second;
    }
    name_models(*inside_->database, {NamedPrices{std::string(name), {}}}, next);
    return next.models.find(name)->second;
  });
}

void Registry::accept_admin_key(std::string_view secret) {
  const std::lock_guard lock(inside_->writing);
  Key key;
  key.name = "environment";
  Snapshot next = *inside_->published.get();
  const Hash hash = sha256(secret);
  inside_->environment = Lock{hash, std::make_shared<const Key>(std::move(key))};
  next.locks.emplace(first_word(hash), *inside_->environment);
  inside_->published.set(std::move(next));
}

std::string_view describe(Error error) {
  switch (error) {
    case Error::unavailable:
      return "the registry cannot be read or written; check the data folder (or the database) and "
             "try again";
    case Error::full: return "no space is left for the data folder; free some and try again";
    case Error::read_only:
      return "the registry may not be written; check owner and permissions of the data folder (or "
             "the rights "
             "of the database role)";
    case Error::damaged: return "the registry is damaged: restore it from a backup";
    case Error::newer: return "the registry was written by a newer version of mains: use that one";
    case Error::bad_key_file:
      return "price.key is no Ed25519 private key in PEM with mode 0600: restore it from a backup";
    case Error::bad_name:
      return "a name is 1 to 64 letters, digits and ._@- and begins with a letter or digit";
    case Error::name_taken: return "this name is taken; choose another";
    case Error::unknown_tenant: return "no tenant has this name; `mains tenant list` shows all";
    case Error::not_logged:
      return "the transparency log did not take the price list, so it is not in force; see "
             "`mains log show` and try again";
    case Error::no_price_key:
      return "price.key is not in this data folder, so no list can be signed; what is in force "
             "stays. Copy price.key here from a backup, or from the server that published the last "
             "list; if "
             "it is lost for good, `mains price new-key` makes another one";
    case Error::other_price_key:
      return "price.key in this data folder is not the key that signed the last price list: copy "
             "price.key here (mode 0600) from the server that published that list; if it is lost "
             "for "
             "good, `mains price new-key` makes another one";
    case Error::unknown_list: return "no price list has this version; `mains price show` has all";
    case Error::list_in_force:
      return "this list is or was in force and stays: publish another one; only a list to come can "
             "be withdrawn";
    case Error::unknown_key: return "no key has this id; `mains key list` shows all";
  }
  return "the registry failed";
}

}  // namespace registry

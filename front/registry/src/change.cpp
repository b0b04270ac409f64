// The half of the registry that changes it: one writer at a time, durable, then visible.
#include <algorithm>

#include <notation/id_text.hpp>
#include <registry/registry.hpp>

#include "inside.hpp"
#include "tables.hpp"

namespace registry {
namespace {

using base::Fail;

constexpr std::int64_t ns_per_s = 1'000'000'000;
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

std::int64_t stored(std::uint64_t id) {
  return static_cast<std::int64_t>(id);
}

void replace_key(Snapshot& snapshot, const KeyPtr& key) {
  snapshot.keys[key->id] = key;
  for (auto& [word, lock] : snapshot.locks) {
    if (lock.key->id == key->id) {
      lock.key = key;
    }
  }
}

/// Gives ids to the names that have none. The caller's transaction makes them durable.
void name_models(Database& database, const std::vector<NamedPrices>& models, Snapshot& snapshot) {
  for (const NamedPrices& model : models) {
    if (snapshot.models.contains(model.model)) {
      continue;
    }
    Statement insert(database, "INSERT INTO models(name) VALUES(?) RETURNING id");
    if (!insert.bind(std::string_view(model.model)).insert()) {
      throw SqlFailure{Error::unavailable};
    }
    const terms::ModelId id{static_cast<std::uint64_t>(insert.integer(0))};
    snapshot.models[model.model] = id;
    snapshot.model_names[id] = model.model;
  }
}

/// The id of the row that was inserted.
template <class Id>
Id inserted(const Statement& insert) {
  return {static_cast<std::uint64_t>(insert.integer(0))};
}

}  // namespace

/// Runs `change` on a copy of the snapshot, in a transaction of the database; both are kept when it
/// succeeds. What other servers changed is read first. A failure of the database is an error.
template <class T, class Change>
Answer<T> Registry::attempt(Change change) {
  Inside& inside = *inside_;
  const std::lock_guard lock(inside.writing);
  try {
    Transaction transaction(*inside.database);
    if (inside.database->changes() != inside.seen) {
      inside.read_again();
      inside.seen = inside.database->changes();
    }
    Snapshot next = *inside.published.get();
    Answer<T> answer = change(next);
    if (answer.ok()) {
      inside.seen = transaction.commit();
      inside.published.set(std::move(next));
    }
    return answer;
  } catch (const SqlFailure& failure) {
    return Fail{failure.error};
  }
}

bool is_name(std::string_view name) {
  return is_name_of(name, "._@-", 64);
}

Registry::Registry(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Registry::~Registry() = default;

Answer<std::unique_ptr<Registry>> Registry::open(const std::filesystem::path& data_dir,
                                                 const base::Clock& clock, base::Random& random,
                                                 const std::string& url) {
  auto price_key = load_or_create_key(data_dir / "price.key", random);
  if (!price_key.ok()) {
    return Fail{price_key.error()};
  }
  try {
    auto database = url.empty() ? open_sqlite(data_dir / "registry.db") : open_postgres(url);
    auto inside =
        std::make_unique<Inside>(std::move(database), clock, random, std::move(price_key).value());
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

Findings Registry::check(const PriceDraft& draft) const {
  Findings findings = absurdities(draft);
  const auto snapshot = inside_->published.get();
  const std::uint64_t next = snapshot->lists.size() + 1;
  if (draft.version && *draft.version != next) {
    findings.push_back("version is " + std::to_string(*draft.version) + ", the next one is " +
                       std::to_string(next) + ": leave version out, or start from the latest list");
  }
  if (next > 1 && snapshot->lists.back()->currency != draft.currency) {
    findings.push_back("currency is " + draft.currency + ", every balance is in " +
                       snapshot->lists.back()->currency + ": it cannot change");
  }
  for (const NamedPrices& model : draft.models) {
    const auto known = snapshot->models.find(model.model);
    const terms::ModelId id = known == snapshot->models.end() ? terms::ModelId{} : known->second;
    if (model.id.valid() && model.id != id) {
      findings.push_back("model '" + model.model + "' has another id: leave id out");
    }
  }
  const std::int64_t now = inside_->clock.now().value;
  if (draft.valid_from && draft.valid_from->value < now - now % ns_per_s) {
    findings.emplace_back(
        "valid_from lies in the past: leave it out for now, or name a time to come");
  }
  return findings;
}

void Registry::before_publishing(std::function<bool(const std::string& canonical)> announce) {
  const std::lock_guard lock(inside_->writing);
  inside_->announce = std::move(announce);
}

base::Result<ListPtr, Registry::Unpublished> Registry::publish(const PriceDraft& draft) {
  Unpublished refusal;
  const auto published = attempt<ListPtr>([&](Snapshot& next) -> Answer<ListPtr> {
    // Checked under the lock: the next version may not change in between.
    refusal.findings = check(draft);
    if (!refusal.findings.empty()) {
      return ListPtr();
    }
    PriceDraft dated = draft;
    const std::int64_t now = inside_->clock.now().value;
    dated.valid_from = draft.valid_from.value_or(base::UnixNs{now - now % ns_per_s});
    name_models(*inside_->database, dated.models, next);
    for (NamedPrices& model : dated.models) {
      model.id = next.models.find(model.model)->second;
    }
    auto list = list_of(canonical_json(next.lists.size() + 1, dated), next.models);
    base::invariant(list.has_value(), "a list that passed its checks can be read back");
    if (inside_->announce && !inside_->announce(list->canonical)) {
      return Fail{Error::not_logged};
    }
    const auto signature = inside_->price_key.sign(list->canonical);
    const Hash hash = sha256(list->canonical);
    Statement insert(*inside_->database,
                     "INSERT INTO price_lists(version, published, canonical, hash, signature,"
                     " public_key) VALUES(?, ?, ?, ?, ?, ?)");
    insert.bind(stored(list->list.id.value)).bind(now).bind(std::string_view(list->canonical));
    insert.bind(std::span(hash)).bind(std::span<const std::uint8_t>(signature));
    if (!insert.bind(std::string_view(inside_->price_key.public_pem())).insert()) {
      return Fail{Error::unavailable};
    }
    list->published = {now};
    list->signature = notation::to_base64url(signature);
    list->public_key = inside_->price_key.public_pem();
    append(next, std::move(*list));
    ListPtr shared = next.lists.back();
    return shared;
  });
  if (!published.ok()) {
    refusal.error = published.error();
    return Fail{refusal};
  }
  if (published.value() == nullptr) {
    return Fail{refusal};
  }
  return published.value();
}

base::Result<ListPtr, Registry::Unpublished> Registry::publish_missing(
    std::string_view currency, const std::vector<NamedPrices>& models) {
  const ListPtr current = price_list(inside_->clock.now());
  PriceDraft draft;
  draft.currency = currency;
  if (current != nullptr) {
    draft.currency = current->currency;
    draft.models = current->models;
  }
  // A list of before lists named the ids of their models is repeated as well.
  bool missing = std::any_of(draft.models.begin(), draft.models.end(),
                             [](const NamedPrices& model) { return !model.id.valid(); });
  for (const NamedPrices& model : models) {
    const auto same = [&](const NamedPrices& other) { return other.model == model.model; };
    if (std::none_of(draft.models.begin(), draft.models.end(), same)) {
      draft.models.push_back(model);
      missing = true;
    }
  }
  return missing ? publish(draft) : ListPtr();
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
    case Error::unknown_key: return "no key has this id; `mains key list` shows all";
  }
  return "the registry failed";
}

}  // namespace registry

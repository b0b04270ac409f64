#include "tables.hpp"

#include <algorithm>
#include <set>

#include <notation/id_text.hpp>

namespace registry {
namespace {

template <class IdType>
IdType id_at(const Statement& row, int column) {
  return IdType{static_cast<std::uint64_t>(row.integer(column))};
}

Hash hash_at(const Statement& row, int column) {
  const auto bytes = row.bytes(column);
  Hash hash{};
  if (bytes.size() != hash.size()) {
    throw SqlFailure{Error::damaged};
  }
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

terms::Pseudonym account_at(const Statement& row, int column) {
  const auto bytes = row.bytes(column);
  if (bytes.size() != 16) {
    throw SqlFailure{Error::damaged};
  }
  return account_of(bytes);
}

std::uint64_t count_at(const Statement& row, int column) {
  return static_cast<std::uint64_t>(row.integer(column));
}

void read_tenants(Database& database, Snapshot& snapshot) {
  Statement row(database, "SELECT id, name, created, salt, account FROM tenants ORDER BY id");
  while (row.next()) {
    const auto tenant = std::make_shared<const Tenant>(Tenant{id_at<terms::TenantId>(row, 0),
                                                              row.text(1),
                                                              {row.integer(2)},
                                                              hash_at(row, 3),
                                                              account_at(row, 4)});
    if (tenant->deleted()) {
      snapshot.deleted[tenant->account] = tenant;
      continue;
    }
    snapshot.tenants[tenant->id] = tenant;
    snapshot.tenants_by_name[tenant->name] = tenant;
  }
}

void read_keys(Database& database, Snapshot& snapshot) {
  Statement row(database,
                "SELECT id, tenant, name, hash, prefix, created, revoked_at, requests_per_minute,"
                " tokens_per_minute, parallel_requests, cap_per_month FROM keys ORDER BY id");
  while (row.next()) {
    Key key;
    key.id = id_at<terms::KeyId>(row, 0);
    key.tenant = id_at<terms::TenantId>(row, 1);
    const auto tenant = snapshot.tenants.find(key.tenant);
    if (tenant != snapshot.tenants.end()) {
      key.tenant_name = tenant->second->name;
      key.account = tenant->second->account;
    }
    key.name = row.text(2);
    key.prefix = row.text(4);
    key.created = {row.integer(5)};
    key.revoked_at = {row.integer(6)};
    key.limits = {count_at(row, 7), count_at(row, 8), count_at(row, 9), {row.integer(10)}};
    const Hash hash = hash_at(row, 3);
    const auto shared = std::make_shared<const Key>(std::move(key));
    snapshot.keys[shared->id] = shared;
    snapshot.locks.emplace(first_word(hash), Lock{hash, shared});
  }
}

void read_models(Database& database, Snapshot& snapshot) {
  Statement row(database, "SELECT id, name FROM models ORDER BY id");
  while (row.next()) {
    snapshot.models[row.text(1)] = id_at<terms::ModelId>(row, 0);
    snapshot.model_names[id_at<terms::ModelId>(row, 0)] = row.text(1);
  }
}

void read_lists(Database& database, Snapshot& snapshot) {
  std::set<std::int64_t> withdrawn;
  for (Statement gone(database, "SELECT version FROM withdrawn"); gone.next();) {
    withdrawn.insert(gone.integer(0));
  }
  Statement books(database, "SELECT price_key FROM books");
  if (books.next()) {
    snapshot.price_key = books.text(0);
  }
  Statement row(database,
                "SELECT version, published, canonical, hash, signature, public_key"
                " FROM price_lists ORDER BY version");
  while (row.next()) {
    auto list = list_of(row.text(2), snapshot.models);
    const auto signature = row.bytes(4);
    if (!list || list->list.id.value != snapshot.lists.size() + 1 ||
        list->list.id != id_at<terms::PriceListId>(row, 0) ||
        !equal_in_constant_time(sha256(list->canonical), hash_at(row, 3)) ||
        !signing::verify(row.text(5), list->canonical, signature)) {
      throw SqlFailure{Error::damaged};
    }
    list->published = {row.integer(1)};
    list->signature = notation::to_base64url(signature);
    list->public_key = row.text(5);
    list->withdrawn = withdrawn.contains(row.integer(0));
    append(snapshot, std::move(*list));
  }
}

}  // namespace

std::uint64_t first_word(const Hash& hash) {
  return notation::digest_of(hash).words[0];
}

std::ptrdiff_t Snapshot::current(base::UnixNs now) const {
  now = std::max(now, published_last);
  std::ptrdiff_t best = -1;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const base::UnixNs from = lists[i]->list.valid_from;
    if (!lists[i]->withdrawn && from <= now &&
        (best < 0 || from >= lists[static_cast<std::size_t>(best)]->list.valid_from)) {
      best = static_cast<std::ptrdiff_t>(i);
    }
  }
  return best;
}

terms::Pseudonym account_of(std::span<const std::uint8_t> bytes) {
  terms::Pseudonym account;
  for (std::size_t i = 0; i < 8; ++i) {
    account.high = account.high << 8U | bytes[i];
    account.low = account.low << 8U | bytes[8 + i];
  }
  return account;
}

Snapshot read_all(Database& database) {
  Snapshot snapshot;
  read_tenants(database, snapshot);
  read_keys(database, snapshot);
  read_models(database, snapshot);
  read_lists(database, snapshot);
  return snapshot;
}

std::optional<PublishedList> list_of(
    std::string canonical, const std::map<std::string, terms::ModelId, std::less<>>& models) {
  auto draft = parse_price_document(canonical);
  if (!draft.ok() || !draft.value().version || !draft.value().valid_from ||
      canonical_json(*draft.value().version, draft.value()) != canonical) {
    return std::nullopt;
  }
  PublishedList list;
  list.list.id = {*draft.value().version};
  list.list.valid_from = *draft.value().valid_from;
  list.currency = draft.value().currency;
  list.models = std::move(draft.value().models);
  for (const NamedPrices& model : list.models) {
    const auto id = models.find(model.model);
    if (id == models.end() || (model.id.valid() && model.id != id->second)) {
      return std::nullopt;
    }
    list.list.entries.push_back({id->second, model.prices});
  }
  const Hash hash = sha256(canonical);
  list.hash = notation::to_hex(hash);
  list.digest = notation::digest_of(hash);
  list.canonical = std::move(canonical);
  return list;
}

void append(Snapshot& snapshot, PublishedList list) {
  std::unordered_map<terms::ModelId, price::Prices> prices;
  for (const price::PriceEntry& entry : list.list.entries) {
    prices[entry.model] = entry.prices;
  }
  snapshot.prices.push_back(std::move(prices));
  snapshot.published_last = std::max(snapshot.published_last, list.published);
  snapshot.lists.push_back(std::make_shared<const PublishedList>(std::move(list)));
}

}  // namespace registry

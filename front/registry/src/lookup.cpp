// The half of the registry that is asked on every request.
#include <algorithm>

#include <registry/registry.hpp>

#include "inside.hpp"

namespace registry {
namespace {

/// The value of a map, or its empty value.
template <class Map, class Name>
typename Map::mapped_type find_or_none(const Map& map, const Name& name) {
  const auto found = map.find(name);
  return found == map.end() ? typename Map::mapped_type{} : found->second;
}

}  // namespace

KeyPtr Registry::authenticate(std::string_view secret) const {
  constexpr std::size_t secret_bytes_max = 256;
  if (secret.empty() || secret.size() > secret_bytes_max) {
    return nullptr;
  }
  const Hash hash = sha256(secret);
  const auto snapshot = inside_->published.get();
  const auto [begin, end] = snapshot->locks.equal_range(first_word(hash));
  for (auto lock = begin; lock != end; ++lock) {
    if (equal_in_constant_time(lock->second.hash, hash)) {
      return lock->second.key->revoked() ? nullptr : lock->second.key;
    }
  }
  return nullptr;
}

KeyPtr Registry::key(terms::KeyId id) const {
  return find_or_none(inside_->published.get()->keys, id);
}

TenantPtr Registry::tenant(terms::TenantId id) const {
  return find_or_none(inside_->published.get()->tenants, id);
}

TenantPtr Registry::tenant(std::string_view name) const {
  return find_or_none(inside_->published.get()->tenants_by_name, name);
}

TenantPtr Registry::deleted_tenant(terms::Pseudonym account) const {
  return find_or_none(inside_->published.get()->deleted, account);
}

std::optional<terms::ModelId> Registry::model_id(std::string_view name) const {
  const terms::ModelId id = find_or_none(inside_->published.get()->models, name);
  return id.valid() ? std::optional(id) : std::nullopt;
}

std::string Registry::model_name(terms::ModelId id) const {
  return find_or_none(inside_->published.get()->model_names, id);
}

std::optional<Offer> Registry::prices(terms::ModelId model, base::UnixNs now) const {
  const auto snapshot = inside_->published.get();
  const std::ptrdiff_t current = snapshot->current(now);
  if (current < 0) {
    return std::nullopt;
  }
  const auto& prices = snapshot->prices[static_cast<std::size_t>(current)];
  const auto found = prices.find(model);
  if (found == prices.end()) {
    return std::nullopt;
  }
  const PublishedList& list = *snapshot->lists[static_cast<std::size_t>(current)];
  return Offer{list.list.id, list.digest, found->second};
}

ListPtr Registry::price_list(base::UnixNs now) const {
  const auto snapshot = inside_->published.get();
  const std::ptrdiff_t current = snapshot->current(now);
  return current < 0 ? nullptr : snapshot->lists[static_cast<std::size_t>(current)];
}

std::vector<ListPtr> Registry::lists_to_come(base::UnixNs now) const {
  const auto snapshot = inside_->published.get();
  now = std::max(now, snapshot->published_last);
  std::vector<ListPtr> lists;
  for (const ListPtr& list : snapshot->lists) {
    if (!list->withdrawn && list->list.valid_from > now) {
      lists.push_back(list);
    }
  }
  std::stable_sort(lists.begin(), lists.end(), [](const ListPtr& a, const ListPtr& b) {
    return a->list.valid_from < b->list.valid_from;
  });
  return lists;
}

base::SpanNs Registry::clock_behind(base::UnixNs now) const {
  return {std::max<std::int64_t>(0, inside_->published.get()->published_last.value - now.value)};
}

ListPtr Registry::price_list(terms::PriceListId version) const {
  const auto snapshot = inside_->published.get();
  const std::uint64_t at = version.value - 1;
  return at < snapshot->lists.size() ? snapshot->lists[at] : nullptr;
}

std::vector<ListPtr> Registry::price_lists() const {
  return inside_->published.get()->lists;
}

std::vector<TenantPtr> Registry::tenants() const {
  std::vector<TenantPtr> list;
  for (const auto& [id, tenant] : inside_->published.get()->tenants) {
    list.push_back(tenant);
  }
  return list;
}

std::vector<TenantPtr> Registry::deleted_tenants() const {
  std::vector<TenantPtr> list;
  for (const auto& [account, tenant] : inside_->published.get()->deleted) {
    list.push_back(tenant);
  }
  return list;
}

std::vector<KeyPtr> Registry::keys(terms::TenantId tenant) const {
  std::vector<KeyPtr> list;
  for (const auto& [id, key] : inside_->published.get()->keys) {
    if (key->tenant == tenant) {
      list.push_back(key);
    }
  }
  return list;
}

}  // namespace registry

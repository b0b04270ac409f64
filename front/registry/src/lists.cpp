// Price lists: checked, published, carried on, withdrawn.
#include <algorithm>
#include <filesystem>

#include <notation/id_text.hpp>
#include <registry/registry.hpp>

#include "attempt.hpp"

namespace registry {
namespace {

using base::Fail;

constexpr std::int64_t ns_per_s = 1'000'000'000;

/// From when a draft is to hold. One that was shown by `price show` and not given another moment is
/// meant from now on, unless its own is still to come.
std::optional<base::UnixNs> from_of(const PriceDraft& draft, const Snapshot& snapshot) {
  if (draft.shown && draft.version && *draft.version > 0 &&
      *draft.version <= snapshot.lists.size() && draft.valid_from &&
      *draft.valid_from <= snapshot.published_last &&
      snapshot.lists[*draft.version - 1]->list.valid_from == *draft.valid_from) {
    return std::nullopt;
  }
  return draft.valid_from;
}

bool has(const std::vector<NamedPrices>& models, const std::string& name) {
  return std::any_of(models.begin(), models.end(),
                     [&](const NamedPrices& other) { return other.model == name; });
}

/// The first list that priced the model; none = 0.
std::uint64_t first_priced(const std::vector<ListPtr>& lists, const std::string& name) {
  for (const ListPtr& list : lists) {
    if (has(list->models, name)) {
      return list->list.id.value;
    }
  }
  return 0;
}

/// Not one that a later list of the same moment takes the place of.
bool is_latest(const std::vector<ListPtr>& lists, const PublishedList& list) {
  return std::none_of(lists.begin(), lists.end(), [&](const ListPtr& other) {
    return other->list.valid_from == list.list.valid_from && other->list.id > list.list.id;
  });
}

std::string withdrawal_of(const PublishedList& list) {
  return "{\"price_list_withdrawn\":{\"hash\":\"" + list.hash +
         "\",\"version\":" + std::to_string(list.list.id.value) + "}}";
}

}  // namespace

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

namespace {

/// The public half of the key that signs the next list, in PEM; empty = none has signed yet.
std::string wanted_price_key(const Snapshot& snapshot) {
  return !snapshot.price_key.empty() ? snapshot.price_key
         : snapshot.lists.empty()    ? std::string()
                                     : snapshot.lists.back()->public_key;
}

}  // namespace

Answer<base::Done> Registry::check_price_key() const {
  const std::filesystem::path file = inside_->folder / "price.key";
  const std::string wanted = wanted_price_key(*inside_->published.get());
  std::error_code none;
  if (wanted.empty() || !std::filesystem::exists(file, none)) {
    return base::Done{};
  }
  const auto key = load_or_create_key(file, inside_->random);
  if (!key.ok()) {
    return Fail{key.error()};
  }
  return key->public_pem() == wanted ? Answer<base::Done>(base::Done{})
                                     : Fail{Error::other_price_key};
}

signing::Key Registry::Inside::price_key(const Snapshot& snapshot) {
  const std::filesystem::path file = folder / "price.key";
  const std::string wanted = wanted_price_key(snapshot);
  std::error_code none;
  if (!wanted.empty() && !std::filesystem::exists(file, none)) {
    throw SqlFailure{Error::no_price_key};
  }
  auto key = load_or_create_key(file, random);
  if (!key.ok()) {
    throw SqlFailure{key.error()};
  }
  if (!wanted.empty() && key->public_pem() != wanted) {
    throw SqlFailure{Error::other_price_key};
  }
  return std::move(key).value();
}

Findings Registry::check(const PriceDraft& draft) const {
  Findings findings = absurdities(draft);
  const auto snapshot = inside_->published.get();
  const std::uint64_t next = snapshot->lists.size() + 1;
  // What `price show` prints of a list names that list, and its moment: neither is asked for.
  const bool of_list = draft.shown && draft.version && *draft.version < next;
  if (draft.version && !of_list && *draft.version != next) {
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
  const auto from = from_of(draft, *snapshot);
  if (from && from->value < now - now % ns_per_s) {
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
    dated.valid_from = from_of(draft, next).value_or(base::UnixNs{now - now % ns_per_s});
    name_models(*inside_->database, dated.models, next);
    for (NamedPrices& model : dated.models) {
      model.id = next.models.find(model.model)->second;
    }
    auto list = list_of(canonical_json(next.lists.size() + 1, dated), next.models);
    base::invariant(list.has_value(), "a list that passed its checks can be read back");
    const signing::Key price_key = inside_->price_key(next);
    if (inside_->announce && !inside_->announce(list->canonical)) {
      return Fail{Error::not_logged};
    }
    const auto signature = price_key.sign(list->canonical);
    const Hash hash = sha256(list->canonical);
    Statement insert(*inside_->database,
                     "INSERT INTO price_lists(version, published, canonical, hash, signature,"
                     " public_key) VALUES(?, ?, ?, ?, ?, ?)");
    insert.bind(stored(list->list.id.value)).bind(now).bind(std::string_view(list->canonical));
    insert.bind(std::span(hash)).bind(std::span<const std::uint8_t>(signature));
    if (!insert.bind(std::string_view(price_key.public_pem())).insert()) {
      return Fail{Error::unavailable};
    }
    list->published = {now};
    list->signature = notation::to_base64url(signature);
    list->public_key = price_key.public_pem();
    next.price_key.clear();
    Statement(*inside_->database, "UPDATE books SET price_key = ''").next();
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
  (void)catch_up();
  const base::UnixNs now = inside_->clock.now();
  const ListPtr current = price_list(now);
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
    if (!has(draft.models, model.model)) {
      draft.models.push_back(model);
      missing = true;
    }
  }
  base::Result<ListPtr, Unpublished> done = missing ? publish(draft) : ListPtr();
  for (const ListPtr& list : lists_to_come(now)) {
    if (!done.ok()) {
      return done;
    }
    const auto lists = price_lists();
    if (!is_latest(lists_to_come(now), *list)) {
      continue;
    }
    PriceDraft later{list->currency, list->list.valid_from, {}, list->models};
    for (const NamedPrices& model : draft.models) {
      if (has(models, model.model) && !has(list->models, model.model) &&
          first_priced(lists, model.model) > list->list.id.value) {
        later.models.push_back(model);
      }
    }
    if (later.models.size() > list->models.size()) {
      done = publish(later);
    }
  }
  return done;
}

Answer<ListPtr> Registry::withdraw(terms::PriceListId version) {
  return attempt<ListPtr>([&](Snapshot& next) -> Answer<ListPtr> {
    if (version.value == 0 || version.value > next.lists.size()) {
      return Fail{Error::unknown_list};
    }
    ListPtr& list = next.lists[version.value - 1];
    const base::UnixNs now = std::max(inside_->clock.now(), next.published_last);
    if (list->withdrawn) {
      return list;
    }
    if (list->list.valid_from <= now) {
      return Fail{Error::list_in_force};
    }
    if (inside_->announce && !inside_->announce(withdrawal_of(*list))) {
      return Fail{Error::not_logged};
    }
    Statement(*inside_->database, "INSERT INTO withdrawn(version, at) VALUES(?, ?)")
        .bind(stored(version.value))
        .bind(now.value)
        .next();
    PublishedList marked = *list;
    marked.withdrawn = true;
    list = std::make_shared<const PublishedList>(std::move(marked));
    return list;
  });
}

Answer<base::Done> Registry::new_price_key() {
  return attempt<base::Done>([&](Snapshot& next) -> Answer<base::Done> {
    const std::filesystem::path file = inside_->folder / "price.key";
    std::error_code error;
    if (std::filesystem::exists(file, error)) {
      std::filesystem::rename(file, inside_->folder / "price.previous.key", error);
    }
    auto key = load_or_create_key(file, inside_->random);
    if (!key.ok()) {
      return Fail{key.error()};
    }
    next.price_key = key->public_pem();
    Statement(*inside_->database, "UPDATE books SET price_key = ?")
        .bind(std::string_view(next.price_key))
        .next();
    return base::Done{};
  });
}

}  // namespace registry

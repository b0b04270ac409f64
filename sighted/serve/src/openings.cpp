#include <serve/openings.hpp>

#include <algorithm>
#include <utility>

#include "active.hpp"

namespace serve {

std::optional<Opening> Openings::open(terms::TenantId owner, terms::ModelId model,
                                      const EngineLoop& loop, content::TokenIds beginning,
                                      std::vector<terms::TenantId> to, OpeningId fresh) {
  std::ranges::sort(to);
  const std::scoped_lock lock(mutex_);
  std::size_t count = 0;
  std::size_t tokens = beginning.size();
  for (auto& [number, entry] : entries_) {
    if (entry.owner == owner && entry.loop == &loop && entry.beginning == beginning) {
      entry.opening.to = std::move(to);
      return entry.opening;
    }
    if (entry.owner == owner) {
      ++count;
      tokens += entry.beginning.size();
    }
  }
  if (count >= of_owner_max || tokens > tokens_of_owner_max || forgotten_.contains(owner)) {
    return std::nullopt;
  }
  Entry& entry = entries_[++last_number_];
  entry.opening = {fresh, model, static_cast<std::uint32_t>(beginning.size()), std::move(to)};
  entry.owner = owner;
  entry.loop = &loop;
  entry.beginning = std::move(beginning);
  return entry.opening;
}

bool Openings::close(terms::TenantId owner, OpeningId id) {
  const std::scoped_lock lock(mutex_);
  return std::erase_if(entries_, [owner, id](const auto& one) {
           return one.second.owner == owner && one.second.opening.id == id;
         }) > 0;
}

void Openings::forget(terms::TenantId tenant) {
  const std::scoped_lock lock(mutex_);
  forgotten_.insert(tenant);
  std::erase_if(entries_, [tenant](const auto& one) { return one.second.owner == tenant; });
  for (auto& [number, entry] : entries_) {
    std::erase(entry.opening.to, tenant);
  }
}

std::vector<Opening> Openings::of(terms::TenantId owner) const {
  const std::scoped_lock lock(mutex_);
  std::vector<Opening> openings;
  for (const auto& [number, entry] : entries_) {
    if (entry.owner == owner) {
      openings.push_back(entry.opening);
    }
  }
  return openings;
}

/// The other place, beside prefix_space(), that says who may find what. All of the beginning or
/// nothing: who does not know it whole cannot ask for it part by part.
engine::Opened Openings::find(OpeningId id, terms::TenantId tenant, const EngineLoop& loop,
                              const content::TokenIds& prompt) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [number, entry] : entries_) {
    if (entry.opening.id != id) {
      continue;
    }
    const bool may = entry.owner == tenant || std::ranges::binary_search(entry.opening.to, tenant);
    // Who may not is told nothing by time either.
    if (may && entry.loop == &loop && prompt.size() >= entry.beginning.size() &&
        std::equal(entry.beginning.begin(), entry.beginning.end(), prompt.begin())) {
      return {prefix_space(entry.owner), number, entry.opening.tokens};
    }
  }
  return {};
}

}  // namespace serve

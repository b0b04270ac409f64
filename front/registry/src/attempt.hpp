// A change of the registry: in a transaction, told to whoever counts on it, then visible.
#pragma once

#include "inside.hpp"
#include "tables.hpp"

namespace registry {

[[nodiscard]] inline std::int64_t stored(std::uint64_t id) {
  return static_cast<std::int64_t>(id);
}

/// Gives ids to the names that have none. The caller's transaction makes them durable.
void name_models(Database& database, const std::vector<NamedPrices>& models, Snapshot& snapshot);

/// Runs `change` on a copy of the snapshot, in a transaction of the database; both are kept when it
/// succeeds. What other servers changed is read first. A failure of the database is an error.
template <class T, class Change>
Answer<T> Registry::attempt(Change change) {
  Inside& inside = *inside_;
  const std::lock_guard lock(inside.writing);
  try {
    Transaction transaction(*inside.database);
    inside.refresh();
    Snapshot next = *inside.published.get();
    Answer<T> answer = change(next);
    if (answer.ok()) {
      BooksState state = inside.count_change();
      state.epoch -= 1;
      if (!inside.told(state)) {
        return base::Fail{Error::unavailable};
      }
      inside.seen = transaction.commit();
      inside.published.set(std::move(next));
      state.epoch += 1;
      (void)inside.told(state);  // the next change tells it first, or fails
    }
    return answer;
  } catch (const SqlFailure& failure) {
    return base::Fail{failure.error};
  }
}

}  // namespace registry

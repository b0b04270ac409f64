// Other servers' changes.
#include <chrono>

#include "inside.hpp"
#include "tables.hpp"

namespace registry {
namespace {

constexpr std::chrono::milliseconds refresh_every{250};

}  // namespace

void Registry::Inside::read_again() {
  const auto before = published.get();
  Snapshot next = read_all(*database);
  if (environment) {
    next.locks.emplace(first_word(environment->hash), *environment);
  }
  std::vector<terms::KeyId> revoked_now;
  for (const auto& [id, key] : before->keys) {
    const auto now = next.keys.find(id);  // it is gone with its tenant
    if (!key->revoked() && (now == next.keys.end() || now->second->revoked())) {
      revoked_now.push_back(id);
    }
  }
  published.set(std::move(next));
  for (const terms::KeyId id : revoked_now) {
    if (revoked) {
      revoked(id);
    }
  }
}

void Registry::Inside::watch() {
  std::unique_lock lock(writing);
  while (!wake.wait_for(lock, refresh_every, [this] { return stop; })) {
    try {
      if (database->changes() == seen) {
        continue;
      }
      // All of one moment: nobody writes meanwhile.
      Transaction transaction(*database);
      const std::int64_t now = database->changes();
      read_again();
      seen = now;
    } catch (const SqlFailure&) {
      // The database is not there. No request is paid without it either; it is tried again.
    }
  }
}

Registry::Inside::~Inside() {
  {
    const std::lock_guard lock(writing);
    stop = true;
  }
  wake.notify_all();
  if (watcher.joinable()) {
    watcher.join();
  }
}

void Registry::on_revoked(std::function<void(terms::KeyId)> call) {
  const std::lock_guard lock(inside_->writing);
  inside_->revoked = std::move(call);
}

}  // namespace registry

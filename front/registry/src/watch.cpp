// Other servers' changes.
#include <chrono>

#include "inside.hpp"
#include "tables.hpp"

namespace registry {
namespace {

/// A look takes a millisecond where the database answers.
constexpr std::chrono::milliseconds patience{500};

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

void Registry::Inside::refresh() {
  if (database->changes() != seen) {
    read_again();
    seen = database->changes();
  }
}

void Registry::Inside::watch() {
  while (const auto look = looks.next()) {
    {
      const std::lock_guard lock(writing);
      try {
        if (database->changes() != seen) {
          // All of one moment: nobody writes meanwhile.
          Transaction transaction(*database);
          refresh();
        }
      } catch (const SqlFailure&) {
        // The database is not there. No request is paid without it either; it is tried again.
      }
    }
    looks.done(*look);
  }
}

Registry::Inside::~Inside() {
  looks.stop();
  if (watcher.joinable()) {
    watcher.join();
  }
}

std::uint64_t Registry::ask_to_look() {
  return inside_->watcher.joinable() ? inside_->looks.ask() : 0;
}

bool Registry::has_looked(std::uint64_t look) {
  return look == 0 || inside_->looks.is_over(look);
}

bool Registry::catch_up() {
  const auto before = inside_->published.get();
  const std::uint64_t look = ask_to_look();
  return look != 0 && inside_->looks.wait(look, patience) && inside_->published.get() != before;
}

bool Registry::may_be_new(std::string_view secret) {
  constexpr std::size_t secret_size = 3 + 43;  // "mk-" or "ma-", and 256 bits
  return inside_->watcher.joinable() && secret.size() == secret_size &&
         (secret.starts_with("mk-") || secret.starts_with("ma-")) &&
         inside_->looks.allows(sha256(secret));
}

void Registry::was_not_new(std::string_view secret) {
  inside_->looks.missed(sha256(secret));
}

void Registry::on_revoked(std::function<void(terms::KeyId)> call) {
  const std::lock_guard lock(inside_->writing);
  inside_->revoked = std::move(call);
}

}  // namespace registry

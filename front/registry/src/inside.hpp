// What a Registry is made of.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "crypto.hpp"
#include "snapshot.hpp"
#include "sql.hpp"

namespace registry {

struct Registry::Inside {
  Inside(std::unique_ptr<Database> database_given, const base::Clock& clock_given,
         base::Random& random_given, signing::Key price_key_given)
      : clock(clock_given),
        random(random_given),
        price_key(std::move(price_key_given)),
        database(std::move(database_given)) {}
  ~Inside();
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  /// Reads everything anew. Throws SqlFailure. Under `writing`.
  void read_again();
  /// What another server changed is seen here within `refresh_every`.
  void watch();

  const base::Clock& clock;
  base::Random& random;
  signing::Key price_key;
  std::mutex writing;  ///< Guards all below, and the order of snapshots.
  std::unique_ptr<Database> database;
  std::int64_t seen = 0;  ///< Database::changes() of the snapshot.
  std::optional<Lock> environment;
  std::function<void(terms::KeyId)> revoked;
  Published published;
  std::function<bool(const std::string&)> announce;  ///< May be empty.
  bool stop = false;
  std::condition_variable wake;
  std::thread watcher;  ///< Only where other servers can change anything.
};

}  // namespace registry

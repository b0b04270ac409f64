// The parts of a Registry.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "catch_up.hpp"
#include "crypto.hpp"
#include "snapshot.hpp"
#include "sql.hpp"

namespace registry {

struct Registry::Inside {
  Inside(std::unique_ptr<Database> database_given, const base::Clock& clock_given,
         base::Random& random_given, std::filesystem::path folder_given)
      : clock(clock_given),
        random(random_given),
        folder(std::move(folder_given)),
        database(std::move(database_given)) {}
  ~Inside();
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  /// Reads everything anew. Throws SqlFailure. Under `writing`.
  void read_again();
  /// Reads anew what others have changed. Throws SqlFailure. Under `writing`.
  void refresh();
  /// A change of another server is seen here within a quarter of a second.
  void watch();
  /// In the transaction of a change: counts it. Throws SqlFailure.
  BooksState count_change();
  /// Whether all that count on it know this state, or were told of it now.
  bool told(const BooksState& state);
  /// The key that signs the next list. Throws SqlFailure.
  signing::Key price_key(const Snapshot& snapshot);

  const base::Clock& clock;
  base::Random& random;
  const std::filesystem::path folder;  ///< Where price.key is.
  std::mutex writing;                  ///< Guards all below, and the order of snapshots.
  std::unique_ptr<Database> database;
  std::int64_t seen = 0;  ///< Database::changes() of the snapshot.
  std::optional<Lock> environment;
  std::function<void(terms::KeyId)> revoked;
  Published published;
  std::function<bool(const std::string&)> announce;  ///< May be empty.
  std::function<bool(const BooksState&)> tell;       ///< May be empty.
  std::uint64_t told_epoch = 0;                      ///< What tell() has taken.
  CatchUp looks;
  std::thread watcher;  ///< Only where other servers can change anything.
};

}  // namespace registry

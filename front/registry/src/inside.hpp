// What a Registry is made of.
#pragma once

#include <mutex>
#include <set>

#include "crypto.hpp"
#include "snapshot.hpp"
#include "sqlite.hpp"

namespace registry {

struct Registry::Inside {
  Inside(const std::filesystem::path& file, const base::Clock& clock_given,
         base::Random& random_given, signing::Key price_key_given)
      : clock(clock_given),
        random(random_given),
        price_key(std::move(price_key_given)),
        database(file) {}

  const base::Clock& clock;
  base::Random& random;
  signing::Key price_key;
  std::mutex writing;  ///< Guards `database`, and the order of snapshots.
  Database database;
  Published published;
};

}  // namespace registry

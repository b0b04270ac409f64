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
         base::Random& random_given, SigningKey signing_given)
      : clock(clock_given),
        random(random_given),
        signing(std::move(signing_given)),
        database(file) {}

  const base::Clock& clock;
  base::Random& random;
  SigningKey signing;
  std::mutex writing;  ///< Guards `database`, and the order of snapshots.
  Database database;
  Published published;
};

}  // namespace registry

// The first tenant of an empty data folder, so that a newcomer's first command ends in an answer.
#pragma once

#include <string>

#include <base/result.hpp>

#include "house.hpp"

namespace app {

/// Makes the first tenant with credit and a key where the folder has no tenant yet, and keeps the
/// key in DATA/quickstart.key (mode 0600), so that the next start can show it again. Returns what
/// to print: URL, key and a curl line.
[[nodiscard]] base::Result<std::string, config::Problem> quickstart(House& house,
                                                                    const config::Config& config);

}  // namespace app

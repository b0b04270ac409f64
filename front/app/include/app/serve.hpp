// The server: everything wired together, from the data folder to the listening socket.
#pragma once

#include <vector>

#include <config/config.hpp>

namespace app {

/// Serves until SIGINT or SIGTERM, then drains. Prints one line with the URL on stdout when it is
/// ready; on failure one line on stderr. Owns the process's signals. Returns the exit status.
/// models       what is served, config and flags together.
/// quickstart   an empty data folder gets a first tenant with credit and a key, and the URL, the
///              key and a curl line to paste are printed.
int serve(const config::Config& config, const std::vector<config::Model>& models, bool quickstart);

}  // namespace app

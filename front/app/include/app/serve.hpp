// The server: everything wired together, from the data folder to the listening socket.
#pragma once

#include <string>

#include <config/config.hpp>

namespace app {

struct ServeOptions {
  /// From which SIGHUP reads the log level again; empty: there is none.
  std::string config_file;
  /// An empty data folder gets a first tenant with credit and a key, and the URL, the key and a
  /// curl line to paste are printed.
  bool quickstart = false;
};

/// Serves until SIGINT or SIGTERM, then drains. Prints one line with the URL on stdout when it is
/// ready, and nothing there after it; on failure one line on stderr. Owns the process: its signals,
/// its umask, stdout and stderr. Returns the exit status.
/// config   with exactly the models that are served.
int serve(const config::Config& config, const ServeOptions& options);

}  // namespace app

// The command line: one binary, every command.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include <base/ports.hpp>
#include <config/config.hpp>

namespace cli {

/// Options of `serve` beyond its config.
struct ServeOptions {
  std::string config_file;  ///< From which settings are read again; empty: there is none.
  bool quickstart = false;  ///< Create a first tenant and key where there is none; print a curl.
};

/// The surroundings of commands. Outlives run().
struct World {
  const base::Clock& clock;
  base::Random& random;
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;  ///< Progress bars and the like may be drawn.
  bool in_is_terminal = false;   ///< Someone types.
  std::string version;           ///< "0.1.0"
  /// Runs the server until it is stopped; returns the exit status. The config has the command
  /// line's changes in it, and in `models` exactly what is to be served.
  std::function<int(const config::Config&, const ServeOptions&)> serve;
};

/// Runs one command. `args` without the program's name. Returns the exit status: 0 done, 1 it
/// failed (one line on err says why and what to do), 2 the command was not understood.
[[nodiscard]] int run(const std::vector<std::string>& args, const World& world);

}  // namespace cli

// Everything meets here: the command line, and the server behind `mains serve`.
#include <sys/stat.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include <app/serve.hpp>
#include <app/system_ports.hpp>
#include <cli/cli.hpp>

int main(int argc, char** argv) {
  ::umask(077);  // ledgers, keys and exports are for their owner only, whoever makes them
  const app::SystemClock clock;
  app::SystemRandom random;
  cli::World world{clock,
                   random,
                   std::cin,
                   std::cout,
                   std::cerr,
                   isatty(STDOUT_FILENO) != 0,
                   isatty(STDIN_FILENO) != 0,
                   MAINS_VERSION,
                   {}};
  world.serve = [](const config::Config& config, const cli::ServeOptions& options) {
    return app::serve(config, {options.config_file, options.quickstart});
  };
  return cli::run({argv + 1, argv + argc}, world);
}

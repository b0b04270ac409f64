#include <ostream>

#include "leaf.hpp"

namespace cli {

void add_version(CLI::App& app, Session& session) {
  leaf(app, session, "version", "Print the version", "  mains version", [&session] {
    if (session.json) {
      print_json(session, {{"version", session.world.version}});
    } else {
      session.world.out << "mains " << session.world.version << std::endl;
    }
    return 0;
  });
}

}  // namespace cli

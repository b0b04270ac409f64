// `mains verify`: what mains-verify does, for who has the big program anyway.
#include <verify/command.hpp>

#include "leaf.hpp"

namespace cli {

void add_verify(CLI::App& app, Session& session) {
  auto options = std::make_shared<verify::Options>();
  CLI::App* command = app.add_subcommand(
      "verify", "Check a statement, a receipt or a balance against the log; asks no server");
  verify::declare(*command, *options);
  command->footer(
      "Examples:\n"
      "  mains verify --key log.vkey statement.jsonl\n"
      "  mains verify --key log.vkey --since old.checkpoint receipt.tlog-proof\n"
      "\nmains-verify is the same as a small program of its own (tools/build-verify).");
  command->callback([&session, options] {
    session.action = [&session, options] {
      return verify::run(*options, session.world.out, session.world.err);
    };
  });
}

}  // namespace cli

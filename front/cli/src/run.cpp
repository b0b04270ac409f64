#include <cli/cli.hpp>

#include <algorithm>
#include <cstdlib>
#include <ostream>

#include "leaf.hpp"

namespace cli {
namespace {

/// The whole name of the command that parsing stopped in: "mains tenant create".
std::string stopped_in(const CLI::App& app) {
  std::string name = app.get_name();
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().back();
    name += " " + at->get_name();
  }
  return name;
}

void add_commands(CLI::App& app, Session& session) {
  add_serve(app, session);
  add_chat(app, session);
  add_tenant(app, session);
  add_key(app, session);
  add_credit(app, session);
  add_price(app, session);
  add_usage(app, session);
  add_bill(app, session);
  add_export(app, session);
  add_init(app, session);
  add_ledger(app, session);
  add_log(app, session);
  add_model(app, session);
  add_verify(app, session);
  add_witness(app, session);
  add_simulate(app, session);
  add_completion(app, session);
  add_version(app, session);
}

/// An option that was given without text, which is most often an unset variable of a shell. Taken
/// for left out, it would book twice, on another ledger or for another tenant.
std::string empty_option(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    const auto& given = option->results();
    if (!option->get_positional() && std::find(given.begin(), given.end(), "") != given.end()) {
      return option->get_name() +
             " is empty: give it a value, or leave it out (it takes: " + option->get_description() +
             ")";
    }
  }
  for (const CLI::App* command : app.get_subcommands()) {
    if (std::string found = empty_option(*command); !found.empty()) {
      return found;
    }
  }
  return "";
}

std::string one_line(std::string text) {
  for (char& c : text) {
    c = c == '\n' ? ' ' : c;
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace

int run(const std::vector<std::string>& args, const World& world) {
  const char* folder = std::getenv("MAINS_DATA");  // NOLINT(concurrency-mt-unsafe): at start.
  Session session{world,
                  folder != nullptr && *folder != '\0' ? folder : "data",
                  config::secrets_from_environment().ledger.value_or(""),
                  false,
                  {}};
  CLI::App app("Serves language models, counts tokens exactly, charges them from prepaid balances.",
               "mains");
  app.require_subcommand(1);
  app.set_version_flag("--version", world.version, "Print the version");
  app.footer(
      "A first tour:\n"
      "  mains serve --quickstart             start, with a first tenant and its key\n"
      "  mains chat                           talk to it, and see what it costs\n"
      "  mains tenant create acme --credit 5.00\n"
      "  mains key create --tenant acme       the key is shown once\n"
      "  mains usage acme                     what was used and charged\n"
      "  mains ledger check                   are the books right?\n"
      "\n`mains COMMAND --help` has examples of each.");
  add_commands(app, session);
  // CLI11 takes the arguments from the back.
  std::vector<std::string> reversed(args.rbegin(), args.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::Success& answer) {  // --help, --version
    app.exit(answer, world.out, world.err);
    return 0;
  } catch (const CLI::ParseError& error) {
    // CLI11 misses a command before it sees that a word is none.
    const std::vector<std::string> unknown = app.remaining(true);
    const std::string said = one_line(error.what());
    const bool misses_command = said.find("subcommand is required") != std::string::npos;
    const std::string what =
        misses_command && !unknown.empty() ? "there is no command '" + unknown.front() + "'" : said;
    world.err << "mains: " << what << "; see `" << stopped_in(app) << " --help`" << std::endl;
    return 2;
  }
  if (const std::string empty = empty_option(app); !empty.empty()) {
    world.err << "mains: " << empty << "; see `" << stopped_in(app) << " --help`" << std::endl;
    return 2;
  }
  return session.action ? session.action() : 2;
}

}  // namespace cli

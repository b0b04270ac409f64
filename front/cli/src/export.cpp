// `mains export`: the books for other programs.
#include <ostream>

#include "leaf.hpp"

namespace cli {
namespace {

/// What is exported has a format of its own.
CLI::App* export_leaf(CLI::App& parent, Session& session, const std::string& name,
                      const std::string& description, const std::string& examples,
                      std::function<int()> action) {
  CLI::App* command = leaf(parent, session, name, description, examples, std::move(action));
  command->remove_option(command->get_option("--json"));
  return command;
}

int pour_out(const Session& session, const Ask& asked) {
  const int status = pour(session, asked, [&session](std::string_view piece) {
    session.world.out << piece;
    return session.world.out.good();
  });
  session.world.out.flush();
  return status;
}

void add_focus(CLI::App& group, Session& session) {
  struct Options {
    std::string month;
    std::string tenant;
  };
  auto options = std::make_shared<Options>();
  CLI::App* focus =
      export_leaf(group, session, "focus", "A month as FOCUS 1.2 CSV, for cost reports",
                  "  mains export focus --month 2026-11 > 2026-11.csv\n"
                  "  mains export focus --month 2026-11 --tenant acme",
                  [&session, options] {
                    Ask asked{"GET", "/export/focus", {}};
                    if (!options->month.empty()) {
                      asked.query.emplace_back("month", options->month);
                    }
                    if (!options->tenant.empty()) {
                      asked.query.emplace_back("tenant", options->tenant);
                    }
                    return pour_out(session, asked);
                  });
  focus
      ->add_option("--month", options->month,
                   "Such as 2026-11, UTC; else this one. A month that is not over is told so far")
      ->type_name("YYYY-MM");
  focus->add_option("--tenant", options->tenant, "Only this one's; else everybody's")
      ->type_name("NAME");
}

}  // namespace

void add_export(CLI::App& app, Session& session) {
  CLI::App* exports = group(app, "export", "The books for other programs");
  add_focus(*exports, session);
}

}  // namespace cli

// `mains bill`: a tenant's month.
#include <ostream>

#include "leaf.hpp"

namespace cli {

void add_bill(CLI::App& app, Session& session) {
  struct Options {
    std::string tenant;
    std::string month;
  };
  auto options = std::make_shared<Options>();
  CLI::App* bill =
      leaf(app, session, "bill", "A month: opening balance, top-ups, usage, closing balance",
           "  mains bill acme\n  mains bill acme --month 2026-11 --json", [&session, options] {
             Ask asked{"GET", "/bill", {{"tenant", options->tenant}, {"format", "text"}}};
             if (session.json) {
               asked.query.pop_back();
             }
             if (!options->month.empty()) {
               asked.query.emplace_back("month", options->month);
             }
             return ask_and_show(session, asked, [&](const json::object& answer) {
               session.world.out << text_of(answer, "text") << std::flush;
             });
           });
  bill->add_option("tenant,--tenant", options->tenant, "The tenant's name")->required();
  bill->add_option("--month", options->month, "Such as 2026-11; else this one")
      ->type_name("YYYY-MM");
}

}  // namespace cli

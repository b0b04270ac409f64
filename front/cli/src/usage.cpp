// `mains usage`: what a tenant used.
#include <ostream>

#include "leaf.hpp"
#include "table.hpp"

namespace cli {
namespace {

void show_lines(const json::object& answer, std::ostream& out) {
  const json::array& data = answer.at("data").as_array();
  out << text_of(answer, "tenant") << ", " << text_of(answer, "from") << " to "
      << text_of(answer, "to") << ", " << text_of(answer, "currency") << "\n";
  if (data.empty()) {
    out << "No usage." << std::endl;
    return;
  }
  std::vector<std::string> names;
  std::vector<std::string> titles;
  const std::pair<const char*, const char*> columns[] = {{"start", "FROM"},
                                                         {"model", "MODEL"},
                                                         {"key", "KEY"},
                                                         {"price_list", "PRICES>"},
                                                         {"requests", "REQUESTS>"},
                                                         {"input_tokens", "INPUT>"},
                                                         {"cached_input_tokens", "CACHED>"},
                                                         {"output_tokens", "OUTPUT>"},
                                                         {"charge", "CHARGE>"}};
  for (const auto& [name, title] : columns) {
    if (data.front().as_object().contains(name)) {
      names.emplace_back(name);
      titles.emplace_back(title);
    }
  }
  Table table(titles);
  for (const json::value& line : data) {
    std::vector<std::string> cells;
    for (const std::string& name : names) {
      cells.push_back(text_of(line.as_object(), name));
    }
    table.add(std::move(cells));
  }
  table.print(out);
}

}  // namespace

void add_usage(CLI::App& app, Session& session) {
  struct Options {
    std::string tenant;
    std::string from;
    std::string to;
    std::string by;
  };
  auto options = std::make_shared<Options>();
  CLI::App* usage =
      leaf(app, session, "usage", "What a tenant used and was charged",
           "  mains usage acme\n"
           "  mains usage acme --from 2026-11-01 --to 2026-12-01 --by day,model --json",
           [&session, options] {
             Ask asked{"GET", "/usage", {{"tenant", options->tenant}, {"group_by", options->by}}};
             if (!options->from.empty()) {
               asked.query.emplace_back("from", options->from);
             }
             if (!options->to.empty()) {
               asked.query.emplace_back("to", options->to);
             }
             return ask_and_show(session, asked, [&](const json::object& answer) {
               show_lines(answer, session.world.out);
             });
           });
  usage->add_option("tenant,--tenant", options->tenant, "The tenant's name")->required();
  usage->add_option("--from", options->from, "UTC, included; else the month's begin")
      ->type_name("TIME");
  usage->add_option("--to", options->to, "UTC, not included; else the month's end")
      ->type_name("TIME");
  usage
      ->add_option("--by", options->by,
                   "none, or a list of model, key, price_list and one of hour, day, month")
      ->type_name("LIST")
      ->default_val("model");
}

}  // namespace cli

// `mains bill`: a tenant's month.
#include <fstream>
#include <ostream>

#include "leaf.hpp"

namespace cli {
namespace {

struct BillWords {
  std::string tenant;
  std::string month;
  std::string format;
  std::string html_file;
};

int save(const Session& session, const std::string& file, const std::string& document) {
  std::ofstream out(file, std::ios::binary);
  out << document << std::flush;
  return out ? 0 : fail(session, file + ": cannot be written");
}

int show_bill(const Session& session, const BillWords& options) {
  const std::string format = !options.html_file.empty() ? "html"
                             : session.json             ? "json"
                                                        : options.format;
  Ask asked{"GET", "/bill", {{"tenant", options.tenant}, {"format", format}}};
  if (!options.month.empty()) {
    asked.query.emplace_back("month", options.month);
  }
  if (format == "proof") {
    return pour(session, asked, [&session](std::string_view piece) {
      session.world.out << piece << std::flush;
      return session.world.out.good();
    });
  }
  const auto document = ask_document(session, asked);
  if (!document.ok()) {
    return fail(session, document.error());
  }
  if (!options.html_file.empty()) {
    return save(session, options.html_file, document.value());
  }
  session.world.out << document.value() << (format == "json" ? "\n" : "") << std::flush;
  return 0;
}

}  // namespace

void add_bill(CLI::App& app, Session& session) {
  auto options = std::make_shared<BillWords>();
  CLI::App* bill =
      leaf(app, session, "bill", "A month: opening balance, top-ups, usage, closing balance",
           "  mains bill acme\n"
           "  mains bill acme --month 2026-11 --html acme.html     a page to print\n"
           "  mains bill acme --month 2026-11 --format csv > acme.csv\n"
           "  mains bill acme --month 2026-11 --format proof > acme.jsonl     for mains-verify",
           [&session, options] { return show_bill(session, *options); });
  bill->add_option("tenant,--tenant", options->tenant,
                   "The tenant's name, or a deleted one's account")
      ->required();
  bill->add_option("--month", options->month,
                   "Such as 2026-11, UTC; else this one. A month that is not over is told so far")
      ->type_name("YYYY-MM");
  auto* format = bill->add_option("--format", options->format,
                                  "How it is printed; amounts are exact decimals in each. proof: "
                                  "every receipt with its place in the log, for mains-verify")
                     ->check(CLI::IsMember({"text", "html", "json", "csv", "proof"}))
                     ->default_val("text");
  bill->add_option("--html", options->html_file,
                   "Save it as a page to print; it needs nothing from elsewhere")
      ->type_name("FILE")
      ->excludes(format);
}

}  // namespace cli

// `mains ledger check`: are the books right? `mains ledger migrate`: to PostgreSQL.
#include <ostream>

#include <cli/folder.hpp>
#include <notation/money_text.hpp>
#include <vault/migrate.hpp>

#include "leaf.hpp"

namespace cli {
namespace {

std::string line_of(const json::object& finding) {
  std::string line = text_of(finding, "code") + ": " + text_of(finding, "meaning");
  for (const char* name : {"tenant", "request"}) {
    if (const std::string value = text_of(finding, name); !value.empty()) {
      line += std::string(", ") + name + " " + value;
    }
  }
  if (text_of(finding, "code") == "parts_differ") {
    return line;
  }
  return line + ", expected " + text_of(finding, "expected") + ", found " +
         text_of(finding, "found");
}

int check(const Session& session) {
  const auto answer = ask(session, {"GET", "/ledger/check"});
  if (!answer.ok()) {
    return fail(session, answer.error());
  }
  const json::object& report = answer.value();
  const bool right = report.at("ok").as_bool();
  if (session.json) {
    print_json(session, report);
    return right ? 0 : 1;
  }
  const json::array& findings = report.at("findings").as_array();
  for (const json::value& finding : findings) {
    session.world.out << line_of(finding.as_object()) << "\n";
  }
  session.world.out << (right ? "The books are right: " : "The books are WRONG: ")
                    << text_of(report, "finding_count") << " findings in "
                    << text_of(report, "postings") << " postings, " << text_of(report, "receipts")
                    << " receipts, " << text_of(report, "tenants") << " tenants; "
                    << text_of(report, "open_holds") << " holds open." << std::endl;
  return right ? 0 : 1;
}

int migrate(const Session& session, const std::string& url) {
  const auto lock = FolderLock::take(session.data);
  if (!lock.ok()) {
    return fail(session, lock.error());
  }
  const auto show = [&](std::uint64_t rows) {
    if (session.world.out_is_terminal) {
      session.world.out << "\r" << rows << " rows ..." << std::flush;
    }
  };
  const auto moved =
      vault::migrate(session.data, url, session.world.clock, session.world.random, show);
  if (session.world.out_is_terminal) {
    session.world.out << "\r\033[K";
  }
  if (!moved.ok()) {
    return fail(session, moved.error());
  }
  const vault::Migrated& all = moved.value();
  if (session.json) {
    print_json(session, json::object{{"rows", all.rows},
                                     {"tenants", all.tenants},
                                     {"receipts", all.receipts},
                                     {"leaves", all.leaves},
                                     {"available", notation::to_text(all.available)},
                                     {"registry_rows", all.names}});
    return 0;
  }
  session.world.out << "Moved and proved equal, row by row: " << all.tenants << " tenants with "
                    << notation::to_text(all.available) << " available, " << all.receipts
                    << " receipts, " << all.leaves << " log entries (" << all.rows
                    << " rows of the ledger, " << all.names
                    << " of the registry); both books check right." << std::endl;
  return 0;
}

}  // namespace

void add_ledger(CLI::App& app, Session& session) {
  CLI::App* ledger = group(app, "ledger", "The books");
  leaf(*ledger, session, "check",
       "Recompute every balance from the postings; 0 when the books are right",
       "  mains ledger check\n  mains ledger check --data /var/lib/mains --json",
       [&session] { return check(session); });
  auto to = std::make_shared<std::string>();
  CLI::App* command =
      leaf(*ledger, session, "migrate",
           "Move the books of a stopped server from its data folder to PostgreSQL",
           "  mains ledger migrate --to postgres://mains_owner@db.example/mains --data data",
           [&session, to] { return migrate(session, *to); });
  command->add_option("--to", *to, "An empty database: postgres://user@host:5432/database")
      ->type_name("URL")
      ->required();
}

}  // namespace cli

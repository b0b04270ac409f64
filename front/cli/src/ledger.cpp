// `mains ledger check`: are the books right?
#include <ostream>

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

}  // namespace

void add_ledger(CLI::App& app, Session& session) {
  CLI::App* ledger = group(app, "ledger", "The books");
  leaf(*ledger, session, "check",
       "Recompute every balance from the postings; 0 when the books are right",
       "  mains ledger check\n  mains ledger check --data /var/lib/mains --json",
       [&session] { return check(session); });
}

}  // namespace cli

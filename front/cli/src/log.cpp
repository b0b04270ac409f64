// `mains log`: the transparency log's operator side.
#include <ostream>

#include <cli/folder.hpp>
#include <tlog/log.hpp>
#include <vault/vault.hpp>

#include "leaf.hpp"

namespace cli {
namespace {

void show_keys(const json::object& object, std::ostream& out) {
  const char* what = "Key      ";
  for (const json::value& key : object.at("keys").as_array()) {
    out << what << std::string_view(key.as_string()) << "\n";
    what = "Previous ";
  }
}

void show_log(const json::object& log, std::ostream& out) {
  out << "Origin   " << text_of(log, "origin") << "\n";
  show_keys(log, out);
  out << "Entries  " << text_of(log, "size") << " under the newest checkpoint\n";
  if (!log.at("signs").as_bool()) {
    out << "Signed   by other servers; this one has not all of its keys\n";
  }
  if (const std::string checkpoint = text_of(log, "checkpoint"); !checkpoint.empty()) {
    out << "\n" << checkpoint;
  }
  if (!log.at("healthy").as_bool()) {
    out << "\nNOT SIGNING: " << text_of(log, "problem") << "\n";
  }
  out.flush();
}

int rebuild(const Session& session) {
  const World& world = session.world;
  const auto lock = FolderLock::take(session.data);
  if (!lock.ok()) {
    return fail(session, lock.error());
  }
  const auto vault =
      vault::open(session.data, session.ledger, world.clock, world.random, vault::Use::rebuild_log);
  if (!vault.ok()) {
    return fail(session, vault.error());
  }
  tlog::Options options;
  options.database = session.ledger;
  options.noted_size = vault->state.log_size;
  options.noted_root = vault->state.log_root;
  const auto log = tlog::Log::open(
      session.data, std::move(options),
      {*vault->reader, [](const settle::Command&) { return settle::Outcome{settle::Refused{}}; },
       [](terms::TenantId) { return terms::Pseudonym{}; }, world.clock, world.random});
  if (!log.ok()) {
    return fail(session,
                "the log cannot be made anew: " + std::string(tlog::describe(log.error())));
  }
  world.out << "The ledger gives what the log had signed last (" << vault->state.log_size
            << " entries). The next start of `mains serve` signs on from there." << std::endl;
  return 0;
}

}  // namespace

void add_log(CLI::App& app, Session& session) {
  CLI::App* log = group(app, "log", "The transparency log");
  leaf(*log, session, "show", "Its name, its keys and its newest checkpoint",
       "  mains log show\n  mains log show --json", [&session] {
         return ask_and_show(session, {"GET", "/log"}, [&session](const json::object& answer) {
           show_log(answer, session.world.out);
         });
       });
  leaf(*log, session, "rebuild",
       "Of a stopped server whose log.db is lost: begin it anew from the ledger, where that gives "
       "what was signed. Published documents other than price lists are not in it any more",
       "  mains log rebuild --data data", [&session] { return rebuild(session); });
  leaf(*log, session, "rotate-key",
       "A new key signs from now on, and the old one beside it; the old one names the new in the "
       "log",
       "  mains log rotate-key", [&session] {
         return ask_and_show(
             session, {"POST", "/log/rotate-key"}, [&session](const json::object& answer) {
               show_keys(answer, session.world.out);
               session.world.out
                   << "Entry " << text_of(answer, "leaf")
                   << " of the log names the new key. Give it to your customers; the "
                      "previous key signs too until `mains log drop-previous-key`. Other "
                      "servers on the same database need log.key and "
                      "log.previous.key from here to sign again."
                   << std::endl;
             });
       });
  leaf(*log, session, "drop-previous-key",
       "The key before the last rotation signs no more; its file is removed here",
       "  mains log drop-previous-key", [&session] {
         return ask_and_show(
             session, {"POST", "/log/drop-previous-key"},
             [&session](const json::object& answer) { show_keys(answer, session.world.out); });
       });
  leaf(*log, session, "liabilities",
       "Add up all balances now and publish the total (done once a day anyway)",
       "  mains log liabilities", [&session] {
         return ask_and_show(
             session, {"POST", "/log/liabilities"}, [&session](const json::object& answer) {
               session.world.out << text_of(answer, "document") << "\nEntry "
                                 << text_of(answer, "leaf") << " of the log." << std::endl;
             });
       });
}

}  // namespace cli

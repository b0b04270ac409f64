#include <tlog/error.hpp>

namespace tlog {

std::string_view describe(Error error) {
  switch (error) {
    case Error::unavailable:
      return "what the log keeps (log.db in the data folder, or its database) cannot be read or "
             "written; try again";
    case Error::full: return "no space is left for the log; free some and try again";
    case Error::read_only:
      return "the log may not be written: check the data folder's permissions, or the database "
             "role's rights (docs/postgresql.md)";
    case Error::damaged: return "what the log keeps is damaged: restore it from a backup";
    case Error::newer: return "the log was written by a newer version of mains: use that one";
    case Error::bad_key_file:
      return "log.key is no Ed25519 private key in PEM with mode 0600: restore it from a backup";
    case Error::key_missing:
      return "log.key is gone, or not the key that the log was signed with: restore it from a "
             "backup";
    case Error::other_key:
      return "log.key here (or log.previous.key) is not a key that the database's log is signed "
             "with: copy both from the server that has them; or move log.key away, and this server "
             "leaves the signing to others";
    case Error::not_signed:
      return "nothing is signed: no server with the log's key seems to run; start one, or copy its "
             "log.key (and log.previous.key) here";
    case Error::bad_origin:
      return "the log's origin must be a name without spaces and '+', such as "
             "\"mains.example.com/log\"";
    case Error::other_origin:
      return "the log has another origin, which cannot change: it is the log's name; set "
             "transparency.origin back, or leave it out";
    case Error::ledger_unavailable:
      return "the ledger cannot be read or written at the moment; try again";
    case Error::ledger_differs:
      return "the ledger does not continue what the log has signed, so nothing more is signed: "
             "was it restored from an older backup than the log? Restore both of one moment";
    case Error::set_back:
      return "the log, or the ledger, does not contain the newest checkpoint that was signed (the "
             "registry keeps its size and root): a part was lost, or restored from an older "
             "backup. "
             "Restore registry, ledger and log of one moment; nothing is signed until then";
    case Error::bad_document:
      return "the document cannot stand in the log: it must be a JSON object of 33 to 65,535 bytes";
    case Error::elsewhere:
      return "the bytes of a document among these entries are not here: the server that published "
             "it "
             "kept a log of its own, and brings them when it is started on this database";
    case Error::no_account:
      return "the ledger has a balance whose tenant the registry does not know";
    case Error::sum_differs:
      return "the balances do not add up to what was credited and not spent: run "
             "`mains ledger check`";
  }
  return "the log failed";
}

}  // namespace tlog

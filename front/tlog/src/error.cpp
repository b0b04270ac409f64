#include <tlog/error.hpp>

namespace tlog {

std::string_view describe(Error error) {
  switch (error) {
    case Error::unavailable:
      return "log.db cannot be read or written; check the data folder and try again";
    case Error::full: return "no space is left for the data folder; free some and try again";
    case Error::read_only:
      return "the data folder cannot be written; check its owner and permissions";
    case Error::damaged: return "log.db is damaged: restore the data folder from a backup";
    case Error::newer: return "log.db was written by a newer version of mains: use that one";
    case Error::bad_key_file:
      return "log.key is no Ed25519 private key in PEM with mode 0600: restore it from a backup";
    case Error::key_missing:
      return "log.key is gone, or not the key that the log was signed with: restore it from a "
             "backup";
    case Error::bad_origin:
      return "the log's origin must be a name without spaces and '+', such as "
             "\"mains.example.com/log\"";
    case Error::other_origin:
      return "the log in this data folder has another origin, which cannot change: it is the "
             "log's name; set transparency.origin back, or leave it out";
    case Error::ledger_unavailable:
      return "the ledger cannot be read or written at the moment; try again";
    case Error::ledger_differs:
      return "the ledger does not continue what the log has signed, so nothing more is signed: "
             "was ledger.db restored from an older backup than log.db? Restore both of one moment";
    case Error::bad_document:
      return "the document cannot stand in the log: it must be a JSON object of 33 to 65,535 bytes";
    case Error::elsewhere:
      return "a document among these entries was published by another server on the same ledger, "
             "which has its bytes";
    case Error::no_account:
      return "the ledger has a balance whose tenant the registry does not know";
    case Error::sum_differs:
      return "the balances do not add up to what was credited and not spent: run "
             "`mains ledger check`";
  }
  return "the log failed";
}

}  // namespace tlog

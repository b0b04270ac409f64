// `mains init`: new books.
#include <ostream>

#include "leaf.hpp"

namespace cli {

void add_init(CLI::App& app, Session& session) {
  leaf(app, session, "init", "Make new books in a data folder or a PostgreSQL database",
       "  mains init --data /var/lib/mains\n"
       "  mains init --ledger postgres://mains_owner@db.example/mains --data /var/lib/mains",
       [&session] {
         return ask_and_show(
             session, {"GET", "/books", {}, {}, true}, [&session](const json::object& books) {
               session.world.out << "The books are in " << text_of(books, "ledger") << ", id "
                                 << text_of(books, "id") << "." << std::endl;
             });
       });
}

}  // namespace cli

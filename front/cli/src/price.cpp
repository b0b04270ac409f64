// `mains price`: the published price lists.
#include <fstream>
#include <iterator>
#include <ostream>

#include "leaf.hpp"
#include "table.hpp"

namespace cli {
namespace {

void show_list(const json::object& list, std::ostream& out) {
  out << "Price list " << text_of(list, "version") << ", valid from " << text_of(list, "valid_from")
      << ", " << text_of(list, "currency") << " per million tokens\n";
  Table table({"MODEL", "INPUT>", "CACHED INPUT>", "OUTPUT>"});
  for (const json::value& value : list.at("models").as_array()) {
    const json::object& model = value.as_object();
    table.add({text_of(model, "model"), text_of(model, "input_per_mtok"),
               text_of(model, "cached_input_per_mtok"), text_of(model, "output_per_mtok")});
  }
  table.print(out);
  out << "SHA-256 " << text_of(list, "hash_sha256") << std::endl;
}

/// The document in a file, "-" for what is typed or piped.
base::Result<json::object, std::string> read_document(const Session& session,
                                                      const std::string& file) {
  std::string text;
  if (file == "-") {
    text.assign(std::istreambuf_iterator<char>(session.world.in), {});
  } else {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
      return base::Fail{file + ": cannot be read"};
    }
    text.assign(std::istreambuf_iterator<char>(stream), {});
  }
  boost::system::error_code error;
  json::value document = json::parse(text, error);
  if (error || !document.is_object()) {
    return base::Fail{file + ": is no JSON object"};
  }
  return std::move(document.get_object());
}

void show_changes(const json::object& answer, std::ostream& out) {
  const json::value* changes = answer.if_contains("changes");
  if (changes == nullptr || !changes->is_array() || changes->get_array().empty()) {
    return;
  }
  Table table({"MODEL", "PRICE", "BEFORE>", "AFTER>"});
  for (const json::value& value : changes->get_array()) {
    const json::object& change = value.as_object();
    const auto or_none = [&](const char* name) {
      const std::string text = text_of(change, name);
      return text.empty() ? std::string("-") : text;
    };
    table.add(
        {text_of(change, "model"), text_of(change, "field"), or_none("before"), or_none("after")});
  }
  table.print(out);
}

int check(const Session& session, const std::string& file) {
  const auto document = read_document(session, file);
  if (!document.ok()) {
    return fail(session, document.error());
  }
  const auto answer = ask(session, {"POST", "/prices/check", {}, document.value()});
  if (!answer.ok()) {
    return fail(session, answer.error());
  }
  const bool good = answer.value().at("ok").as_bool();
  std::ostream& out = session.world.out;
  if (session.json) {
    print_json(session, answer.value());
    return good ? 0 : 1;
  }
  show_changes(answer.value(), out);
  for (const json::value& finding : answer.value().at("findings").as_array()) {
    out << std::string(finding.as_string()) << "\n";
  }
  for (const json::value& doubt : answer.value().at("needs_confirmation").as_array()) {
    out << std::string(doubt.as_string()) << " (needs --yes)\n";
  }
  if (good) {
    out << "No problems found. Publish: mains price publish " << file << "\n";
  }
  out.flush();
  return good ? 0 : 1;
}

void add_show(CLI::App& price, Session& session) {
  auto version = std::make_shared<std::uint64_t>(0);
  CLI::App* show = leaf(
      price, session, "show", "The list in force, and those to come",
      "  mains price show\n  mains price show --version 3 --json", [&session, version] {
        if (*version != 0) {
          return ask_and_show(
              session, {"GET", "/prices/" + std::to_string(*version)},
              [&](const json::object& list) { show_list(list, session.world.out); });
        }
        return ask_and_show(session, {"GET", "/prices"}, [&](const json::object& answer) {
          if (answer.at("current").is_null()) {
            session.world.out << "No price list is in force: nothing can be charged or served.\n";
          } else {
            show_list(answer.at("current").as_object(), session.world.out);
          }
          for (const json::value& list : answer.at("to_come").as_array()) {
            session.world.out << "\n";
            show_list(list.as_object(), session.world.out);
            if (!list.as_object().at("wins").as_bool()) {
              session.world.out << "A later version for the same moment takes its place.\n";
            }
          }
          session.world.out.flush();
        });
      });
  show->add_option("--version", *version, "One version instead")->type_name("N");
}

void add_withdraw(CLI::App& price, Session& session) {
  auto version = std::make_shared<std::uint64_t>(0);
  CLI::App* withdraw = leaf(
      price, session, "withdraw", "A list to come never comes into force; it stays, signed",
      "  mains price withdraw 7", [&session, version] {
        return ask_and_show(session, {"POST", "/prices/" + std::to_string(*version) + "/withdraw"},
                            [&](const json::object& list) {
                              session.world.out << "Withdrawn: list " << text_of(list, "version")
                                                << ", which was to hold from "
                                                << text_of(list, "valid_from") << " on."
                                                << std::endl;
                            });
      });
  withdraw->add_option("version", *version, "Its version; `mains price show` has all to come")
      ->required();
  auto sure = std::make_shared<bool>(false);
  CLI::App* key =
      leaf(price, session, "new-key", "Where price.key is lost for good: make another one",
           "  mains price new-key --yes", [&session, sure] {
             if (!*sure) {
               return fail(
                   session,
                   "lists are signed with another key from now on, and customers who kept the "
                   "old one will ask; repeat it with --yes if price.key is lost for good");
             }
             return ask_and_show(
                 session, {"POST", "/prices/new-key"}, [&](const json::object&) {
                   session.world.out
                       << "A new price.key signs from the next list on. Copy it to the folders "
                          "of other servers on the same database."
                       << std::endl;
                 });
           });
  key->add_flag("--yes", *sure, "Yes, for good");
}

}  // namespace

void add_price(CLI::App& app, Session& session) {
  CLI::App* price = group(app, "price", "Price lists: show, check, publish");
  add_show(*price, session);
  const std::string form =
      "\n\nA list is JSON; prices are text, in currency units per million tokens:\n"
      "  {\"currency\": \"USD\", \"valid_from\": \"2027-01-01T00:00:00Z\", \"models\": [\n"
      "    {\"model\": \"tiny\", \"input_per_mtok\": \"0.15\",\n"
      "     \"cached_input_per_mtok\": \"0.08\", \"output_per_mtok\": \"0.60\"}]}\n"
      "Without valid_from it holds from now on. A model that is not on it is not served.";
  auto file = std::make_shared<std::string>();
  CLI::App* checked = leaf(
      *price, session, "check", "What speaks against publishing a list; 0 when nothing does",
      "  mains price check prices.json" + form, [&session, file] { return check(session, *file); });
  checked->add_option("file", *file, "The list; - reads standard input")->required();

  auto yes = std::make_shared<bool>(false);
  CLI::App* publish =
      leaf(*price, session, "publish", "Publish a list: signed, numbered, never changed again",
           "  mains price publish prices.json" + form, [&session, file, yes] {
             auto document = read_document(session, *file);
             if (!document.ok()) {
               return fail(session, document.error());
             }
             if (*yes) {
               document.value()["confirm"] = true;
             }
             return ask_and_show(session, {"POST", "/prices", {}, document.value()},
                                 [&](const json::object& list) {
                                   show_changes(list, session.world.out);
                                   session.world.out << "Published. ";
                                   show_list(list, session.world.out);
                                 });
           });
  publish->add_option("file", *file, "The list; - reads standard input")->required();
  publish->add_flag("--yes", *yes,
                    "Publish although a model stops, is served nowhere, or a price changes by a "
                    "factor of ten or more");
  add_withdraw(*price, session);
}

}  // namespace cli

// `mains tenant`: who pays.
#include <ostream>

#include "leaf.hpp"
#include "table.hpp"

namespace cli {
namespace {

void show_keys(const json::object& tenant, std::ostream& out) {
  const json::value* keys = tenant.if_contains("keys");
  if (keys == nullptr || !keys->is_array() || keys->get_array().empty()) {
    out << "No keys yet: mains key create --tenant " << text_of(tenant, "name") << std::endl;
    return;
  }
  Table table({"KEY>", "NAME", "BEGINS WITH", "CREATED", "REVOKED"});
  for (const json::value& value : keys->get_array()) {
    const json::object& key = value.as_object();
    table.add({text_of(key, "id"), text_of(key, "name"), text_of(key, "prefix") + "...",
               text_of(key, "created"), text_of(key, "revoked_at")});
  }
  table.print(out);
}

void add_delete(CLI::App& tenant, Session& session) {
  struct Options {
    std::string name;
    bool yes = false;
    bool refund = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      leaf(tenant, session, "delete", "Forget a tenant: its name and keys go, its books stay",
           "  mains tenant delete acme --yes\n"
           "  mains tenant delete acme --yes --refund     pays out what is left first",
           [&session, options] {
             if (!options->yes) {
               return fail(session,
                           "this cannot be undone: keys stop working, and nothing will say any "
                           "more whose receipts these were; repeat it with --yes");
             }
             Ask asked{"DELETE", "/tenants/" + path_part(options->name), {}};
             if (options->refund) {
               asked.query.emplace_back("refund", "true");
             }
             return ask_and_show(session, asked, [&](const json::object& answer) {
               session.world.out << "Deleted tenant " << text_of(answer, "name") << "; "
                                 << text_of(answer, "refunded")
                                 << " paid out.\nIts books stay under its account: mains bill "
                                 << text_of(answer, "account") << std::endl;
             });
           });
  command->add_option("name", options->name, "The tenant's name")->required();
  command->add_flag("--yes", options->yes, "Yes, for good");
  command->add_flag("--refund", options->refund,
                    "Book what is left as paid out; without it a tenant with credit stays");
}

}  // namespace

void add_tenant(CLI::App& app, Session& session) {
  CLI::App* tenant = group(app, "tenant", "Tenants: who pays, one prepaid balance each");
  struct Options {
    std::string name;
    std::string credit;
  };
  auto options = std::make_shared<Options>();
  CLI::App* create =
      leaf(*tenant, session, "create", "Create a tenant",
           "  mains tenant create acme\n"
           "  mains tenant create acme --credit 5.00 --json",
           [&session, options] {
             json::object body{{"name", options->name}};
             if (!options->credit.empty()) {
               body["credit"] = options->credit;
             }
             return ask_and_show(
                 session, {"POST", "/tenants", {}, body, true}, [&](const json::object& made) {
                   session.world.out << "Created tenant " << text_of(made, "name") << " with "
                                     << text_of(made, "available")
                                     << " available.\nNext: mains key create --tenant "
                                     << text_of(made, "name") << std::endl;
                 });
           });
  create->add_option("name", options->name, "Letters, digits and ._@- , at most 64")->required();
  create->add_option("--credit", options->credit, "Paid in at once, such as 5.00")
      ->type_name("AMOUNT");

  leaf(*tenant, session, "list", "All tenants with their balances", "  mains tenant list", [&] {
    return ask_and_show(session, {"GET", "/tenants"}, [&](const json::object& answer) {
      Table table({"TENANT", "AVAILABLE>", "HELD>", "CREATED"});
      for (const json::value& value : answer.at("data").as_array()) {
        const json::object& each = value.as_object();
        table.add({text_of(each, "name"), text_of(each, "available"), text_of(each, "held"),
                   text_of(each, "created")});
      }
      table.print(session.world.out);
    });
  });

  auto shown = std::make_shared<std::string>();
  CLI::App* show =
      leaf(*tenant, session, "show", "One tenant: balance and keys", "  mains tenant show acme",
           [&session, shown] {
             return ask_and_show(
                 session, {"GET", "/tenants/" + path_part(*shown)}, [&](const json::object& one) {
                   std::ostream& out = session.world.out;
                   out << text_of(one, "name") << ": " << text_of(one, "available")
                       << " available, " << text_of(one, "held") << " held for running requests\n";
                   show_keys(one, out);
                 });
           });
  show->add_option("name", *shown, "The tenant's name")->required();
  add_delete(*tenant, session);
}

}  // namespace cli

// `mains credit`: money in and out.
#include <ostream>

#include <notation/money_text.hpp>

#include "leaf.hpp"

namespace cli {
namespace {

struct CreditWords {
  std::string tenant;
  std::string amount;
  std::string id;
};

/// A slip of the sign would move money the other way; empty = none.
std::string wrong_sign(const std::string& amount, const std::string& name) {
  const auto parsed = notation::parse_signed_amount(amount);
  if (amount.starts_with('-')) {
    return "the amount must be above zero: to pay " +
           std::string(name == "add" ? "out of a balance, use `mains credit take`"
                                     : "into a balance, use `mains credit add`");
  }
  return parsed.ok() && parsed->value == 0 ? "the amount must be above zero" : "";
}

void add_move(CLI::App& credit, Session& session, const std::string& name,
              const std::string& description, const std::string& examples,
              const std::string& sign) {
  auto options = std::make_shared<CreditWords>();
  CLI::App* command =
      leaf(credit, session, name, description, examples, [&session, options, name, sign] {
        if (const std::string wrong = wrong_sign(options->amount, name); !wrong.empty()) {
          return fail(session, wrong);
        }
        json::object body{{"amount", sign + options->amount}};
        if (!options->id.empty()) {
          body["id"] = options->id;
        }
        return ask_and_show(
            session, {"POST", "/tenants/" + path_part(options->tenant) + "/credit", {}, body},
            [&](const json::object& done) {
              session.world.out << text_of(done, "tenant") << " has " << text_of(done, "available")
                                << " available." << std::endl;
            });
      });
  command->add_option("tenant", options->tenant, "The tenant's name")->required();
  command->add_option("amount", options->amount, "A decimal such as 5.00")->required();
  command
      ->add_option("--id", options->id,
                   "32 hexadecimal digits of your own: repeated with the same, it counts once")
      ->type_name("HEX");
}

}  // namespace

void add_credit(CLI::App& app, Session& session) {
  CLI::App* credit = group(app, "credit", "Money in and out of a tenant's balance");
  add_move(*credit, session, "add", "Pay into a balance",
           "  mains credit add acme 5.00\n"
           "  mains credit add acme 5.00 --id 6f1ed002ab5595859014ebf0951522d9",
           "");
  add_move(*credit, session, "take", "Pay out of a balance what is available",
           "  mains credit take acme 1.50", "-");
}

}  // namespace cli

// `mains key`: what opens the API.
#include <ostream>

#include "leaf.hpp"
#include "table.hpp"

namespace cli {
namespace {

struct Limits {
  std::string requests_per_minute;
  std::string tokens_per_minute;
  std::string parallel_requests;
  std::string cap_per_month;

  void add_to(CLI::App& command) {
    const auto add = [&](const char* name, std::string& value, const char* what, const char* type) {
      command.add_option(name, value, what)->type_name(type);
    };
    add("--requests-per-minute", requests_per_minute, "0 = no limit", "N");
    add("--tokens-per-minute", tokens_per_minute, "Input and output together; 0 = no limit", "N");
    add("--parallel-requests", parallel_requests, "At the same time; 0 = no limit", "N");
    add("--cap-per-month", cap_per_month, "Most it may spend in a calendar month (UTC); 0 = no cap",
        "AMOUNT");
  }

  /// Empty on success; else what is wrong.
  [[nodiscard]] std::string write_to(json::object& object) const {
    const std::pair<const char*, const std::string*> counts[] = {
        {"requests_per_minute", &requests_per_minute},
        {"tokens_per_minute", &tokens_per_minute},
        {"parallel_requests", &parallel_requests}};
    for (const auto& [name, text] : counts) {
      if (text->empty()) {
        continue;
      }
      boost::system::error_code error;
      const json::value number = json::parse(*text, error);
      if (error || !number.is_int64() || number.get_int64() < 0) {
        return std::string(name) + " must be a whole number, 0 or more";
      }
      object[name] = number;
    }
    if (!cap_per_month.empty()) {
      object["cap_per_month"] = cap_per_month;
    }
    return "";
  }
};

std::string limits_text(const json::object& key) {
  const json::value* limits = key.if_contains("limits");
  if (limits == nullptr) {
    return "admin: runs no inference";
  }
  std::string text;
  const std::pair<const char*, const char*> words[] = {{"requests_per_minute", " req/min"},
                                                       {"tokens_per_minute", " tok/min"},
                                                       {"parallel_requests", " parallel"},
                                                       {"cap_per_month", " a month"}};
  for (const auto& [name, unit] : words) {
    const std::string value = text_of(limits->as_object(), name);
    if (value != "0" && value != "0.00") {
      text += (text.empty() ? "" : ", ") + value + unit;
    }
  }
  return text.empty() ? "none" : text;
}

void show_list(const json::object& answer, std::ostream& out) {
  Table table({"KEY>", "TENANT", "NAME", "BEGINS WITH", "LIMITS", "CREATED", "REVOKED"});
  for (const json::value& value : answer.at("data").as_array()) {
    const json::object& key = value.as_object();
    table.add({text_of(key, "id"), text_of(key, "tenant"), text_of(key, "name"),
               text_of(key, "prefix") + "...", limits_text(key), text_of(key, "created"),
               text_of(key, "revoked_at")});
  }
  table.print(out);
}

void add_create(CLI::App& key, Session& session) {
  struct Options {
    std::string tenant;
    std::string name;
    bool admin = false;
    Limits limits;
  };
  auto options = std::make_shared<Options>();
  CLI::App* create = leaf(
      key, session, "create", "Create a key; it is shown this once and never again",
      "  mains key create --tenant acme\n"
      "  mains key create --tenant acme --name ci --requests-per-minute 60 --cap-per-month 10.00\n"
      "  mains key create --admin --name ops",
      [&session, options] {
        json::object body{{"name", options->name}};
        if (!options->admin && options->tenant.empty()) {
          return fail(session, "say whose key it is: --tenant NAME, or --admin");
        }
        if (options->admin) {
          body["admin"] = true;
        } else {
          body["tenant"] = options->tenant;
        }
        json::object limits;
        if (const std::string wrong = options->limits.write_to(limits); !wrong.empty()) {
          return fail(session, wrong);
        }
        if (!limits.empty()) {
          body["limits"] = limits;
        }
        return ask_and_show(session, {"POST", "/keys", {}, body, options->admin},
                            [&](const json::object& made) {
                              session.world.out << text_of(made, "key") << std::endl;
                              session.world.err << "Keep it: it is stored as a hash only and "
                                                   "cannot be shown again."
                                                << std::endl;
                            });
      });
  auto* tenant = create->add_option("--tenant", options->tenant, "Whose key")->type_name("NAME");
  create->add_option("--name", options->name, "To recognise it by")
      ->type_name("LABEL")
      ->default_val("default");
  auto* admin = create->add_flag("--admin", options->admin,
                                 "An admin key: manages tenants and prices, runs no inference");
  admin->excludes(tenant);
  options->limits.add_to(*create);
}

void add_list(CLI::App& key, Session& session) {
  auto tenant = std::make_shared<std::string>();
  CLI::App* list = leaf(key, session, "list", "Keys, without their secrets",
                        "  mains key list\n  mains key list --tenant acme", [&session, tenant] {
                          Ask asked{"GET", "/keys"};
                          if (!tenant->empty()) {
                            asked.query = {{"tenant", *tenant}};
                          }
                          return ask_and_show(session, asked, [&](const json::object& answer) {
                            show_list(answer, session.world.out);
                          });
                        });
  list->add_option("--tenant", *tenant, "Only this tenant's")->type_name("NAME");
}

void add_revoke(CLI::App& key, Session& session) {
  auto id = std::make_shared<std::uint64_t>();
  CLI::App* revoke = leaf(
      key, session, "revoke", "Revoke a key at once; what it has running is ended",
      "  mains key list\n  mains key revoke 3", [&session, id] {
        return ask_and_show(session, {"DELETE", "/keys/" + std::to_string(*id)},
                            [&](const json::object& gone) {
                              session.world.out << "Revoked key " << text_of(gone, "id") << " ("
                                                << text_of(gone, "name") << ")." << std::endl;
                            });
      });
  revoke->add_option("id", *id, "Its number in `mains key list`")->required();
}

void add_limit(CLI::App& key, Session& session) {
  struct Options {
    std::uint64_t id = 0;
    Limits limits;
  };
  auto options = std::make_shared<Options>();
  CLI::App* limit = leaf(
      key, session, "limit", "Change what a key may do; what is not given stays",
      "  mains key limit 3 --tokens-per-minute 100000 --parallel-requests 4", [&session, options] {
        json::object body;
        if (const std::string wrong = options->limits.write_to(body); !wrong.empty()) {
          return fail(session, wrong);
        }
        return ask_and_show(session,
                            {"PUT", "/keys/" + std::to_string(options->id) + "/limits", {}, body},
                            [&](const json::object& changed) {
                              session.world.out << "Limits of key " << text_of(changed, "id")
                                                << ": " << limits_text(changed) << std::endl;
                            });
      });
  limit->add_option("id", options->id, "Its number in `mains key list`")->required();
  options->limits.add_to(*limit);
}

}  // namespace

void add_key(CLI::App& app, Session& session) {
  CLI::App* key = group(app, "key", "API keys: create, list, limit, revoke");
  add_create(*key, session);
  add_list(*key, session);
  add_revoke(*key, session);
  add_limit(*key, session);
}

}  // namespace cli

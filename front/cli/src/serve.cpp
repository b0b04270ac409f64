// `mains serve`: settles what is to be served, then hands over.
#include <config/models.hpp>

#include "leaf.hpp"

namespace cli {
namespace {

struct ServeWords {
  std::string config;
  std::string listen;
  std::string engine;
  std::vector<std::string> models;
  bool quickstart = false;
  CLI::Option* data = nullptr;
};

base::Result<config::Config, std::string> settle_config(const Session& session,
                                                        const ServeWords& options) {
  config::Config config;
  if (!options.config.empty()) {
    auto loaded = config::load(options.config);
    if (!loaded.ok()) {
      return base::Fail{loaded.error()};
    }
    config = std::move(loaded).value();
  }
  if (options.data->count() > 0 || std::getenv("MAINS_DATA") != nullptr) {  // NOLINT: at start.
    config.data.dir = session.data;
  }
  if (!session.ledger.empty()) {
    config.ledger.url = session.ledger;
  }
  if (!options.listen.empty()) {
    config.server.listen = options.listen;
  }
  if (!options.engine.empty()) {
    config.engine.kind = options.engine == "llama"    ? config::EngineKind::llama
                         : options.engine == "native" ? config::EngineKind::native
                         : options.engine == "null"   ? config::EngineKind::null
                                                      : config::EngineKind::automatic;
  }
  std::vector<config::Model> flags;
  for (const std::string& text : options.models) {
    const auto model = config::parse_model_flag(text);
    if (!model.ok()) {
      return base::Fail{"--model " + model.error()};
    }
    flags.push_back(model.value());
  }
  if (const auto twice = config::repeated_name(flags)) {
    return base::Fail{"--model: " + *twice};
  }
  const auto added = config::load_added_models(config.data.dir);
  if (!added.ok()) {
    return base::Fail{added.error()};
  }
  config.models = config::served_models(config, added.value(), flags);
  if (const auto problem = config::check(config)) {
    return base::Fail{*problem};
  }
  return config;
}

}  // namespace

void add_serve(CLI::App& app, Session& session) {
  auto options = std::make_shared<ServeWords>();
  CLI::App* command = app.add_subcommand("serve", "Start the server; Ctrl-C stops it cleanly");
  command->add_option("--config", options->config, "Settings; config/mains.example.toml shows all")
      ->type_name("FILE");
  options->data = command
                      ->add_option("--data", session.data,
                                   "The folder of ledger, keys and price lists (else $MAINS_DATA, "
                                   "else the config's, else ./data)")
                      ->type_name("DIR");
  command
      ->add_option("--ledger", session.ledger,
                   "Keep the books in this PostgreSQL database, which several servers may share: "
                   "postgres://user@host:5432/database (else $MAINS_LEDGER, else the config's, "
                   "else the data folder)")
      ->type_name("URL");
  command->add_option("--listen", options->listen, "Where the API listens; port 0 takes a free one")
      ->type_name("HOST:PORT");
  command
      ->add_option("--model", options->models,
                   "Serve this GGUF under this name; may be repeated. Instead of the default "
                   "models, beside those of a config and of `mains model add`")
      ->type_name("NAME=FILE[:CONTEXT]")
      ->expected(1)
      ->take_all();
  command
      ->add_option("--engine", options->engine,
                   "auto runs a model natively where that can be done, else by llama; native and "
                   "llama force one; null needs no model and answers at once, for tests")
      ->type_name("KIND")
      ->check(CLI::IsMember({"auto", "llama", "native", "null"}));
  command->add_flag("--quickstart", options->quickstart,
                    "Create a first tenant with credit and a key where there is none, and print a "
                    "curl line that works");
  command->footer(
      "Examples:\n"
      "  mains serve --quickstart\n"
      "  mains serve --model smol=smollm2-135m-q8_0.gguf:8192 --listen 0.0.0.0:8080\n"
      "  mains serve --config mains.toml --data /var/lib/mains\n"
      "  mains serve --ledger postgres://mains@db.example/mains --data /var/lib/mains\n"
      "\nMAINS_ADMIN_KEY in the environment is accepted as an admin key.");
  command->callback([&session, options] {
    session.action = [&session, options] {
      const auto config = settle_config(session, *options);
      if (!config.ok()) {
        return fail(session, config.error());
      }
      return session.world.serve(config.value(),
                                 ServeOptions{options->config, options->quickstart});
    };
  });
}

}  // namespace cli

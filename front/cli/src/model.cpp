// `mains model`: list, add; `pull.cpp` has pull.
#include <ostream>

#include <array>
#include <fstream>

#include <cli/folder.hpp>
#include <config/models.hpp>
#include <notation/money_text.hpp>

#include "leaf.hpp"
#include "model_files.hpp"
#include "table.hpp"

namespace cli {
namespace {

using base::Fail;
using base::Result;

struct PriceFlags {
  std::string input;
  std::string cached;
  std::string output;

  void add_to(CLI::App& command) {
    command.add_option("--input-per-mtok", input, "Price, per million tokens")->type_name("PRICE");
    command.add_option("--cached-input-per-mtok", cached, "Price, per million tokens")
        ->type_name("PRICE");
    command.add_option("--output-per-mtok", output, "Price, per million tokens")
        ->type_name("PRICE");
  }

  [[nodiscard]] Result<price::Prices, std::string> read() const {
    if (input.empty() && cached.empty() && output.empty()) {
      return config::prices_unless_written;
    }
    const auto in = notation::parse_price(input);
    const auto again = notation::parse_price(cached);
    const auto out = notation::parse_price(output);
    if (!in.ok() || !again.ok() || !out.ok()) {
      return Fail{std::string("give all three prices as decimals such as 0.15, or none")};
    }
    return price::Prices{in.value(), again.value(), out.value()};
  }
};

void show_added(const Session& session, const config::Model& model) {
  if (session.json) {
    print_json(session,
               {{"name", model.name}, {"file", model.file.string()}, {"context", model.context}});
    return;
  }
  session.world.out << "Added " << model.name << " to " << session.data
                    << "/models.toml. It is served from the next start of `mains serve` on; its "
                       "price then enters the price list."
                    << std::endl;
}

/// Of a folder that has models and no books yet: nothing is loaded or has a price. Nothing where
/// there are books, or a server.
std::optional<json::object> models_without_books(const Session& session) {
  std::error_code none;
  if (!session.ledger.empty() || !std::filesystem::is_directory(session.data, none) ||
      open_socket(session.data) != nullptr) {
    return std::nullopt;
  }
  const auto books = vault::there_are_books(session.data, "");
  const auto added = config::load_added_models(session.data);
  if (!books.ok() || *books || !added.ok()) {
    return std::nullopt;
  }
  json::array data;
  for (const config::Model& model : config::served_models({}, added.value(), {})) {
    data.push_back(json::object{{"name", model.name},
                                {"file", model.file.string()},
                                {"context", model.context},
                                {"loaded", false},
                                {"priced", false}});
  }
  return json::object{{"object", "list"}, {"data", std::move(data)}};
}

void add_list(CLI::App& model, Session& session) {
  leaf(model, session, "list", "What is served, or would be", "  mains model list", [&session] {
    const auto show = [&](const json::object& answer) {
      Table table({"MODEL", "CONTEXT>", "LOADED", "PRICED", "FILE"});
      for (const json::value& value : answer.at("data").as_array()) {
        const json::object& each = value.as_object();
        const std::string context = text_of(each, "context");
        table.add({text_of(each, "name"), context == "0" ? "as trained" : context,
                   text_of(each, "loaded") == "true" ? "yes" : "no",
                   text_of(each, "priced") == "true" ? "yes" : "no", text_of(each, "file")});
      }
      table.print(session.world.out);
    };
    const auto without = models_without_books(session);
    if (!without) {
      return ask_and_show(session, {"GET", "/models"}, show);
    }
    if (session.json) {
      print_json(session, *without);
    } else {
      show(*without);
    }
    return 0;
  });
}

void add_add(CLI::App& parent, Session& session) {
  struct Options {
    std::string model;
    PriceFlags prices;
    bool replace = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* add =
      leaf(parent, session, "add", "Serve a GGUF file that is here, from the next start on",
           "  mains model add smol=smollm2-135m-q8_0.gguf:8192\n"
           "  mains model add smol=m.gguf --input-per-mtok 0.15 --cached-input-per-mtok 0.08 "
           "--output-per-mtok 0.60",
           [&session, options] {
             auto model = config::parse_model_flag(options->model);
             const auto prices = options->prices.read();
             if (!model.ok() || !prices.ok()) {
               return fail(session, model.ok() ? prices.error() : model.error());
             }
             model.value().prices = prices.value();
             const auto done = add_model_file(session, model.value(), options->replace);
             if (!done.ok()) {
               return fail(session, done.error());
             }
             show_added(session, model.value());
             return 0;
           });
  add->add_option("model", options->model, "NAME=FILE[:CONTEXT]")->required();
  options->prices.add_to(*add);
  add_replace_flag(*add, options->replace);
}

}  // namespace

bool is_gguf(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::array<char, 4> magic{};
  stream.read(magic.data(), magic.size());
  return stream && std::string_view(magic.data(), magic.size()) == "GGUF";
}

std::optional<std::string> name_is_taken(const Session& session, const config::Model& model) {
  const auto added = config::load_added_models(session.data);
  if (!added.ok()) {
    return added.error();
  }
  std::error_code none;
  for (const config::Model& other : config::served_models({}, added.value(), {})) {
    if (other.name == model.name && std::filesystem::weakly_canonical(other.file, none) !=
                                        std::filesystem::weakly_canonical(model.file, none)) {
      return "'" + other.name + "' is " + other.file.string() +
             " already, and its price was set for that: choose another name, or give --yes to "
             "serve the new file under this one";
    }
  }
  return std::nullopt;
}

void add_replace_flag(CLI::App& command, bool& replace) {
  command.add_flag("--yes", replace, "Also where the name serves another file until now");
}

Result<base::Done, std::string> add_model_file(const Session& session, const config::Model& model,
                                               bool replace) {
  std::error_code error;
  if (!std::filesystem::exists(model.file, error)) {
    return Fail{model.file.string() + ": there is no such file"};
  }
  if (!is_gguf(model.file)) {
    return Fail{model.file.string() + ": is not a GGUF file"};
  }
  if (const auto taken = replace ? std::nullopt : name_is_taken(session, model)) {
    return Fail{*taken};
  }
  const auto folder = make_folder(session.data);
  return folder.ok() ? config::add_model(session.data, model) : folder;
}

void add_model(CLI::App& app, Session& session) {
  CLI::App* model = group(app, "model", "Models: list, add a file, pull one from a hub");
  add_list(*model, session);
  add_add(*model, session);
  add_model_pull(*model, session);
}

}  // namespace cli

// `mains model`: list, add, pull.
#include <ostream>

#include <array>
#include <fstream>

#include <cli/folder.hpp>
#include <client/download.hpp>
#include <client/fetch.hpp>
#include <config/models.hpp>
#include <notation/money_text.hpp>

#include "hub.hpp"
#include "leaf.hpp"
#include "table.hpp"

namespace cli {
namespace {

using base::Fail;
using base::Result;

constexpr std::int64_t progress_every_ns = 200'000'000;

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

/// Whether it begins like a GGUF.
bool is_gguf(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::array<char, 4> magic{};
  stream.read(magic.data(), magic.size());
  return stream && std::string_view(magic.data(), magic.size()) == "GGUF";
}

/// Checks the file and writes it down. errors: a line for people.
Result<base::Done, std::string> write_down(const Session& session, const config::Model& model) {
  std::error_code error;
  if (!std::filesystem::exists(model.file, error)) {
    return Fail{model.file.string() + ": there is no such file"};
  }
  if (!is_gguf(model.file)) {
    return Fail{model.file.string() + ": is no GGUF file"};
  }
  const auto folder = make_folder(session.data);
  return folder.ok() ? config::add_model(session.data, model) : folder;
}

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

void add_list(CLI::App& model, Session& session) {
  leaf(model, session, "list", "What is served, or would be", "  mains model list", [&session] {
    return ask_and_show(session, {"GET", "/models"}, [&](const json::object& answer) {
      Table table({"MODEL", "CONTEXT>", "LOADED", "PRICED", "FILE"});
      for (const json::value& value : answer.at("data").as_array()) {
        const json::object& each = value.as_object();
        const std::string context = text_of(each, "context");
        table.add({text_of(each, "name"), context == "0" ? "as trained" : context,
                   text_of(each, "loaded") == "true" ? "yes" : "no",
                   text_of(each, "priced") == "true" ? "yes" : "no", text_of(each, "file")});
      }
      table.print(session.world.out);
    });
  });
}

void add_add(CLI::App& parent, Session& session) {
  struct Options {
    std::string model;
    PriceFlags prices;
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
             const auto done = write_down(session, model.value());
             if (!done.ok()) {
               return fail(session, done.error());
             }
             show_added(session, model.value());
             return 0;
           });
  add->add_option("model", options->model, "NAME=FILE[:CONTEXT]")->required();
  options->prices.add_to(*add);
}

struct PullOptions {
  std::string source;
  std::string file;
  std::string base_url;
  std::string sha256;
  std::string add;
};

/// The repository's file that is meant. errors: a line for people.
Result<HubFile, std::string> find_in_hub(const PullOptions& options, const std::string& base,
                                         const std::string& token) {
  client::Request asked;
  asked.url = base + "/api/models/" + options.source + "/tree/main?recursive=true";
  if (!token.empty()) {
    asked.headers.emplace_back("authorization", "Bearer " + token);
  }
  const auto listing = client::fetch(asked);
  if (!listing.ok()) {
    return Fail{base + " does not answer: " + listing.error().text +
                "; check the network, or name another hub with --base-url"};
  }
  if (!listing.value().ok()) {
    return Fail{"the hub does not show " + options.source + " (status " +
                std::to_string(listing.value().status) +
                "): check the name, or set HF_TOKEN for a private one"};
  }
  const auto files = parse_listing(listing.value().body);
  if (!files.ok()) {
    return Fail{files.error()};
  }
  return choose(files.value(), options.file);
}

/// What is to be downloaded, without its folder and progress.
Result<client::Download, std::string> find(const PullOptions& options) {
  client::Download what;
  if (is_url(options.source)) {
    what.url = options.source;
  } else if (options.source.find('/') == std::string::npos) {
    return Fail{"'" + options.source + "' is neither OWNER/NAME nor a URL"};
  } else {
    std::string base = options.base_url;
    while (base.ends_with('/')) {
      base.pop_back();
    }
    what.bearer_token = config::secrets_from_environment().hf_token.value_or("");
    const auto chosen = find_in_hub(options, base, what.bearer_token);
    if (!chosen.ok()) {
      return Fail{chosen.error()};
    }
    what.url = base + "/" + options.source + "/resolve/main/" + chosen.value().path;
    if (chosen.value().size != 0) {
      what.size_bytes = chosen.value().size;
    }
    what.sha256 = chosen.value().sha256;
  }
  const auto name = file_name(what.url);
  if (!name) {
    return Fail{"no file name can be made of " + what.url};
  }
  what.file = *name;
  if (!options.sha256.empty()) {
    what.sha256 = options.sha256;
  }
  for (char& c : what.sha256) {
    c = c >= 'A' && c <= 'F' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return what;
}

/// Draws a bar on a terminal, at most five times a second.
std::function<void(const client::Progress&)> progress_bar(const World& world) {
  if (!world.out_is_terminal) {
    return {};
  }
  auto last_ns = std::make_shared<std::int64_t>(0);
  return [&world, last_ns](const client::Progress& progress) {
    const std::uint64_t done = progress.done_bytes;
    const std::uint64_t total = progress.total_bytes;
    const std::int64_t now_ns = world.clock.since_start().value;
    if (now_ns - *last_ns < progress_every_ns && done != total) {
      return;
    }
    *last_ns = now_ns;
    constexpr std::uint64_t bar_width = 30;
    const std::uint64_t filled = total == 0 ? 0 : std::min(bar_width, done * bar_width / total);
    world.err << "\r[" << std::string(filled, '#') << std::string(bar_width - filled, '.') << "] "
              << done / 1'000'000 << (total == 0 ? "" : "/" + std::to_string(total / 1'000'000))
              << " MB " << (done == total ? "\n" : "") << std::flush;
  };
}

int pull(const Session& session, const PullOptions& options) {
  auto what = find(options);
  if (!what.ok()) {
    return fail(session, what.error());
  }
  const std::filesystem::path folder = std::filesystem::path(session.data) / models_folder;
  if (const auto made = make_folder(session.data); !made.ok()) {
    return fail(session, made.error());
  }
  if (const auto made = make_folder(folder); !made.ok()) {
    return fail(session, made.error());
  }
  what.value().file = folder / what.value().file;
  what.value().progress = progress_bar(session.world);
  const std::filesystem::path& file = what.value().file;
  const bool checked = !what.value().sha256.empty();
  if (!session.json) {
    session.world.out << "Pulling " << what.value().url << std::endl;
  }
  const auto got = client::download(what.value());
  if (!got.ok()) {
    return fail(session, got.error().text);
  }
  std::error_code error;
  if (!is_gguf(file)) {
    std::filesystem::remove(file, error);
    return fail(session, "what came is no GGUF file and was thrown away; check the address");
  }
  if (!options.add.empty()) {
    auto model = config::parse_model_flag(options.add + "=" + file.string());
    const auto done = model.ok() ? write_down(session, model.value())
                                 : Result<base::Done, std::string>(Fail{model.error()});
    if (!done.ok()) {
      return fail(session, done.error());
    }
  }
  if (session.json) {
    print_json(session, {{"file", file.string()},
                         {"size", got.value().size_bytes},
                         {"sha256", got.value().sha256},
                         {"checked", checked},
                         {"already_there", got.value().was_there},
                         {"resumed_at", got.value().resumed_bytes}});
    return 0;
  }
  session.world.out << (got.value().was_there ? "Already there: " : "Got ") << file.string() << ", "
                    << got.value().size_bytes << " bytes\nSHA-256 " << got.value().sha256
                    << (checked ? " (as it should be)" : " (nothing to compare it with)")
                    << "\nNext: "
                    << (options.add.empty() ? "mains model add NAME=" + file.string()
                                            : std::string("mains serve"))
                    << std::endl;
  return 0;
}

void add_pull(CLI::App& model, Session& session) {
  auto options = std::make_shared<PullOptions>();
  CLI::App* command = leaf(model, session, "pull",
                           "Download a GGUF into the data folder; goes on where it broke off",
                           "  mains model pull HuggingFaceTB/SmolLM2-135M-Instruct-GGUF\n"
                           "  mains model pull bartowski/Llama-3.2-1B-Instruct-GGUF --file "
                           "Llama-3.2-1B-Instruct-Q8_0.gguf --add llama-1b\n"
                           "  mains model pull https://example.org/m.gguf --sha256 1b2c...\n"
                           "\nHF_TOKEN in the environment opens private repositories.",
                           [&session, options] { return pull(session, *options); });
  command->add_option("source", options->source, "OWNER/NAME on the hub, or a URL")->required();
  command->add_option("--file", options->file, "Which file of the repository")->type_name("NAME");
  command->add_option("--base-url", options->base_url, "Another hub with the same API")
      ->type_name("URL")
      ->envname("HF_ENDPOINT")
      ->default_str("https://huggingface.co");
  options->base_url = "https://huggingface.co";
  command->add_option("--sha256", options->sha256, "What it must be; the hub's own is used else")
      ->type_name("HEX");
  command->add_option("--add", options->add, "Also `mains model add` it under this name")
      ->type_name("NAME");
}

}  // namespace

void add_model(CLI::App& app, Session& session) {
  CLI::App* model = group(app, "model", "Models: list, add a file, pull one from a hub");
  add_list(*model, session);
  add_add(*model, session);
  add_pull(*model, session);
}

}  // namespace cli

// `mains model pull`: brings a GGUF into the data folder. Each source and each content has a place
// of its own, so that no download can replace a file that a model is served from:
//   DATA/models/OWNER/NAME/sha256=HASH/FILE            from a hub
//   DATA/models/url=HOST/FOLDERS.../sha256=HASH/FILE   from a URL
// HASH is the beginning of the SHA-256 of the (first) file. Until it is complete and checked, a
// file lies beside that folder, as FILE.part. No source can choose a name that has "=" in it.
#include <ostream>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <functional>
#include <vector>

#include <cli/folder.hpp>
#include <client/download.hpp>
#include <client/fetch.hpp>
#include <config/config.hpp>
#include <config/models.hpp>

#include "hub.hpp"
#include "leaf.hpp"
#include "model_files.hpp"

namespace cli {
namespace {

using base::Fail;
using base::Result;

constexpr std::int64_t progress_every_ns = 200'000'000;

std::string content_folder(const std::string& sha256) {
  constexpr std::size_t digits = 16;
  return "sha256=" + sha256.substr(0, digits);
}

struct PullOptions {
  std::string source;
  std::string file;
  std::string base_url;
  std::string sha256;
  std::string add;
  bool replace = false;
};

/// One model to bring: its files, the first part first, and the place that its source has.
struct Wanted {
  std::vector<client::Download> files;
  std::filesystem::path place;  ///< Below DATA/models.
};

/// The hub's GGUF files of a repository. errors: a line for people.
Result<std::vector<HubFile>, std::string> list_hub(const PullOptions& options,
                                                   const std::string& base,
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
  return parse_listing(listing.value().body);
}

std::string lower(std::string text) {
  for (char& c : text) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return text;
}

Result<Wanted, std::string> find_in_hub(const PullOptions& options) {
  const auto repository = repository_place(options.source);
  if (!repository) {
    return Fail{"'" + options.source + "' is neither OWNER/NAME nor a URL"};
  }
  std::string base = options.base_url;
  while (base.ends_with('/')) {
    base.pop_back();
  }
  const std::string token = config::secrets_from_environment().hf_token.value_or("");
  if (!token.empty() && !may_carry_token(base)) {
    return Fail{std::string("HF_TOKEN is not sent in clear: name the hub with https, or unset it")};
  }
  const auto listed = list_hub(options, base, token);
  if (!listed.ok()) {
    return Fail{listed.error()};
  }
  const auto chosen = choose(listed.value(), options.file);
  if (!chosen.ok()) {
    return Fail{chosen.error()};
  }
  const auto parts = parts_of(listed.value(), chosen.value());
  if (!parts.ok()) {
    return Fail{parts.error()};
  }
  Wanted wanted{{}, *repository};
  for (const HubFile& part : parts.value()) {
    client::Download& file = wanted.files.emplace_back();
    file.url = base + "/" + options.source + "/resolve/main/" + part.path;
    file.bearer_token = token;
    file.sha256 = part.sha256;
    if (part.size != 0) {
      file.size_bytes = part.size;
    }
  }
  return wanted;
}

/// The files to download, without its folder and progress.
Result<Wanted, std::string> find(const PullOptions& options) {
  Wanted wanted;
  if (is_url(options.source)) {
    wanted.files.emplace_back().url = options.source;
    wanted.place = url_place(options.source);
  } else {
    auto found = find_in_hub(options);
    if (!found.ok()) {
      return found;
    }
    wanted = std::move(found).value();
  }
  if (!options.sha256.empty()) {
    if (wanted.files.size() > 1) {
      return Fail{"this model has " + std::to_string(wanted.files.size()) +
                  " files; --sha256 is for one"};
    }
    wanted.files.front().sha256 = lower(options.sha256);
  }
  for (client::Download& file : wanted.files) {
    const auto name = file_name(file.url);
    if (!name) {
      return Fail{"no file name can be made of " + file.url};
    }
    file.file = *name;
  }
  return wanted;
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

/// A file that was downloaded, and where it lies now.
struct Pulled {
  std::filesystem::path file;
  client::Downloaded got;
};

/// Brings one file to `source`/CONTENT/FILE. `content` is empty for the first file, which fills it.
Result<Pulled, std::string> bring(client::Download wanted, const std::filesystem::path& source,
                                  std::string& content) {
  const std::filesystem::path name = wanted.file;
  std::error_code error;
  if (content.empty() && !wanted.sha256.empty()) {
    content = content_folder(wanted.sha256);
  }
  if (!content.empty() && std::filesystem::exists(source / content / name, error) &&
      !wanted.sha256.empty()) {
    wanted.file = source / content / name;  // Checked there; brought again only if it is damaged.
  } else {
    wanted.file = source / name;
  }
  const auto got = client::download(wanted);
  if (!got.ok()) {
    return Fail{got.error().text};
  }
  if (!is_gguf(wanted.file)) {
    std::filesystem::remove(wanted.file, error);
    return Fail{std::string("the download is not a GGUF file and was deleted; check the address")};
  }
  if (content.empty()) {
    content = content_folder(got.value().sha256);
  }
  const std::filesystem::path place = source / content / name;
  if (wanted.file != place) {
    if (const auto made = make_folder(source / content); !made.ok()) {
      return Fail{made.error()};
    }
    std::filesystem::rename(wanted.file, place, error);
    if (error) {
      return Fail{place.string() + ": cannot be written (" + error.message() + ")"};
    }
  }
  return Pulled{place, got.value()};
}

void show(const Session& session, const PullOptions& options, const Pulled& pulled, bool checked) {
  if (session.json) {
    print_json(session, {{"file", pulled.file.string()},
                         {"size", pulled.got.size_bytes},
                         {"sha256", pulled.got.sha256},
                         {"checked", checked},
                         {"already_there", pulled.got.was_there},
                         {"resumed_at", pulled.got.resumed_bytes}});
    return;
  }
  session.world.out << (pulled.got.was_there ? "Already there: " : "Got ") << pulled.file.string()
                    << ", " << pulled.got.size_bytes << " bytes\nSHA-256 " << pulled.got.sha256
                    << (checked ? " (as it should be)" : " (nothing to compare it with)")
                    << "\nNext: "
                    << (options.add.empty() ? "mains model add NAME=" + pulled.file.string()
                                            : std::string("mains serve (restart it where it runs)"))
                    << std::endl;
}

/// What can be seen wrong before anything is asked of the network; empty = nothing.
std::string what_is_wrong(const PullOptions& options) {
  constexpr std::size_t digits = 64;
  const bool hex = std::all_of(options.sha256.begin(), options.sha256.end(),
                               [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (!options.sha256.empty() && (!hex || options.sha256.size() != digits)) {
    return "--sha256 must be 64 hexadecimal digits, as sha256sum prints them";
  }
  const auto model = config::parse_model_flag(options.add + "=x");
  return options.add.empty() || model.ok() ? "" : "--add: " + model.error();
}

/// Whether the name that was asked for serves a file that this download cannot be. One of the same
/// source may be the same; that is seen when it has come.
std::optional<std::string> taken_by_another(const Session& session, const PullOptions& options,
                                            const std::filesystem::path& source) {
  const auto added = config::load_added_models(session.data);
  if (options.add.empty() || options.replace || !added.ok()) {
    return std::nullopt;
  }
  std::error_code none;
  const auto place = std::filesystem::weakly_canonical(source, none);
  for (const config::Model& model : added.value()) {
    const auto file = std::filesystem::weakly_canonical(model.file, none);
    if (model.name == options.add && file.parent_path().parent_path() == place) {
      return std::nullopt;
    }
  }
  config::Model model;
  model.name = options.add;
  model.file = source;
  return name_is_taken(session, model);
}

int pull(const Session& session, const PullOptions& options) {
  if (const std::string wrong = what_is_wrong(options); !wrong.empty()) {
    return fail(session, wrong);
  }
  auto wanted = find(options);
  if (!wanted.ok()) {
    return fail(session, wanted.error());
  }
  const std::filesystem::path data = session.data;
  const std::filesystem::path source = data / models_folder / wanted.value().place;
  if (const auto taken = taken_by_another(session, options, source)) {
    return fail(session, *taken);
  }
  for (const auto& folder : {data, data / models_folder, source}) {
    if (const auto made = make_folder(folder); !made.ok()) {
      return fail(session, made.error());
    }
  }
  std::string content;
  std::vector<Pulled> pulled;
  for (client::Download& file : wanted.value().files) {
    if (!session.json) {
      session.world.out << "Pulling " << file.url << std::endl;
    }
    file.progress = progress_bar(session.world);
    file.retrying = [&session](const client::Failure& failure, std::chrono::milliseconds wait) {
      session.world.err << "mains: " << failure.text << "; trying again in "
                        << static_cast<double>(wait.count()) / 1'000 << " s" << std::endl;
    };
    auto one = bring(file, source, content);
    if (!one.ok()) {
      return fail(session, one.error());
    }
    pulled.push_back(std::move(one).value());
  }
  if (!options.add.empty()) {
    auto model = config::parse_model_flag(options.add + "=" + pulled.front().file.string());
    const auto done = model.ok() ? add_model_file(session, model.value(), options.replace)
                                 : Result<base::Done, std::string>(Fail{model.error()});
    if (!done.ok()) {
      return fail(session, done.error());
    }
  }
  show(session, options, pulled.front(), !wanted.value().files.front().sha256.empty());
  return 0;
}

}  // namespace

void add_model_pull(CLI::App& model, Session& session) {
  auto options = std::make_shared<PullOptions>();
  CLI::App* command = leaf(model, session, "pull",
                           "Download a GGUF into the data folder; resumes where it broke off",
                           "  mains model pull HuggingFaceTB/SmolLM2-135M-Instruct-GGUF\n"
                           "  mains model pull bartowski/Llama-3.2-1B-Instruct-GGUF --file "
                           "Llama-3.2-1B-Instruct-Q8_0.gguf --add llama-1b\n"
                           "  mains model pull https://example.org/m.gguf --sha256 1b2c...\n"
                           "\nEach source has its own place in DATA/models: a download never "
                           "replaces another model's file.\n"
                           "HF_TOKEN in the environment opens private repositories.",
                           [&session, options] { return pull(session, *options); });
  command->add_option("source", options->source, "OWNER/NAME on the hub, or a URL")->required();
  command
      ->add_option("--file", options->file,
                   "Which file of the repository; of a model in parts, the first")
      ->type_name("NAME");
  command->add_option("--base-url", options->base_url, "Another hub with the same API")
      ->type_name("URL")
      ->envname("HF_ENDPOINT")
      ->default_str("https://huggingface.co");
  options->base_url = "https://huggingface.co";
  command
      ->add_option("--sha256", options->sha256,
                   "The file's SHA-256; without it, the one that the hub gives")
      ->type_name("HEX");
  command->add_option("--add", options->add, "Also `mains model add` it under this name")
      ->type_name("NAME");
  add_replace_flag(*command, options->replace);
}

}  // namespace cli

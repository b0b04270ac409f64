#include <config/models.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <sstream>

#include <toml++/toml.h>
#include <notation/money_text.hpp>

#include "parse.hpp"

namespace config {
namespace {

using base::Done;
using base::Fail;
using base::Result;

toml::table as_table(const Model& model) {
  toml::table prices{
      {"input_per_mtok", notation::to_text(model.prices.input)},
      {"cached_input_per_mtok", notation::to_text(model.prices.cached)},
      {"output_per_mtok", notation::to_text(model.prices.output)},
  };
  prices.is_inline(true);
  return toml::table{{"name", model.name},
                     {"file", model.file.string()},
                     {"context", static_cast<std::int64_t>(model.context)},
                     {"prices", prices}};
}

/// A file in the data folder by its place there, so that the folder can be moved; any other by its
/// absolute path, for nobody knows where the server will be started.
std::filesystem::path portable(const std::filesystem::path& file,
                               const std::filesystem::path& data_dir) {
  std::error_code error;
  const auto absolute = std::filesystem::weakly_canonical(file, error);
  const auto inside =
      absolute.lexically_relative(std::filesystem::weakly_canonical(data_dir, error));
  return inside.empty() || *inside.begin() == ".." ? absolute : inside;
}

/// Written beside, synced and renamed, so that a crash leaves the old file or the new one.
bool replace_file(const std::filesystem::path& file, const std::string& text) {
  const std::filesystem::path beside = file.string() + ".new";
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) {
    return false;
  }
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = ::write(fd, text.data() + done, text.size() - done);
    if (wrote <= 0) {
      break;
    }
    done += static_cast<std::size_t>(wrote);
  }
  const bool synced = done == text.size() && ::fsync(fd) == 0;
  return ::close(fd) == 0 && synced && ::rename(beside.c_str(), file.c_str()) == 0;
}

void put(std::vector<Model>& models, const Model& model) {
  const auto same = [&](const Model& other) { return other.name == model.name; };
  const auto found = std::find_if(models.begin(), models.end(), same);
  if (found == models.end()) {
    models.push_back(model);
  } else {
    *found = model;
  }
}

}  // namespace

Result<Model, Problem> parse_model_flag(std::string_view text) {
  const Problem form = "'" + std::string(text) + "' is not NAME=FILE or NAME=FILE:CONTEXT";
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals + 1 == text.size()) {
    return Fail{form};
  }
  Model model;
  model.name = text.substr(0, equals);
  if (!is_model_name(model.name)) {
    return Fail{"'" + model.name + "' is no model name: use letters, digits and ._:/@+-"};
  }
  std::string_view file = text.substr(equals + 1);
  const std::size_t colon = file.rfind(':');
  if (colon != std::string_view::npos) {
    const std::string_view digits = file.substr(colon + 1);
    const char* end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, model.context);
    const bool number = parsed.ptr == end && !digits.empty();
    if (number && (parsed.ec != std::errc{} || model.context > 16'777'216)) {
      return Fail{"context " + std::string(digits) + " is too large; at most 16777216 tokens"};
    }
    if (number) {
      file = file.substr(0, colon);
    }
  }
  if (file.empty()) {
    return Fail{form};
  }
  model.file = std::string(file);
  return model;
}

Result<std::vector<Model>, Problem> load_added_models(const std::filesystem::path& data_dir) {
  const std::filesystem::path file = data_dir / "models.toml";
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return std::vector<Model>{};
  }
  const auto text = read_file(file);
  if (!text.ok()) {
    return Fail{text.error()};
  }
  auto models = parse_models(text.value(), file.string());
  if (models.ok()) {
    if (const auto twice = repeated_name(models.value())) {
      return Fail{file.string() + ": " + *twice};
    }
    for (Model& model : models.value()) {
      if (model.file.is_relative()) {
        model.file = data_dir / model.file;
      }
    }
  }
  return models;
}

Result<Done, Problem> add_model(const std::filesystem::path& data_dir, const Model& model) {
  auto models = load_added_models(data_dir);
  if (!models.ok()) {
    return Fail{models.error()};
  }
  put(models.value(), model);
  toml::array list;
  for (Model& each : models.value()) {
    each.file = portable(each.file, data_dir);
    list.push_back(as_table(each));
  }
  std::ostringstream text;
  text << "# Models added by `mains model add`; `mains serve` reads them beside its config.\n"
       << toml::table{{"model", list}} << "\n";
  const std::filesystem::path file = data_dir / "models.toml";
  if (!replace_file(file, text.str())) {
    return Fail{file.string() + ": cannot be written: " + std::strerror(errno)};
  }
  return Done{};
}

std::vector<Model> served_models(const Config& config, const std::vector<Model>& added,
                                 const std::vector<Model>& flags) {
  std::error_code error;
  const bool defaults_meant =
      flags.empty() && (added.empty() || std::filesystem::exists(default_model_file, error));
  std::vector<Model> models;
  if (config.models_written || defaults_meant) {
    models = config.models;
  }
  for (const Model& model : added) {
    put(models, model);
  }
  for (const Model& model : flags) {
    put(models, model);
  }
  return models;
}

}  // namespace config

#include "parse.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "keys.hpp"

namespace config {
namespace {

using base::Fail;
using base::Result;
using Bad = std::optional<Problem>;

/// Walks one parsed file. The first problem wins.
class Reader {
 public:
  explicit Reader(std::string_view source) : source_(source) {}

  Bad read(const toml::table& root, Config& config) {
    std::vector<std::string> sections{"model"};
    for (const auto& key : config_keys()) {
      if (sections.back() != key.section) {
        sections.emplace_back(key.section);
      }
    }
    for (const auto& [name, node] : root) {
      const std::string section(name.str());
      if (section == "model") {
        config.models_written = true;
        config.models.clear();
        if (const Bad bad = read_models(node, config.models)) {
          return bad;
        }
      } else if (std::find(sections.begin(), sections.end(), section) == sections.end()) {
        return at(name.source(), "unknown section [" + section + "]" + hint(section, sections));
      } else if (!node.is_table()) {
        return at(name.source(), "'" + section + "' must be a section: [" + section + "]");
      } else if (const Bad bad = fill(*node.as_table(), section, config_keys(), config)) {
        return bad;
      }
    }
    return std::nullopt;
  }

  Bad read_models(const toml::node& node, std::vector<Model>& models) {
    const toml::array* list = node.as_array();
    if (list == nullptr || !list->is_array_of_tables()) {
      return at(node.source(), "models are written as [[model]], one for each");
    }
    for (const toml::node& entry : *list) {
      Model model;
      if (const Bad bad = read_model(*entry.as_table(), model)) {
        return bad;
      }
      models.push_back(std::move(model));
    }
    return std::nullopt;
  }

  Problem at(const toml::source_region& where, const std::string& what) const {
    return source_ + ":" + std::to_string(where.begin.line) + ": " + what;
  }

 private:
  Bad read_model(const toml::table& table, Model& model) {
    if (const Bad bad = fill(table, "model", model_keys(), model)) {
      return bad;
    }
    for (const char* needed : {"name", "file"}) {
      if (!table.contains(needed)) {
        return at(table.source(), std::string("[[model]] needs '") + needed + "'");
      }
    }
    const toml::node* prices = table.get("prices");
    if (prices == nullptr) {
      return std::nullopt;
    }
    if (!prices->is_table()) {
      return at(prices->source(),
                "'prices' must be a table: prices = { input_per_mtok = \"...\", "
                "cached_input_per_mtok = \"...\", output_per_mtok = \"...\" }");
    }
    for (const auto& key : model_keys()) {
      if (key.section == "model.prices" && !prices->as_table()->contains(key.name)) {
        return at(prices->source(), "prices of model '" + model.name + "' need '" +
                                        std::string(key.name) + "': no token is free by accident");
      }
    }
    return fill(*prices->as_table(), "model.prices", model_keys(), model);
  }

  template <class Target>
  Bad fill(const toml::table& table, std::string_view section, const std::vector<Key<Target>>& keys,
           Target& target) {
    for (const auto& [name, node] : table) {
      if (section == "model" && name.str() == "prices") {
        continue;  // A table of its own, read by read_model().
      }
      const Key<Target>* found = nullptr;
      std::vector<std::string> known =
          section == "model" ? std::vector<std::string>{"prices"} : std::vector<std::string>{};
      for (const Key<Target>& key : keys) {
        if (key.section == section) {
          known.emplace_back(key.name);
          found = key.name == name.str() ? &key : found;
        }
      }
      const std::string key(name.str());
      if (found == nullptr) {
        return at(name.source(),
                  "unknown key '" + key + "' in " + bracketed(section) + hint(key, known));
      }
      if (const Bad bad = found->set(target, node)) {
        return at(node.source(), "key '" + key + "' in " + bracketed(section) + " " + *bad);
      }
    }
    return std::nullopt;
  }

  static std::string bracketed(std::string_view section) {
    const std::string name(section);
    return section == "model" ? "[[model]]" : "[" + name + "]";
  }

  static std::string hint(std::string_view misspelt, const std::vector<std::string>& known) {
    const auto meant = nearest(misspelt, known);
    return meant ? "; did you mean '" + *meant + "'?" : "";
  }

  std::string source_;
};

Result<toml::table, Problem> parse_toml(std::string_view text, std::string_view source) {
  try {
    return toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    return Fail{Reader(source).at(error.source(), std::string(error.description()))};
  }
}

}  // namespace

Result<Config, Problem> parse(std::string_view toml, std::string_view source) {
  const auto root = parse_toml(toml, source);
  if (!root.ok()) {
    return Fail{root.error()};
  }
  Config config;
  if (const Bad bad = Reader(source).read(root.value(), config)) {
    return Fail{*bad};
  }
  if (const Bad bad = check(config)) {
    return Fail{std::string(source) + ": " + *bad};
  }
  return config;
}

Result<std::vector<Model>, Problem> parse_models(std::string_view toml, std::string_view source) {
  const auto root = parse_toml(toml, source);
  if (!root.ok()) {
    return Fail{root.error()};
  }
  std::vector<Model> models;
  for (const auto& [name, node] : root.value()) {
    Reader reader(source);
    if (name.str() != "model") {
      return Fail{reader.at(name.source(), "unknown section [" + std::string(name.str()) +
                                               "]; only [[model]] may stand here")};
    }
    if (const Bad bad = reader.read_models(node, models)) {
      return Fail{*bad};
    }
  }
  return models;
}

Result<std::string, Problem> read_file(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    return Fail{file.string() + ": is a folder, not a file"};
  }
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (!stream || !(text << stream.rdbuf() || stream.peek() == std::ifstream::traits_type::eof())) {
    return Fail{file.string() + ": cannot be read: " + std::strerror(errno != 0 ? errno : EIO)};
  }
  return text.str();
}

Result<Config, Problem> load(const std::filesystem::path& file) {
  const auto text = read_file(file);
  if (!text.ok()) {
    return Fail{text.error()};
  }
  return parse(text.value(), file.string());
}

std::vector<std::string> all_keys() {
  std::vector<std::string> names;
  for (const auto& key : config_keys()) {
    names.push_back(std::string(key.section) + "." + std::string(key.name));
  }
  for (const auto& key : model_keys()) {
    names.push_back(std::string(key.section) + "." + std::string(key.name));
  }
  return names;
}

}  // namespace config

// Which models are served: the config's, those added to the data folder, those on the command line.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include <base/result.hpp>
#include <config/config.hpp>

namespace config {

/// `--model NAME=FILE[:CONTEXT]`. A file that has a colon and digits at its end needs a context
/// behind it.
[[nodiscard]] base::Result<Model, Problem> parse_model_flag(std::string_view text);

/// DATA/models.toml: what `mains model add` wrote, [[model]] tables as in the config. A missing
/// file is an empty list. Relative files are meant from the data folder.
[[nodiscard]] base::Result<std::vector<Model>, Problem> load_added_models(
    const std::filesystem::path& data_dir);

/// Adds or replaces one, durably (written beside, synced, renamed).
[[nodiscard]] base::Result<base::Done, Problem> add_model(const std::filesystem::path& data_dir,
                                                          const Model& model);

/// Later ones replace earlier ones of the same name: config, then added, then flags. The default
/// models stand only where no [[model]] is written, no flag is given, and, when others were
/// added, their file is there.
[[nodiscard]] std::vector<Model> served_models(const Config& config,
                                               const std::vector<Model>& added,
                                               const std::vector<Model>& flags);

}  // namespace config

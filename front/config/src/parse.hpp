// From TOML text to values, with the line of whatever is wrong.
#pragma once

#include <string_view>
#include <vector>

#include <base/result.hpp>
#include <config/config.hpp>

namespace config {

/// A text of [[model]] tables and nothing else.
[[nodiscard]] base::Result<std::vector<Model>, Problem> parse_models(std::string_view toml,
                                                                     std::string_view source);

/// The whole file, or why not.
[[nodiscard]] base::Result<std::string, Problem> read_file(const std::filesystem::path& file);

}  // namespace config

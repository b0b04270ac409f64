// Parts that the commands of `mains model` share.
#pragma once

#include <filesystem>
#include <string>

#include <base/result.hpp>
#include <config/models.hpp>

#include "leaf.hpp"

namespace cli {

/// Whether it begins like a GGUF.
[[nodiscard]] bool is_gguf(const std::filesystem::path& file);

/// Checks the file and adds it to DATA/models.toml. errors: a line for people.
[[nodiscard]] base::Result<base::Done, std::string> add_model_file(const Session& session,
                                                                   const config::Model& model);

/// Adds `mains model pull` (pull.cpp).
void add_model_pull(CLI::App& model, Session& session);

}  // namespace cli

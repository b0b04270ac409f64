// Parts that the commands of `mains model` share.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <base/result.hpp>
#include <config/models.hpp>

#include "leaf.hpp"

namespace cli {

/// Whether it begins like a GGUF.
[[nodiscard]] bool is_gguf(const std::filesystem::path& file);

/// A name that serves another file already keeps it, because its price was set for that file: a
/// line for people where `file` is another one. Nothing where the name is free.
[[nodiscard]] std::optional<std::string> name_is_taken(const Session& session,
                                                       const config::Model& model);

/// Checks the file and adds it to DATA/models.toml. `replace`: also where the name is taken.
/// errors: a line for people.
[[nodiscard]] base::Result<base::Done, std::string> add_model_file(const Session& session,
                                                                   const config::Model& model,
                                                                   bool replace);

/// Adds --yes, which lets a name that is taken serve another file.
void add_replace_flag(CLI::App& command, bool& replace);

/// Adds `mains model pull` (pull.cpp).
void add_model_pull(CLI::App& model, Session& session);

}  // namespace cli

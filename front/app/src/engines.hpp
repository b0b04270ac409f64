// Loads each weights file once, however many flavours are served from it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <base/result.hpp>
#include <config/config.hpp>
#include <engine/engine.hpp>

namespace app {

struct LoadedFlavour {
  config::Model model;     ///< context filled in.
  std::size_t engine = 0;  ///< Index into LoadedModels::engines.
};

struct LoadedModels {
  std::vector<std::unique_ptr<engine::Engine>> engines;
  std::vector<LoadedFlavour> flavours;
};

/// Shows progress on stderr where that takes time. errors: one line for people.
[[nodiscard]] base::Result<LoadedModels, config::Problem> load_models(
    const config::Engine& options, const std::vector<config::Model>& models);

}  // namespace app

// Where the tests find their models.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace engine::test {

/// A model beside the repository (MAINS_TEST_MODELS, else ../shared/models), or "" when absent.
inline std::string shared_model(const std::string& name) {
  const char* const given = std::getenv("MAINS_TEST_MODELS");
  const std::filesystem::path folder =
      given != nullptr ? std::filesystem::path(given)
                       : std::filesystem::path(MAINS_ROOM_DIR) / "../../../shared/models";
  const auto path = folder / name;
  return std::filesystem::exists(path) ? path.string() : std::string();
}

}  // namespace engine::test

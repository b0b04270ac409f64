// A data folder's note when its books are not in it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <store/postgres.hpp>

namespace vault {

struct Elsewhere {
  store::Home home;   ///< Who this folder is.
  std::string shown;  ///< Where its books are, without a password.
  std::string id;     ///< Whose they are; empty in a folder of before books had an id.
};

[[nodiscard]] std::optional<Elsewhere> read_elsewhere(const std::filesystem::path& dir);
[[nodiscard]] bool write_elsewhere(const std::filesystem::path& dir, const Elsewhere& elsewhere);

}  // namespace vault

// Moving the registry from its file to a PostgreSQL database.
#pragma once

#include <filesystem>
#include <string>

#include <base/ports.hpp>
#include <registry/registry.hpp>

namespace registry {

/// Copies all rows of a registry.db, all or nothing, and compares them. Returns how many.
/// errors   name_taken: there is a registry already where this one should go.
[[nodiscard]] Answer<std::uint64_t> copy_to_postgres(const std::filesystem::path& file,
                                                     const std::string& url, base::Random& random);

}  // namespace registry

// Hashes, secrets and the key that signs price lists.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include <base/ports.hpp>
#include <base/result.hpp>
#include <registry/registry.hpp>
#include <signing/key.hpp>

namespace registry {

using Hash = std::array<std::uint8_t, 32>;

[[nodiscard]] Hash sha256(std::string_view bytes);
/// Takes as long for unequal hashes as for equal ones.
[[nodiscard]] bool equal_in_constant_time(const Hash& a, const Hash& b);
[[nodiscard]] std::array<std::uint8_t, 32> random_bytes(base::Random& random);

/// The key that signs price lists: `file`, made where it is not there yet.
[[nodiscard]] Answer<signing::Key> load_or_create_key(const std::filesystem::path& file,
                                                      base::Random& random);

}  // namespace registry

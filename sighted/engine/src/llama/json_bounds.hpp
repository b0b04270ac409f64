// JSON texts from strangers, before a recursive reader sees them.
#pragma once

#include <cstddef>
#include <string>

namespace engine::llama {

inline constexpr int json_depth_max = 64;

/// Whether the text is no deeper than json_depth_max. Not a JSON check.
[[nodiscard]] bool is_shallow(const std::string& text);

/// Whether it is a JSON object, no deeper than json_depth_max.
[[nodiscard]] bool is_json_object(const std::string& text);

}  // namespace engine::llama

// JSON texts from strangers, before a recursive reader sees them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace engine::llama {

inline constexpr int json_depth_max = 64;

/// Calls see(index, depth) for each bracket outside of strings, with the depth behind it, until it
/// says false.
template <typename See>
void walk_brackets(std::string_view text, const See& see) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      i += c == '\\' ? 1U : 0U;
      quoted = c != '"';
      continue;
    }
    quoted = c == '"';
    const bool opens = c == '{' || c == '[';
    if (!opens && c != '}' && c != ']') {
      continue;
    }
    depth += opens ? 1 : -1;
    if (!see(i, depth)) {
      return;
    }
  }
}

/// Whether the text is no deeper than json_depth_max. Not a JSON check.
[[nodiscard]] bool is_shallow(const std::string& text);

/// Whether it is a JSON object, no deeper than json_depth_max.
[[nodiscard]] bool is_json_object(const std::string& text);

}  // namespace engine::llama

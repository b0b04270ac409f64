#include "json_bounds.hpp"

#include <json.h>

#include <exception>

namespace engine::llama {

bool is_shallow(const std::string& text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      i += c == '\\' ? 1U : 0U;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > json_depth_max) {
        return false;
      }
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return true;
}

bool is_json_object(const std::string& text) {
  if (!is_shallow(text)) {
    return false;
  }
  try {
    return common_json::parse(text).is_object();
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace engine::llama

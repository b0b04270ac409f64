#include "json_bounds.hpp"

#include <json.h>

#include <exception>

namespace engine::llama {

bool is_shallow(const std::string& text) {
  bool shallow = true;
  walk_brackets(text, [&](std::size_t /*at*/, int depth) {
    shallow = depth <= json_depth_max;
    return shallow;
  });
  return shallow;
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

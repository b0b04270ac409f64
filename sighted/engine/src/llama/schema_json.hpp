// A client's schema as a tree.
#pragma once

#include <boost/json.hpp>
#include <string_view>

namespace engine::llama {

/// Null where the text is no JSON; schemas were read by the grammar room before, within its bounds.
[[nodiscard]] inline boost::json::value schema_json(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = 256;
  boost::system::error_code failed;
  boost::json::value value = boost::json::parse(text, failed, {}, options);
  return failed ? boost::json::value() : value;
}

}  // namespace engine::llama

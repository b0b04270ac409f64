// Names of tools and arguments that llama-common cannot mistake for one another.
#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tool_shape.hpp"

namespace engine::llama {

/// The tools under names of ours. llama-common makes rules' names of tools' and arguments' names,
/// and writes all but letters and digits as dashes: rules of `a_b` and `a-b`, of two arguments in
/// Chinese, or of a tool named `call` would be one rule.
[[nodiscard]] std::vector<ToolOutline> renamed(std::vector<ToolOutline> tools);

/// The true names where renamed() put others.
class TrueNames {
 public:
  explicit TrueNames(const std::vector<ToolOutline>& tools);

  [[nodiscard]] std::string in(std::string_view text) const;
  /// In all that a saved parser reads; names of rules stay.
  void put_in(boost::json::value& part) const;

 private:
  std::map<std::string, std::string, std::less<>> names_;
};

}  // namespace engine::llama

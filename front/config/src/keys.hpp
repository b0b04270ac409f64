// The keys of the config, each with how it is read: one table for parsing, messages and tests.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>
#include <config/config.hpp>

namespace config {

/// One key of a [section]. `set` stores the value, or says what is wrong with it, to follow
/// "key 'x' ".
template <class Target>
struct Key {
  std::string_view section;
  std::string_view name;
  std::function<std::optional<Problem>(Target&, const toml::node&)> set;
};

/// Every key outside [[model]], and every key of one [[model]].
[[nodiscard]] const std::vector<Key<Config>>& config_keys();
[[nodiscard]] const std::vector<Key<Model>>& model_keys();

/// The known name nearest to a misspelt one, where one is near enough to be meant.
[[nodiscard]] std::optional<std::string> nearest(std::string_view misspelt,
                                                 const std::vector<std::string>& known);

}  // namespace config

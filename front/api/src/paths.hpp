// Which routes a path has, and what to tell a client that took the wrong one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <http/message.hpp>

#include "errors.hpp"

namespace api {

/// The text in the place of the braces of `pattern`; empty for a path without them. Nothing: no
/// match.
[[nodiscard]] std::optional<std::string> match(std::string_view pattern, std::string_view path);

/// The methods that a path takes, as a header lists them ("GET, HEAD"); empty: there is no such
/// path.
[[nodiscard]] std::string methods_of(std::string_view path);

/// A 405 with `allow` for a path that has other methods, a 404 otherwise. A 404 names the right
/// path only where the client is close to it. Nothing of `path` is repeated.
[[nodiscard]] Problem no_such_route(std::string_view path);

}  // namespace api

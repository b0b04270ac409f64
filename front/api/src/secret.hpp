// The key that a request shows.
#pragma once

#include <string_view>

#include <http/message.hpp>

namespace api {

/// Of `Authorization: Bearer`, else of `x-api-key`; empty: none.
[[nodiscard]] std::string_view secret_of(const http::Request& request);

}  // namespace api

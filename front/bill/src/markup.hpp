// Text inside HTML.
#pragma once

#include <string>
#include <string_view>

namespace bill {

/// Safe as an element's text and as an attribute's value in double quotes. Control characters,
/// which HTML has no way to write, become U+FFFD.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace bill

// How a request ended, as one word.
#pragma once

#include <string_view>

#include <terms/usage.hpp>

namespace notation {

/// "stop", "length", "funds", "disconnect", "cancel", "error", "drain", "done": in receipts and
/// metrics alike. Pure.
[[nodiscard]] std::string_view to_text(terms::EndReason end);

}  // namespace notation

// Moments and months as text, UTC only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <base/quantity.hpp>

namespace notation {

/// "2026-11-23T21:00:00Z", with up to nine decimals of a second, or "2026-11-23" (its midnight).
/// Years 1970 .. 2261; no other zone than Z; no leap second. Nothing when it is anything else.
/// Pure.
[[nodiscard]] std::optional<base::UnixNs> parse_time(std::string_view text);

/// "2026-11-23T21:00:00Z"; parts of a second are cut. Pure.
[[nodiscard]] std::string to_text(base::UnixNs time);

/// A span of calendar time, UTC.
struct Period {
  base::UnixNs from;  ///< Included.
  base::UnixNs to;    ///< Excluded.
};

/// "2026-11" to that month. Nothing when it is no month of 1970 .. 2261. Pure.
[[nodiscard]] std::optional<Period> parse_month(std::string_view text);

/// The calendar month around a moment, as "2026-11". Pure.
[[nodiscard]] std::string month_text(base::UnixNs time);

}  // namespace notation

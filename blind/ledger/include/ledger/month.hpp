// Calendar months, days and hours, all UTC: no time zone and no daylight saving reaches the books.
#pragma once

#include <base/quantity.hpp>
#include <ledger/rows.hpp>

namespace ledger {

inline constexpr base::SpanNs one_second{1'000'000'000};
inline constexpr base::SpanNs one_hour{3'600 * one_second.value};
inline constexpr base::SpanNs one_day{24 * one_hour.value};

/// The month that a moment lies in, leap years included. Pure.
[[nodiscard]] Month month_of(base::UnixNs time);

/// The first moment of a month. Pure. Months outside the years 1678 .. 2261 do not fit.
[[nodiscard]] base::UnixNs start_of(Month month);

/// The last multiple of `step` (> 0) that is not after `time`. Pure; rounds down before 1970 too.
[[nodiscard]] base::UnixNs floor_to(base::UnixNs time, base::SpanNs step);

}  // namespace ledger

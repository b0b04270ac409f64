// A month's usage as a picture.
#pragma once

#include <string>
#include <vector>

#include <bill/statement.hpp>

namespace bill {

/// An inline SVG: a bar of charge for each day of `period`, days to come left free. Each bar tells
/// its day and charge when pointed at, and the whole says in words what it shows.
[[nodiscard]] std::string day_chart(const std::vector<DayLine>& days, notation::Period period,
                                    const std::string& currency);

}  // namespace bill

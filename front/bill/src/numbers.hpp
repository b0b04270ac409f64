// Numbers as statements show them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <bill/statement.hpp>

namespace bill {

/// "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t number);

/// Digits after the point.
[[nodiscard]] std::size_t decimals_of(std::string_view amount);

/// The most digits after the point of any amount of the statement: columns align by it.
[[nodiscard]] std::size_t decimals_max(const Statement& statement);

/// "November 2026".
[[nodiscard]] std::string month_in_words(base::UnixNs time);

}  // namespace bill

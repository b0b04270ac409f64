// What a simulation shows: numbers, JSON, pictures.
#pragma once

#include <string>
#include <vector>

#include <boost/json.hpp>

#include <simulate/house.hpp>

namespace simulate {

/// Service differences as the VTC paper measures them (section 5.1), with a window of 60 seconds:
/// at a moment, the sum over tenants of how far each is behind the best served one, but no further
/// than its own requests reach. In service a second.
[[nodiscard]] std::vector<double> windowed_difference(const Outcome& outcome);

/// Between the most and the least served tenant, since the beginning; one value a second while
/// anybody asks.
[[nodiscard]] std::vector<double> accumulated_difference(const Outcome& outcome);

/// q in 0 .. 1; 0 of nothing. Sorts.
[[nodiscard]] double quantile(std::vector<double> values, double q);

/// Seconds from asking to the first token, of one tenant's requests.
[[nodiscard]] std::vector<double> first_token_s(const Outcome& outcome, std::uint32_t tenant);

[[nodiscard]] boost::json::object to_json(const Load& load, const Options& options,
                                          const std::vector<Outcome>& outcomes);

struct Line {
  std::string name;
  std::vector<double> values;  ///< Evenly spaced from x = 0 on.
};

/// A line chart as SVG. `x_step` is the distance of two values.
[[nodiscard]] std::string chart(const std::string& title, const std::string& x_title,
                                const std::string& y_title, double x_step,
                                const std::vector<Line>& lines);

}  // namespace simulate

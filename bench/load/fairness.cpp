#include "fairness.hpp"

#include <algorithm>
#include <cstddef>

namespace load {

Fairness fairness(const std::vector<std::vector<double>>& service) {
  Fairness result;
  std::size_t seconds = 0;
  for (const auto& one : service) {
    seconds = std::max(seconds, one.size());
  }
  std::vector<double> sums(service.size(), 0);
  for (std::size_t second = 0; second < seconds; ++second) {
    for (std::size_t tenant = 0; tenant < service.size(); ++tenant) {
      sums[tenant] += second < service[tenant].size() ? service[tenant][second] : 0;
    }
    const auto [least, most] = std::ranges::minmax(sums);
    result.apart_end = most - least;
    result.apart_most = std::max(result.apart_most, result.apart_end);
  }
  double sum = 0;
  double squares = 0;
  for (const double one : sums) {
    sum += one;
    squares += one * one;
  }
  if (squares > 0) {
    result.jain = sum * sum / (static_cast<double>(sums.size()) * squares);
  }
  return result;
}

}  // namespace load

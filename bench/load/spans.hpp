#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace load {

/// Spans in nanoseconds, asked for by rank.
class Spans {
 public:
  void add(std::int64_t span_ns) { spans_.push_back(span_ns); }
  [[nodiscard]] std::size_t size() const { return spans_.size(); }

  /// The smallest span that `part` (0 .. 1) of all do not exceed, in milliseconds; 0 of none.
  [[nodiscard]] double at_ms(double part) {
    if (spans_.empty()) {
      return 0;
    }
    const auto count = static_cast<double>(spans_.size());
    const auto rank = static_cast<std::size_t>(std::max(0.0, std::ceil(part * count) - 1));
    const auto place = spans_.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(spans_.begin(), place, spans_.end());
    return static_cast<double>(*place) / 1e6;
  }
  [[nodiscard]] double most_ms() { return at_ms(1); }

 private:
  std::vector<std::int64_t> spans_;
};

}  // namespace load

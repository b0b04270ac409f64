#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
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

 private:
  std::vector<std::int64_t> spans_;
};

/// What one group saw. Requests are those that ended in the measured window, tokens those that came
/// in it (a prompt's count with the first token); spans are those of all requests that began in it,
/// so that slow ones are not left out.
struct Tally {
  std::int64_t requests = 0;
  std::int64_t tokens_in = 0;
  std::int64_t tokens_out = 0;
  std::int64_t unanswered = 0;  // cut after the drain
  std::int64_t unanswered_without_token = 0;
  std::map<std::string, std::int64_t> errors;  // "status 402", "connection closed", ...
  Spans whole;                                 // request sent to answer complete
  Spans first;                                 // request sent to first token (streams)
  Spans between;                               // chunk to chunk (streams)

  [[nodiscard]] std::int64_t error_count() const {
    std::int64_t sum = 0;
    for (const auto& [what, count] : errors) {
      sum += count;
    }
    return sum;
  }
};

struct Outcome {
  std::vector<Tally> tallies;  // one for each group of the plan
  double window_s = 0;
  double server_cpu_s = 0;
  double client_cpu_s = 0;
};

}  // namespace load

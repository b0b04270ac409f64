#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "process.hpp"
#include "spans.hpp"

namespace load {

/// What one group saw.
/// Requests and errors are those that ended in the measured window, tokens those that came in it (a
/// prompt's count with the first token). Whole, first and per_token are of the requests that were
/// meant to go out in it, from that moment on: what a late generator or a full server made wait is
/// not left out, and a request that is cut without its first token counts with the time it had.
/// Gaps between tokens are those that touch the window.
struct Tally {
  std::int64_t requests = 0;
  std::int64_t tokens_in = 0;  // cached ones too
  std::int64_t tokens_cached = 0;
  std::int64_t tokens_out = 0;
  std::int64_t meant = 0;       // requests meant to go out in the window
  std::int64_t good = 0;        // of them, those that kept the limits
  std::int64_t unanswered = 0;  // of them, cut after the drain
  std::int64_t unanswered_without_token = 0;
  std::map<std::string, std::int64_t> errors;  // "status 402", "connection closed", ...
  Spans whole;                                 // meant to go out .. answer complete
  Spans first;                                 // meant to go out .. first token (streams)
  Spans between;                               // chunk to chunk (streams)
  Spans per_token;                             // of a request: first to last token, by its tokens
  Spans late;                                  // meant to go out .. sent (open loops)
  std::vector<double> service;                 // in each second, in priced tokens

  void serve(std::size_t second, double amount) {
    if (service.size() <= second) {
      service.resize(second + 1, 0);
    }
    service[second] += amount;
  }
  [[nodiscard]] double served() const {
    double sum = 0;
    for (const double one : service) {
      sum += one;
    }
    return sum;
  }
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
  Memory memory_before;  // of the server, when the window opened
  Memory memory_after;   // and when it closed
};

}  // namespace load

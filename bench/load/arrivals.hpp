#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <base/result.hpp>

#include "plan.hpp"

namespace load {

/// Moments of an open loop whose requests come by chance (a Poisson process): nanoseconds since the
/// run began, in order, all before `seconds`. The same seed gives the same moments.
std::vector<std::int64_t> by_chance(double rate_per_s, double seconds, std::uint64_t seed);

/// Fills in the arrivals of every group with a rate.
void set_arrivals(Plan& plan);

struct Replay {
  double speed = 1;               // times as fast as it was
  double shrink = 1;              // all lengths are divided by this
  double seconds = 60;            // later requests are left out
  int clients = 1'000;            // connections of each tenant, at most
  std::vector<std::string> keys;  // of the tenants, in order, from the beginning when they run out
};

/// A trace's tenants as groups of open loops, added to the plan. The kinds of traces are those of
/// `mains simulate`. Errors are a line for people.
base::Result<base::Done, std::string> add_trace(Plan& plan, const std::string& path,
                                                const Replay& replay);

}  // namespace load

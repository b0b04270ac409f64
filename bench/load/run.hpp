#pragma once

#include "plan.hpp"
#include "tally.hpp"

namespace load {

/// Runs the plan: warm up, measure, drain, cut. Takes at most warmup_s + measured_s + drain_s and
/// a little; blocks; one thread.
Outcome run(const Plan& plan);

/// User and system time of a process so far, in seconds; 0 where it is not there.
double cpu_of_s(int pid);

}  // namespace load

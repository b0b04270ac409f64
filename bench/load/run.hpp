#pragma once

#include <string>

#include <base/result.hpp>

#include "plan.hpp"
#include "tally.hpp"

namespace load {

/// Runs the plan: warm up, measure, drain, cut. Takes at most warmup_s + measured_s + drain_s and
/// a little; blocks; one thread. Fails, with a line for people, when the host has no address.
base::Result<Outcome, std::string> run(const Plan& plan);

}  // namespace load

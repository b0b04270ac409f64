#include <meter/meter.hpp>

#include <algorithm>

#include <base/invariant.hpp>

namespace meter {

void Meter::count(const terms::StepEntry& planned, const terms::LaneReport& done) {
  base::invariant(planned.lane == done.lane, "a report answers its own line of the plan");
  base::invariant(done.sampled <= 1, "a lane samples at most one token a step");
  const auto position = base::checked_add(planned.resident, done.computed);
  const auto output = base::checked_add(output_, base::Tokens{done.sampled});
  base::invariant(position && output, "a job's tokens fit 32 bits");
  if (done.computed.value > 0) {
    input_ = std::max(input_, std::min(*position, prompt_));
  }
  output_ = *output;
}

}  // namespace meter

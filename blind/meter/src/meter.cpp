#include <meter/meter.hpp>

#include <algorithm>

#include <base/invariant.hpp>

namespace meter {

std::uint32_t Meter::reach(base::Tokens position) {
  const base::Tokens before = input_;
  input_ = std::max(input_, std::min(position, prompt_));
  return input_.value - before.value;
}

void Meter::count(const terms::StepEntry& planned, const terms::LaneReport& done) {
  base::invariant(planned.lane == done.lane, "a report answers its own line of the plan");
  base::invariant(done.sampled <= 1, "a lane samples at most one token a step");
  const auto found = base::checked_add(planned.resident, done.reused);
  const auto output = base::checked_add(output_, base::Tokens{done.sampled});
  base::invariant(found && output, "a job's tokens fit 32 bits");
  const auto position = base::checked_add(*found, done.computed);
  base::invariant(position.has_value(), "a job's tokens fit 32 bits");
  if (done.computed.value > 0) {
    if (done.reused.value > 0) {
      cached_.value += reach(*found);
    }
    reach(*position);
  }
  output_ = *output;
}

}  // namespace meter

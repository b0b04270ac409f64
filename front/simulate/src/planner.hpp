// Who decides what a simulated engine does next: the server's scheduler, or a reference to compare
// it with. All speak in plans, so the same engine runs them.
#pragma once

#include <memory>

#include <base/quantity.hpp>
#include <simulate/house.hpp>
#include <terms/work.hpp>

namespace simulate {

class Planner {
 public:
  virtual ~Planner() = default;
  /// False: it can never fit.
  virtual bool submit(const terms::WorkItem& item) = 0;
  virtual terms::StepPlan plan() = 0;
  virtual void report(const terms::StepReport& report, base::SpanNs took) = 0;
  /// A job is over.
  virtual void remove(terms::JobId job) = 0;
};

[[nodiscard]] std::unique_ptr<Planner> make_planner(Policy policy, const Options& options);

/// Continuous batching as the VTC paper has it: whole prompts in steps of their own, then all
/// running requests decode together; a request is admitted when its whole length fits beside what
/// the running ones will need, which is known here; nothing is ever moved aside.
/// by_counter   choose by Virtual Token Counters; else first come first served.
[[nodiscard]] std::unique_ptr<Planner> make_reference(bool by_counter, const Options& options);

}  // namespace simulate

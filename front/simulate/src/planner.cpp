#include "planner.hpp"

#include <schedule/scheduler.hpp>

namespace simulate {
namespace {

class Ours final : public Planner {
 public:
  explicit Ours(const Options& options)
      : scheduler_({options.machine.kv_tokens, options.machine.lanes, options.machine.step_tokens,
                    0, true},
                   policy(options)) {}

  bool submit(const terms::WorkItem& item) override {
    return scheduler_.submit(item) == schedule::Admission::queued;
  }
  terms::StepPlan plan() override { return scheduler_.plan(); }
  void report(const terms::StepReport& report, base::SpanNs took) override {
    // The engine never runs out of what it said it has, so no lane is ever stuck.
    static_cast<void>(scheduler_.report(report, took));
  }
  void remove(terms::JobId job) override { scheduler_.remove(job); }

 private:
  static schedule::Policy policy(const Options& options) {
    schedule::Policy policy;
    // Overload is what is looked at, so the queue takes all of it.
    policy.queue_jobs_max = 1U << 30U;
    policy.quantum_tokens = options.quantum_tokens;
    return policy;
  }

  schedule::Scheduler scheduler_;
};

}  // namespace

std::unique_ptr<Planner> make_planner(Policy policy, const Options& options) {
  return policy == Policy::ours ? std::make_unique<Ours>(options)
                                : make_reference(policy == Policy::vtc, options);
}

}  // namespace simulate

// A scheduler on the naive engine, driven step by step.
#pragma once

#include "naive_engine.hpp"

namespace schedule::testing {

/// A scheduler on a naive engine.
struct Bench {
  explicit Bench(Capacity c, Policy p = {}) : scheduler(c, p), engine(c) {}

  void submit(const terms::WorkItem& item) {
    engine.open(item);
    ASSERT_EQ(scheduler.submit(item), Admission::queued);
    open.push_back(item.job);
  }
  void submit(const terms::WorkItem& item, std::uint64_t family, std::uint32_t common) {
    ASSERT_EQ(scheduler.submit(engine.open(item, family, common)), Admission::queued);
    open.push_back(item.job);
  }
  terms::StepPlan step(base::SpanNs took = {}) {
    terms::StepPlan plan = scheduler.plan();
    EXPECT_TRUE(scheduler.report(engine.run(plan), took).empty());
    std::erase_if(open, [this](terms::JobId id) {
      if (!engine.finished(id)) {
        return false;
      }
      leave(id);
      return true;
    });
    if (told) {
      scheduler.share(engine.sharing());
    }
    return plan;
  }
  void leave(terms::JobId id) {
    engine.close(id);
    scheduler.remove(id);
  }
  void run_all(int steps_max) {
    while (!open.empty() && steps_max-- > 0) {
      if (step().run.empty()) {
        ADD_FAILURE() << "someone runs while there is work";
        return;
      }
    }
    EXPECT_TRUE(open.empty()) << "every job ends";
    EXPECT_EQ(scheduler.counts().kv_tokens_used, 0U);
    EXPECT_TRUE(scheduler.idle());
  }
  [[nodiscard]] bool is_open(terms::JobId id) const {
    return std::ranges::find(open, id) != open.end();
  }

  Scheduler scheduler;
  NaiveEngine engine;
  std::vector<terms::JobId> open;
  bool told = true;  ///< The engine says after each step what lanes hold together.
};

}  // namespace schedule::testing

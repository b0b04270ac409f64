// Which lane gets how many tokens next. Numbers in, numbers out.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <base/quantity.hpp>
#include <terms/ids.hpp>
#include <terms/work.hpp>

namespace schedule {

/// What the engine can hold and do. Constant for a scheduler's life.
struct Capacity {
  std::uint32_t kv_tokens = 0;        ///< All lanes together.
  std::uint32_t lanes_max = 0;        ///< Resident at once.
  std::uint32_t step_tokens_max = 0;  ///< In one step, all lanes together.
  std::uint32_t embed_whole_max = 0;  ///< 0 = embed prompts may be cut; else they come whole.
  bool can_fork = true;               ///< Lanes of a job may share their prompt's KV.
};

struct Policy {
  std::uint32_t queue_jobs_max = 1024;         ///< Jobs waiting or running; more are refused.
  std::uint32_t prefill_beside_decodes = 128;  ///< Prefill tokens a step while streams decode.
};

enum class Admission : std::uint32_t {
  queued = 1,
  queue_full = 2,  ///< Come back later.
  too_large = 3,   ///< Can never fit this engine.
};

/// How it stands, for metrics.
struct Counts {
  std::uint64_t jobs = 0;
  std::uint64_t lanes_resident = 0;
  std::uint64_t lanes_waiting = 0;
  std::uint64_t kv_tokens_used = 0;
};

/// Plans steps for one engine. Decodes come first, then prompts in chunks. Between tenants the one
/// that has been served least goes first (a counter of computed tokens each, lifted to the lowest
/// active one on return from idling: Virtual Token Counter, Sheng et al., OSDI 2024); within a
/// tenant first come first served, and a large job is never passed by a smaller one behind it.
/// When KV runs out, the lane admitted last is evicted and waits at its old place.
///
/// Deterministic: the same calls give the same plans. No clock, no thread, no I/O, no randomness.
/// Not thread-safe: the engine thread owns it.
class Scheduler {
 public:
  Scheduler(Capacity capacity, Policy policy);

  /// Takes a job. `item.job` must be new.
  Admission submit(const terms::WorkItem& item);
  /// Room for so many more jobs right now.
  [[nodiscard]] std::uint32_t room() const;
  /// Forgets a job and its lanes at once; the caller closes it at the engine. Unknown: ignored.
  void remove(terms::JobId job);
  /// The next step; empty when nothing can run. Planning changes the state: every plan must be
  /// run and reported before the next.
  terms::StepPlan plan();
  /// What the engine did with the last plan. Returns lanes that can never go on because even alone
  /// they do not fit; the caller must remove their jobs.
  std::vector<terms::Lane> report(const terms::StepReport& report);
  [[nodiscard]] bool idle() const { return jobs_.empty(); }
  [[nodiscard]] Counts counts() const;

 private:
  struct LaneState {
    std::uint32_t known = 0;     ///< Prompt and sampled tokens.
    std::uint32_t resident = 0;  ///< Of these, in the KV cache.
    std::uint64_t admitted = 0;  ///< Order of admission; 0 = not admitted.
    bool finished = false;
  };
  struct Job {
    terms::WorkItem item;
    std::uint64_t arrival = 0;
    std::vector<LaneState> lanes;
  };
  struct Tenant {
    std::uint64_t served = 0;  ///< Tokens computed for it.
    std::uint32_t jobs = 0;
  };
  struct Cursor {
    Job* job = nullptr;
    std::uint32_t choice = 0;
    [[nodiscard]] LaneState& state() const { return job->lanes[choice]; }
    [[nodiscard]] terms::Lane lane() const { return {job->item.job, choice}; }
  };

  Job* find(terms::JobId job);
  [[nodiscard]] std::vector<Cursor> admitted_lanes();
  void lift(Tenant& tenant) const;
  void plan_decodes(terms::StepPlan& plan, std::uint32_t& budget);
  void plan_prefills(terms::StepPlan& plan, std::uint32_t& budget, std::uint32_t& prefill_left);
  void admit_waiting(terms::StepPlan& plan, std::uint32_t& budget, std::uint32_t& prefill_left);
  void admit(const Cursor& cursor, terms::StepPlan& plan, std::uint32_t& budget,
             std::uint32_t& prefill_left);
  Cursor next_waiting();
  [[nodiscard]] bool shares_prompt(const Job& job, std::uint32_t choice) const;
  [[nodiscard]] const LaneState* fork_source(const Job& job, std::uint32_t& choice) const;
  [[nodiscard]] bool waits_for_sibling(const Job& job, std::uint32_t choice) const;
  std::vector<terms::Lane> make_room();
  void evict(const Cursor& cursor, terms::StepPlan& plan);
  void run(const Cursor& cursor, std::uint32_t tokens, terms::StepPlan& plan);
  [[nodiscard]] std::uint32_t kv_free() const {
    return capacity_.kv_tokens > kv_used_ ? capacity_.kv_tokens - kv_used_ : 0;
  }

  Capacity capacity_;
  Policy policy_;
  std::map<std::uint64_t, Job> jobs_;               ///< By arrival.
  std::map<terms::JobId, std::uint64_t> arrivals_;  ///< Job to its key in jobs_.
  std::map<terms::TenantId, Tenant> tenants_;
  std::vector<terms::Lane> drop_;          ///< Finished lanes whose KV the next plan gives back.
  std::vector<terms::StepEntry> planned_;  ///< The last plan's run, until it is reported.
  std::uint64_t next_arrival_ = 1;
  std::uint64_t next_admission_ = 1;
  std::uint32_t kv_used_ = 0;     ///< Resident and, within a step, planned tokens.
  std::uint32_t lanes_used_ = 0;  ///< Admitted lanes.
};

}  // namespace schedule

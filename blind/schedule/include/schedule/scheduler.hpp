// Which lane gets how many tokens next. Numbers in, numbers out.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <base/quantity.hpp>
#include <schedule/pace.hpp>
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
  std::uint32_t queue_jobs_max = 1024;   ///< Jobs waiting or running; more are refused.
  base::SpanNs step_target{50'000'000};  ///< How long a step may take while streams decode.
  /// In a step beside decodes, however long it takes; a quarter of it where that lets them keep
  /// their pace.
  std::uint32_t prompt_tokens_min = 16;
  /// In any step, of a prompt no longer than this of a tenant with fewer lanes than the average.
  /// A question of 50 words is some 80 tokens with its template.
  std::uint32_t short_prompt_tokens = 128;
  /// How far a tenant may get ahead of one that waits, in tokens of the dearest price present.
  std::uint32_t quantum_tokens = 1024;
  /// For so many steps the seat of a tenant that left is not given to one that has a lane.
  std::uint32_t seat_steps = 64;
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
  std::uint64_t kv_tokens_used = 0;  ///< What lanes hold together once, as far as is known.
};

/// Service in the unit of the bill before it is rounded: tokens times nano-units per million
/// tokens, so 10^-6 nano-units. A price of 0 counts as 1: who shares free models shares them too.
using Service = base::Quantity<struct ServiceTag, std::uint64_t>;

/// Plans steps for one engine: who decodes, how much of which prompt enters beside them, whose KV
/// is dropped. Between tenants, priced service is shared evenly, with a bound on how far anyone
/// gets ahead of a tenant that waits: docs/fairness.md has the rules and the proof (the idea of
/// counters is the Virtual Token Counter's, Sheng et al., OSDI 2024). Within a tenant, first come
/// first served.
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
  /// What lanes hold together, as of now: it is counted once from here on. Between two words of the
  /// engine, what a lane that leaves held with others counts as if these still held it. Never told:
  /// what was found counts for each lane.
  void share(const terms::Sharing& sharing);
  /// What the engine did with the last plan, and how long it took (0 = not known). Returns lanes
  /// that can never go on because even alone they do not fit; the caller must remove their jobs.
  std::vector<terms::Lane> report(const terms::StepReport& report, base::SpanNs took);
  [[nodiscard]] bool idle() const { return jobs_.empty(); }
  [[nodiscard]] Counts counts() const;
  /// How far a tenant is ahead of the least-served one that waits. Unknown tenants: 0.
  [[nodiscard]] Service ahead(terms::TenantId tenant) const;

 private:
  struct Tenant;
  struct LaneState {
    std::uint32_t known = 0;     ///< Prompt and sampled tokens.
    std::uint32_t resident = 0;  ///< Of these, in the KV cache.
    std::uint32_t planned = 0;   ///< To become resident in the step under way.
    std::uint32_t found = 0;     ///< Of these, expected in the cache.
    std::uint32_t shared = 0;    ///< Of resident and found, in the pool: others hold them, too.
    bool admitted = false;
    bool finished = false;
    [[nodiscard]] std::uint32_t missing() const { return known - resident; }
    [[nodiscard]] bool decodes() const { return resident > 0 && missing() == 1; }
  };
  struct Job {
    terms::WorkItem item;
    std::uint64_t arrival = 0;
    Tenant* tenant = nullptr;
    std::uint32_t prompt_charged = 0;  ///< As far as the prompt was ever computed.
    std::vector<LaneState> lanes;
  };
  struct Tenant {
    std::map<std::uint64_t, Job*> jobs;  ///< By arrival.
    Service ahead;                       ///< Of the least-served tenant that waits.
    Service planned;                     ///< To be charged for the step under way, at most.
    std::uint64_t beginning = 0;         ///< Prompt tokens that the step under way may find.
    std::uint32_t lanes = 0;             ///< Admitted.
    std::uint64_t seated = 0;            ///< After which step it last got a seat, or came.
    std::uint64_t left = 0;              ///< The step in which it last lost a job.
    bool waits = false;                  ///< The last plan left some of its work undone.
  };
  struct Cursor {
    Job* job = nullptr;
    std::uint32_t choice = 0;
    [[nodiscard]] LaneState& state() const { return job->lanes[choice]; }
    [[nodiscard]] Tenant& tenant() const { return *job->tenant; }
    [[nodiscard]] terms::Lane lane() const { return {job->item.job, choice}; }
  };
  /// What a lane that has nothing would hold together with another.
  struct Held {
    LaneState* holder = nullptr;
    std::uint32_t tokens = 0;
  };
  /// What of the cache a lane may come to need.
  struct Need {
    std::uint64_t to_come = 0;
    std::uint64_t known = 0;
    std::uint64_t shared = 0;
    Cursor lane;
  };
  /// What is left of a step while it is planned.
  struct Budget {
    std::uint32_t tokens = 0;
    bool streams = false;  ///< Some lane decodes, or would if its tenant did not rest.
    std::uint32_t prompt_tokens = 0;
    base::SpanNs target;  ///< How long the step may take while streams decode.
    Shape questions;      ///< Short prompts that will enter whole.
    Shape shape;
  };

  // scheduler.cpp: jobs in and out, what was done.
  Job* find(terms::JobId job);
  void forget(const Cursor& cursor);
  void charge(Job& job, const LaneState& lane, const terms::LaneReport& done);
  void lead_on(const Job& gone);
  std::vector<terms::Lane> make_room();

  // together.cpp: what lanes hold together.
  void hold_together(const Held& held, LaneState& lane);
  [[nodiscard]] std::uint32_t in_common(const Cursor& a, const Cursor& b) const;
  [[nodiscard]] Held held_already(const Cursor& cursor, const std::vector<Cursor>& leaving) const;
  [[nodiscard]] std::vector<Need> needs_beside(const Cursor& cursor,
                                               const std::vector<Cursor>& leaving,
                                               std::uint64_t& pooled) const;
  [[nodiscard]] std::uint32_t kv_used() const {
    return kv_each_ - (shared_ > pooled_ ? shared_ - pooled_ : 0);
  }
  [[nodiscard]] std::uint32_t kv_free() const {
    return capacity_.kv_tokens > kv_used() ? capacity_.kv_tokens - kv_used() : 0;
  }

  // shares.cpp: who is ahead of whom, and who gives way.
  void settle_shares();
  void mark_waiting();
  [[nodiscard]] bool rests(const Tenant& tenant) const;
  [[nodiscard]] static bool goes_before(const Cursor& a, const Cursor& b);
  [[nodiscard]] bool fits(const Cursor& cursor, const std::vector<Cursor>& leaving) const;
  [[nodiscard]] std::uint32_t to_come(const Cursor& cursor) const;
  [[nodiscard]] std::vector<Cursor> resting_for(const Cursor& cursor) const;
  [[nodiscard]] std::vector<Cursor> one_for(const Cursor& cursor) const;
  bool make_way(const Cursor& cursor, terms::StepPlan& plan);
  void evict(const Cursor& cursor, terms::StepPlan& plan);

  // plan.cpp: what the next step does.
  void admit(const Cursor& cursor);
  [[nodiscard]] Cursor next_waiting(const Tenant& tenant) const;
  Cursor next_to_admit();
  [[nodiscard]] bool follows(const Job& job) const;
  [[nodiscard]] std::uint32_t at_hand(const Cursor& cursor) const;
  [[nodiscard]] std::uint32_t to_compute(const Cursor& cursor) const;
  [[nodiscard]] std::uint64_t prompts_before(const Tenant& tenant) const;
  void admit_waiting(terms::StepPlan& plan);
  [[nodiscard]] bool has_few_lanes(const Tenant& tenant) const;
  [[nodiscard]] bool is_question(const Cursor& cursor) const;
  void expect_questions(Budget& budget) const;
  [[nodiscard]] bool holds_up(const Cursor& decode, const Budget& budget) const;
  void plan_decodes(terms::StepPlan& plan, Budget& budget);
  void plan_prompts(terms::StepPlan& plan, Budget& budget);
  [[nodiscard]] Cursor next_prompt() const;
  [[nodiscard]] std::uint32_t least_beside(const Shape& decodes, std::uint32_t resident) const;
  [[nodiscard]] std::uint32_t beside_streams(const Cursor& cursor, std::uint32_t found,
                                             const Budget& budget) const;
  void free_kv(const Cursor& cursor, std::uint32_t tokens, terms::StepPlan& plan);
  bool plan_prompt(const Cursor& cursor, terms::StepPlan& plan, Budget& budget);
  [[nodiscard]] bool can_fork(const Cursor& cursor) const;
  void fork(const Cursor& cursor, terms::StepPlan& plan);
  [[nodiscard]] static std::uint32_t to_find(const Cursor& cursor);
  [[nodiscard]] bool may_begin(const Cursor& cursor) const;
  void run(const Cursor& cursor, std::uint32_t tokens, std::uint32_t found, terms::StepPlan& plan,
           Budget& budget);
  [[nodiscard]] bool comes_whole(const Job& job) const;
  [[nodiscard]] bool shares_prompt(const Job& job, std::uint32_t choice) const;
  [[nodiscard]] static LaneState* fork_source(Job& job, std::uint32_t& choice);
  [[nodiscard]] bool waits_for_sibling(Job& job, std::uint32_t choice) const;

  Capacity capacity_;
  Policy policy_;
  Pace pace_;
  std::map<terms::JobId, Job> jobs_;
  std::map<terms::TenantId, Tenant> tenants_;
  std::vector<Cursor> admitted_;   ///< In order of turn, when a plan is made.
  std::vector<terms::Lane> drop_;  ///< Lanes that are over, whose KV the next plan gives back.
  Shape planned_;                  ///< Of the step under way.
  std::uint64_t next_arrival_ = 1;
  std::uint64_t step_ = 0;
  std::uint64_t dearest_ = 1;           ///< Greatest price of a token since it was last idle.
  std::uint32_t kv_each_ = 0;           ///< Resident and planned tokens, for each lane all.
  std::uint32_t shared_ = 0;            ///< Of these, in the pool.
  std::uint32_t pooled_ = 0;            ///< Tokens of the pool, each once; rather too many.
  std::uint32_t typical_output_ = 128;  ///< Tokens of a lane, of late.
  std::uint32_t present_ = 0;           ///< Tenants with jobs.
  std::uint32_t kept_seats_ = 0;        ///< Not for who has a lane already.
  bool stood_still_ = false;            ///< Streams did, in the last plan, for a question.
};

}  // namespace schedule

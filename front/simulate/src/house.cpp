#include <simulate/house.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <queue>

#include "planner.hpp"

namespace simulate {
namespace {

/// A request under way.
struct Job {
  Served served;
  std::uint32_t resident = 0;
  std::uint32_t covered = 0;   ///< Of its prompt, ever computed.
  std::uint32_t computed = 0;  ///< All in all, so also again.
  std::uint32_t sampled = 0;
  double token_s = 0;  ///< When its last token came.
  bool again = false;
};

/// One engine: it runs a plan, and takes as long as the machine says.
class Engine {
 public:
  Engine(Policy policy, const Options& options)
      : options_(options), planner_(make_planner(policy, options)) {}

  [[nodiscard]] double free_at_s() const { return free_at_s_; }
  [[nodiscard]] bool busy() const { return !jobs_.empty(); }
  [[nodiscard]] std::uint64_t outstanding() const { return outstanding_; }

  bool submit(const Request& request, std::uint64_t id, double now_s) {
    terms::WorkItem item;
    item.job = {id};
    item.tenant = {request.tenant + 1};
    item.prompt = {request.prompt};
    item.output_max = {request.output};
    item.prices = {{options_.input_weight}, {0}, {options_.output_weight}};
    if (!planner_->submit(item)) {
      return false;
    }
    if (jobs_.empty()) {
      free_at_s_ = std::max(free_at_s_, now_s);
    }
    Job& job = jobs_[id];
    job.served = {now_s, 0, 0, request.tenant, request.prompt, request.output};
    job.again = request.again;
    outstanding_ += request.prompt + request.output;
    return true;
  }

  /// One step, from free_at_s() on. Finished requests are appended to `done`.
  void step(Outcome& outcome, std::vector<Job>& done) {
    const terms::StepPlan plan = planner_->plan();
    for (const terms::Lane& lane : plan.evict) {
      if (const auto job = jobs_.find(lane.job.value); job != jobs_.end()) {
        job->second.resident = 0;
        ++outcome.evictions;
      }
    }
    const double took_s = seconds(plan);
    free_at_s_ += took_s;
    ++outcome.steps;
    terms::StepReport report;
    std::vector<std::uint64_t> finished;
    for (const terms::StepEntry& entry : plan.run) {
      report.lanes.push_back(run(entry, outcome));
      if (report.lanes.back().finished) {
        finished.push_back(entry.lane.job.value);
      }
    }
    planner_->report(report, {static_cast<std::int64_t>(took_s * 1e9)});
    for (const std::uint64_t id : finished) {
      planner_->remove({id});
      const auto job = jobs_.find(id);
      job->second.served.done_s = free_at_s_;
      outstanding_ -= job->second.served.prompt + job->second.served.output;
      done.push_back(job->second);
      jobs_.erase(job);
    }
  }

 private:
  [[nodiscard]] double seconds(const terms::StepPlan& plan) const {
    const Machine& m = options_.machine;
    double ms = m.step_ms;
    for (const terms::StepEntry& entry : plan.run) {
      const Job& job = jobs_.at(entry.lane.job.value);
      const double tokens = entry.tokens.value;
      const double resident = entry.resident.value;
      if (entry.tokens.value == 1 && job.sampled > 0) {
        ms += m.decode_ms + m.read_ms * (resident + 1);
      } else {
        ms += m.prompt_ms * tokens + m.position_ms * tokens * (resident + tokens / 2);
      }
    }
    return ms / 1000;
  }

  void serve(Outcome& outcome, std::uint32_t tenant, double service) const {
    std::vector<double>& seconds = outcome.service[tenant];
    const auto second = static_cast<std::size_t>(free_at_s_);
    if (seconds.size() <= second) {
      seconds.resize(second + 1);
    }
    seconds[second] += service;
  }

  terms::LaneReport run(const terms::StepEntry& entry, Outcome& outcome) {
    Job& job = jobs_.at(entry.lane.job.value);
    terms::LaneReport report;
    report.lane = entry.lane;
    report.computed = entry.tokens;
    job.resident += entry.tokens.value;
    job.computed += entry.tokens.value;
    const std::uint32_t reach = std::min(job.resident, job.served.prompt);
    if (reach > job.covered) {
      serve(outcome, job.served.tenant, (reach - job.covered) * double(options_.input_weight));
      job.covered = reach;
    }
    if (job.resident == job.served.prompt + job.sampled) {
      ++job.sampled;
      report.sampled = 1;
      serve(outcome, job.served.tenant, options_.output_weight);
      if (job.sampled == 1) {
        job.served.first_s = free_at_s_;
      } else {
        outcome.itl_ms[job.served.tenant].push_back(
            static_cast<float>((free_at_s_ - job.token_s) * 1000));
      }
      job.token_s = free_at_s_;
      report.finished = job.sampled == job.served.output;
    }
    if (report.finished) {
      outcome.tokens += job.served.prompt + job.served.output;
      outcome.recomputed += job.computed - (job.served.prompt + job.served.output - 1);
    }
    return report;
  }

  const Options& options_;
  std::unique_ptr<Planner> planner_;
  std::map<std::uint64_t, Job> jobs_;
  std::uint64_t outstanding_ = 0;
  double free_at_s_ = 0;
};

/// All engines, and who is still to come.
class House {
 public:
  House(const Load& load, Policy policy, const Options& options) : load_(load), options_(options) {
    outcome_.policy = policy;
    outcome_.service.resize(load.tenants.size());
    outcome_.asked.resize(load.tenants.size());
    outcome_.itl_ms.resize(load.tenants.size());
    for (std::uint32_t i = 0; i < options.engines; ++i) {
      engines_.push_back(std::make_unique<Engine>(policy, options));
    }
    for (const Request& request : load.requests) {
      coming_.push({request, ++numbers_});
    }
  }

  Outcome run() {
    for (;;) {
      Engine* const next = next_engine();
      if (!coming_.empty() && (next == nullptr || coming_.top().first.at_s <= next->free_at_s())) {
        arrive();
      } else if (next != nullptr) {
        step(*next);
      } else {
        return std::move(outcome_);
      }
    }
  }

 private:
  /// The busy engine whose step ends, and so begins, first.
  [[nodiscard]] Engine* next_engine() const {
    Engine* best = nullptr;
    for (const auto& engine : engines_) {
      if (engine->busy() && (best == nullptr || engine->free_at_s() < best->free_at_s())) {
        best = engine.get();
      }
    }
    return best;
  }

  void arrive() {
    const auto [request, number] = coming_.top();
    coming_.pop();
    Engine& engine = **std::ranges::min_element(engines_, {},
                                                [](const auto& one) { return one->outstanding(); });
    if (!engine.submit(request, number, request.at_s)) {
      ++outcome_.refused;
      return;
    }
    std::vector<double>& seconds = outcome_.asked[request.tenant];
    const auto second = static_cast<std::size_t>(request.at_s);
    seconds.resize(std::max(seconds.size(), second + 1));
    seconds[second] += double(options_.input_weight) * request.prompt +
                       double(options_.output_weight) * request.output;
  }

  void step(Engine& engine) {
    std::vector<Job> done;
    engine.step(outcome_, done);
    for (const Job& job : done) {
      outcome_.requests.push_back(job.served);
      outcome_.end_s = std::max(outcome_.end_s, job.served.done_s);
      if (job.again && job.served.done_s < load_.until_s) {
        const Request again{job.served.done_s, job.served.tenant, job.served.prompt,
                            job.served.output, true};
        coming_.push({again, ++numbers_});
      }
    }
  }

  using Coming = std::pair<Request, std::uint64_t>;
  struct Later {
    bool operator()(const Coming& a, const Coming& b) const {
      return std::pair(a.first.at_s, a.second) > std::pair(b.first.at_s, b.second);
    }
  };

  const Load& load_;
  const Options& options_;
  Outcome outcome_;
  std::vector<std::unique_ptr<Engine>> engines_;
  std::priority_queue<Coming, std::vector<Coming>, Later> coming_;
  std::uint64_t numbers_ = 0;
};

}  // namespace

std::optional<Machine> machine(std::string_view name) {
  if (name == "a10g") {
    return Machine{"a10g", 29.45, 0.4, 0.0495, 0.000983, 0.00002, 10'000, 256, 512};
  }
  if (name == "cpu") {
    return Machine{"cpu", 3.8, 1.06, 1.65, 0.0006, 0.0005, 32'768, 64, 256};
  }
  return std::nullopt;
}

std::string_view name(Policy policy) {
  return policy == Policy::ours ? "ours" : policy == Policy::fcfs ? "fcfs" : "vtc";
}

Outcome run(const Load& load, Policy policy, const Options& options) {
  return House(load, policy, options).run();
}

}  // namespace simulate

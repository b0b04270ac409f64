// Jobs and their lanes over a Runner: which tokens are known, which are resident, what a plan may
// do. The same for every way to compute a model.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include <engine/engine.hpp>
#include <grammar/matcher.hpp>

#include "beginnings.hpp"
#include "kv_cells.hpp"
#include "llama/pooling.hpp"
#include "llama/sampler.hpp"
#include "llama/text_side.hpp"
#include "runner.hpp"
#include "seats.hpp"

namespace engine {

/// One continuation of one job.
struct LaneState {
  KvCells::Sequence cells;            ///< As many as tokens are resident.
  std::optional<std::uint32_t> slot;  ///< Held while something is resident.
  content::TokenIds sampled;
  std::unique_ptr<llama::Sampler> sampler;  ///< generate only
  llama::Pooling pooling;                   ///< embed only
  /// Of a token that was put off, because the step had no more work for its grammar: its last known
  /// token is computed, but does not count as resident. Empty: none is.
  std::vector<float> logits;
  std::uint32_t times_put_off = 0;  ///< In a row.
  bool failed = false;
};

struct Job {
  JobSpec spec;
  llama::Preserved preserved;
  std::vector<LaneState> lanes;

  [[nodiscard]] std::uint32_t known(const LaneState& lane) const {
    return static_cast<std::uint32_t>(spec.prompt.size() + lane.sampled.size());
  }
  [[nodiscard]] content::TokenId token_at(const LaneState& lane, std::size_t position) const {
    return position < spec.prompt.size() ? spec.prompt[position]
                                         : lane.sampled[position - spec.prompt.size()];
  }
};

/// A loaded model: what a loader hands to the engine.
struct LoadedModel {
  llama::ModelPtr model;  ///< Its weights, or only its vocabulary.
  std::unique_ptr<Runner> runner;
  ModelFacts facts;
};

class LaneEngine final : public Engine {
 public:
  explicit LaneEngine(LoadedModel loaded);

  [[nodiscard]] const ModelFacts& facts() const override { return facts_; }
  [[nodiscard]] base::Result<Rendered, Unrendered> render(
      const content::Chat& chat) const override {
    return text_.render(chat);
  }
  [[nodiscard]] base::Result<std::shared_ptr<const ReplyFormat>, Unrendered> obeying(
      const std::string& grammar) const override {
    return text_.obeying(grammar);
  }
  [[nodiscard]] base::Result<content::TokenIds, Error> tokenize(
      const content::RawPrompt& prompt) const override {
    return text_.tokenize(prompt);
  }
  [[nodiscard]] std::string text(const content::TokenIds& tokens) const override {
    return text_.vocabulary().text(tokens);
  }

  base::Result<terms::Prefix, Error> open(JobSpec spec) override;
  StepOutput step(const terms::StepPlan& plan) override;
  void close(terms::JobId job) override;
  void forget(std::uint64_t prefix_space) override { runner_->forget(prefix_space); }
  [[nodiscard]] std::uint32_t kv_free() const override { return cells_.free(); }
  [[nodiscard]] terms::Sharing sharing() const override;

 private:
  /// An entry of a plan that may run, with where it came from.
  struct Runnable {
    std::size_t index;  ///< In plan.run.
    Job* job;
    LaneState* lane;
    terms::Lane name;
    std::uint32_t tokens;
  };

  [[nodiscard]] std::optional<Error> fault(const JobSpec& spec) const;
  /// False: the job's constraint makes no sampler.
  bool open_lanes(Job& job, const JobSpec& spec) const;
  LaneState* find(const terms::Lane& lane);
  void seat(LaneState& lane, const terms::Lane& name);
  void drop(LaneState& lane);
  [[nodiscard]] bool shares(const JobSpec& spec) const {
    return spec.prefix_space != 0 && spec.kind == terms::WorkKind::generate && runner_->keeps();
  }
  std::span<const content::TokenId> first_tokens(const Job& job, const LaneState& lane,
                                                 std::size_t count);
  void keep(const Job& job, const LaneState& lane);
  void attach(std::vector<Runnable>& entries, StepOutput& output);
  void fork(const terms::ForkEntry& entry);
  std::vector<Runnable> runnable(const terms::StepPlan& plan, StepOutput& output);
  bool make_room(std::vector<Runnable>& entries);
  void unmake_room(const std::vector<Runnable>& entries);
  const std::vector<Piece>& pieces_of(const std::vector<Runnable>& entries);
  Ran run(const std::vector<Runnable>& entries, bool embed, StepOutput& output);
  void share_work(const std::vector<Runnable>& entries);
  std::optional<content::TokenId> choose(LaneState& lane, const float* logits);
  void collect(const Runnable& entry, const float* logits, LaneOutput& output);
  void resume(const std::vector<Runnable>& entries, StepOutput& output);
  void sample(const Runnable& entry, const float* logits, LaneOutput& output);
  void add_logprob(const Runnable& entry, const float* logits, LaneOutput& output);
  void fail(const std::vector<Runnable>& entries, StepOutput& output);

  llama::ModelPtr model_;
  ModelFacts facts_;
  llama::TextSide text_;
  std::unique_ptr<Runner> runner_;
  llama::Pooling::Kind pooling_;
  KvCells cells_;
  std::vector<std::uint32_t> free_slots_;
  Seats<LaneState> seats_;
  std::unordered_map<terms::JobId, Job> jobs_;
  Beginnings beginnings_;
  content::TokenIds first_tokens_;
  content::TokenIds tokens_;                    ///< Of the pieces.
  std::vector<Piece> pieces_;                   ///< Of the run at hand.
  std::uint64_t step_work_left_ = 0;            ///< What grammars may still cost in this step,
  std::uint64_t guarded_left_ = 0;              ///< and how many lanes with one have yet to sample.
  const LaneState* longest_put_off_ = nullptr;  ///< In this step.
};

}  // namespace engine

// The Engine over one llama_context.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <engine/engine.hpp>

#include "../kv_cells.hpp"
#include "batch.hpp"
#include "chat.hpp"
#include "handles.hpp"
#include "literals.hpp"
#include "pooling.hpp"
#include "sampler.hpp"
#include "vocabulary.hpp"

namespace engine::llama {

/// One continuation of one job.
struct LaneState {
  KvCells::Sequence cells;     ///< As many as tokens are resident.
  llama_seq_id sequence = -1;  ///< Held while something is resident.
  content::TokenIds sampled;
  std::unique_ptr<Sampler> sampler;  ///< generate only
  Pooling pooling;                   ///< embed only
  bool failed = false;
};

struct Job {
  JobSpec spec;
  std::set<content::TokenId> preserved;
  std::vector<LaneState> lanes;

  [[nodiscard]] std::uint32_t known(const LaneState& lane) const {
    return static_cast<std::uint32_t>(spec.prompt.size() + lane.sampled.size());
  }
  [[nodiscard]] content::TokenId token_at(const LaneState& lane, std::size_t position) const {
    return position < spec.prompt.size() ? spec.prompt[position]
                                         : lane.sampled[position - spec.prompt.size()];
  }
};

/// A loaded model: what load_llama() hands to the engine.
struct Loaded {
  ModelPtr model;
  ContextPtr context;
  ModelFacts facts;
  bool encoder = false;  ///< No KV cache: whole prompts in, vectors out.
};

class LlamaEngine final : public Engine {
 public:
  explicit LlamaEngine(Loaded loaded);

  [[nodiscard]] const ModelFacts& facts() const override { return facts_; }
  [[nodiscard]] base::Result<Rendered, Error> render(const content::Chat& chat) const override;
  [[nodiscard]] base::Result<content::TokenIds, Error> tokenize(
      const content::RawPrompt& prompt) const override;
  [[nodiscard]] std::string text(const content::TokenIds& tokens) const override;

  base::Result<base::Done, Error> open(JobSpec spec) override;
  StepOutput step(const terms::StepPlan& plan) override;
  void close(terms::JobId job) override;
  [[nodiscard]] std::uint32_t kv_free() const override { return cells_.free(); }

 private:
  /// An entry of a plan that may run, with where it came from.
  struct Runnable {
    std::size_t index;  ///< In plan.run.
    Job* job;
    LaneState* lane;
    std::uint32_t tokens;
    std::int32_t row = -1;  ///< Of the output, where one is due.
  };

  [[nodiscard]] std::optional<Error> fault(const JobSpec& spec) const;
  LaneState* find(const terms::Lane& lane);
  void drop(LaneState& lane);
  void fork(const terms::ForkEntry& entry);
  std::vector<Runnable> runnable(const terms::StepPlan& plan, StepOutput& output);
  bool make_room(std::vector<Runnable>& entries);
  void unmake_room(const std::vector<Runnable>& entries);
  int decode_generate(std::vector<Runnable>& entries);
  int decode_embed(std::vector<Runnable>& entries);
  int decode_embed_part(const Runnable& entry, std::uint32_t from, std::uint32_t tokens);
  int encode(std::vector<Runnable>& entries);
  int decode();
  void collect(const Runnable& entry, LaneOutput& output);
  void sample(const Runnable& entry, LaneOutput& output);
  void add_logprob(const Runnable& entry, LaneOutput& output);
  void fail(const std::vector<Runnable>& entries, StepOutput& output);

  ModelPtr model_;
  ContextPtr context_;
  ModelFacts facts_;
  bool encoder_;
  std::uint32_t outputs_max_;
  Vocabulary vocabulary_;
  ControlNames control_names_;
  std::unique_ptr<ChatTemplates> templates_;
  KvCells cells_;
  std::vector<llama_seq_id> free_sequences_;
  std::unordered_map<terms::JobId, Job> jobs_;
  Batch batch_;
};

/// Outputs of one decode: one for each lane, or a stretch of an embedding.
[[nodiscard]] std::uint32_t outputs_max(std::uint32_t lanes_max, std::uint32_t step_tokens_max);

}  // namespace engine::llama

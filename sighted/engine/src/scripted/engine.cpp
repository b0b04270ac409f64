#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>
#include <utility>

#include <base/invariant.hpp>
#include <engine/scripted.hpp>

#include "../beginnings.hpp"
#include "../block_tables.hpp"
#include "../kv_cells.hpp"
#include "../seats.hpp"
#include "format.hpp"
#include "walk.hpp"

namespace engine {
namespace scripted {
namespace {

constexpr std::string_view words =
    "the mains hum softly and every token is counted once before the kettle sings a cat walks "
    "along the wall of numbers and finds nothing to read there so it sleeps until the morning "
    "settles every bill to the last nano and the ledger comes out even again ";

constexpr std::uint64_t scramble(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

/// One continuation: its cells, and how far its script has been read.
struct LaneState {
  KvCells::Sequence cells;
  std::uint32_t slot = 0;  ///< Of the block tables, while it has cells.
  std::uint32_t sampled = 0;
  std::uint64_t offset = 0;  ///< Where in the words it began.
  bool over = false;
  std::optional<Walk> walk;  ///< What is said, where the answer obeys a grammar.
};

struct Job {
  JobSpec spec;
  std::string_view script;   ///< What is said, over and over; points into the engine.
  std::uint64_t end_at = 0;  ///< Tokens before the end token; 0 = never.
  std::vector<LaneState> lanes;

  [[nodiscard]] std::uint32_t known(const LaneState& lane) const {
    return static_cast<std::uint32_t>(spec.prompt.size()) + lane.sampled;
  }
};

ModelFacts facts_of(const ScriptedOptions& options) {
  ModelFacts facts;
  facts.architecture = "scripted";
  facts.description = "answers written beforehand, no model";
  facts.vocabulary = vocabulary;
  facts.context_trained = options.context;
  facts.kv_tokens = options.kv_tokens;
  facts.sequence_max = std::min(options.kv_tokens, options.context);
  facts.lanes_max = options.lanes_max;
  facts.step_tokens_max = options.step_tokens_max;
  facts.embedding_width = options.embedding_width;
  facts.has_chat_template = true;
  facts.can_fork = options.can_fork;
  facts.weights = {{0x7363726970746564ULL, 1, 0, 0}};
  facts.tokenizer = {{0x6279746573ULL, 1, 0, 0}};
  return facts;
}

class ScriptedEngine final : public Engine {
 public:
  explicit ScriptedEngine(ScriptedOptions options)
      : options_(std::move(options)),
        facts_(facts_of(options_)),
        cells_(options_.kv_tokens),
        tables_(options_.kv_tokens, options_.lanes_max),
        seats_(options_.lanes_max) {
    for (std::uint32_t slot = facts_.lanes_max; slot > 0; --slot) {
      free_slots_.push_back(slot - 1);
    }
  }

  [[nodiscard]] const ModelFacts& facts() const override { return facts_; }

  [[nodiscard]] base::Result<Rendered, Unrendered> render(
      const content::Chat& chat) const override {
    return scripted::render(chat);
  }
  [[nodiscard]] base::Result<std::shared_ptr<const ReplyFormat>, Unrendered> obeying(
      const std::string& grammar) const override {
    return scripted::obeying(grammar);
  }

  [[nodiscard]] base::Result<content::TokenIds, Error> tokenize(
      const content::RawPrompt& prompt) const override {
    if (const auto* const ids = std::get_if<content::TokenIds>(&prompt)) {
      for (const auto id : *ids) {
        if (!known_token(id)) {
          return base::Fail{Error::bad_token};
        }
      }
      return *ids;
    }
    content::TokenIds tokens{bos_token};
    append(std::get<std::string>(prompt), tokens);
    return tokens;
  }

  [[nodiscard]] std::string text(const content::TokenIds& tokens) const override {
    std::string bytes;
    for (const auto id : tokens) {
      if (id >= 0 && id < 256) {
        bytes += static_cast<char>(id);
      }
    }
    return bytes;
  }

  base::Result<terms::Prefix, Error> open(JobSpec spec) override;
  StepOutput step(const terms::StepPlan& plan) override;
  void close(terms::JobId job) override;

  void forget(std::uint64_t prefix_space) override { tables_.forget(prefix_space); }
  [[nodiscard]] std::uint32_t kv_free() const override { return cells_.free(); }
  [[nodiscard]] terms::Sharing sharing() const override;

 private:
  static bool known_token(content::TokenId id) {
    return id >= 0 && id < static_cast<content::TokenId>(vocabulary);
  }

  Job& job_of(const terms::Lane& lane) {
    const auto found = jobs_.find(lane.job);
    base::invariant(found != jobs_.end(), "a plan names open jobs only");
    base::invariant(lane.choice < found->second.lanes.size(), "a plan names lanes that exist");
    return found->second;
  }

  void seat(LaneState& lane, const terms::Lane& name) {
    base::invariant(!free_slots_.empty(), "no more lanes are resident than there can be");
    lane.slot = free_slots_.back();
    free_slots_.pop_back();
    seats_.take(lane.slot, lane, name);
  }
  void drop(LaneState& lane) {
    if (!lane.cells.empty()) {
      tables_.drop(lane.slot);
      free_slots_.push_back(lane.slot);
      seats_.leave(lane.slot);
      cells_.drop(lane.cells);
    }
  }
  [[nodiscard]] std::uint32_t resident() const {
    return facts_.lanes_max - static_cast<std::uint32_t>(free_slots_.size());
  }
  [[nodiscard]] bool shares(const JobSpec& spec) const {
    return options_.keeps_prefixes && spec.prefix_space != 0 &&
           spec.kind == terms::WorkKind::generate;
  }

  void fork(const terms::ForkEntry& entry);
  std::uint32_t check(const std::vector<terms::StepEntry>& run);
  LaneOutput run(const terms::StepEntry& entry);
  std::uint32_t attach(const Job& job, LaneState& lane);
  void grow(Job& job, LaneState& lane, std::uint32_t tokens);
  void sample(const Job& job, LaneState& lane, LaneOutput& output) const;
  [[nodiscard]] std::vector<float> embedding(const content::TokenIds& prompt) const;

  ScriptedOptions options_;
  ModelFacts facts_;
  KvCells cells_;
  BlockTables tables_;
  Beginnings beginnings_;
  std::vector<std::uint32_t> free_slots_;
  Seats<LaneState> seats_;
  std::unordered_map<terms::JobId, Job> jobs_;
  std::uint32_t room_ = 0;  ///< Cells that the step under way leaves free.
  std::uint64_t steps_ = 0;
};

base::Result<terms::Prefix, Error> ScriptedEngine::open(JobSpec spec) {
  base::invariant(spec.job.valid() && !jobs_.contains(spec.job), "a job is opened once");
  base::invariant(!spec.prompt.empty() && spec.choices > 0, "a job has a prompt and choices");
  if (options_.fail_open) {
    return base::Fail{Error::failed};
  }
  const auto bad = [](const auto id) { return !known_token(id); };
  if (std::any_of(spec.prompt.begin(), spec.prompt.end(), bad) ||
      std::any_of(spec.sampling.logit_bias.begin(), spec.sampling.logit_bias.end(),
                  [](const auto& bias) { return !known_token(bias.first); })) {
    return base::Fail{Error::bad_token};
  }
  if (spec.prompt.size() > facts_.sequence_max) {
    return base::Fail{Error::too_long};
  }
  if (spec.kind == terms::WorkKind::embed && facts_.embedding_width == 0) {
    return base::Fail{Error::no_embeddings};
  }
  Job job;
  const auto* const format = dynamic_cast<const Format*>(spec.format.get());
  job.lanes.resize(spec.choices);
  if (format != nullptr && format->answer()) {
    const std::uint64_t seed = spec.sampling.seed ? *spec.sampling.seed : spec.job.value;
    for (std::size_t i = 0; i < job.lanes.size(); ++i) {
      job.lanes[i].walk.emplace(format->answer(), scramble(seed + i + 1));
    }
  } else if (!options_.reply.empty()) {
    job.script = options_.reply;
    job.end_at = options_.reply_tokens == 0 ? job.script.size() : options_.reply_tokens;
  } else {
    job.script = words;
    job.end_at = options_.reply_tokens;
    const std::uint64_t seed = spec.sampling.seed ? *spec.sampling.seed : spec.job.value;
    for (std::size_t i = 0; i < job.lanes.size(); ++i) {
      job.lanes[i].offset = scramble(seed + i + 1) % words.size();
    }
  }
  if (spec.sampling.ignore_eos) {
    job.end_at = 0;
  }
  const auto id = spec.job;
  job.spec = std::move(spec);
  const JobSpec& opened = jobs_.emplace(id, std::move(job)).first->second.spec;
  if (!shares(opened)) {
    return terms::Prefix{};
  }
  const auto kept = tables_.kept(spaces_of(opened), Beginnings::shareable(opened.prompt));
  return beginnings_.come(id, spaces_of(opened), opened.prompt, kept);
}

void ScriptedEngine::close(terms::JobId job) {
  const auto found = jobs_.find(job);
  if (found == jobs_.end()) {
    return;
  }
  for (LaneState& lane : found->second.lanes) {
    drop(lane);
  }
  beginnings_.leave(job);
  jobs_.erase(found);
}

void ScriptedEngine::fork(const terms::ForkEntry& entry) {
  base::invariant(options_.can_fork, "a plan forks only where facts() allow it");
  base::invariant(entry.from.job == entry.to.job, "a fork stays within its job");
  Job& job = job_of(entry.from);
  job_of(entry.to);
  LaneState& from = job.lanes[entry.from.choice];
  LaneState& to = job.lanes[entry.to.choice];
  base::invariant(entry.tokens.value > 0 && entry.tokens.value < job.spec.prompt.size(),
                  "a fork shares a part of the prompt, its last token not included");
  seat(to, entry.to);
  cells_.share(from.cells, to.cells, entry.tokens.value);
  tables_.share(from.slot, to.slot, entry.tokens.value);
}

/// Returns the KV tokens the run needs.
std::uint32_t ScriptedEngine::check(const std::vector<terms::StepEntry>& run) {
  std::uint64_t tokens = 0;
  std::uint32_t arriving = 0;
  for (const auto& entry : run) {
    const Job& job = job_of(entry.lane);
    const LaneState& lane = job.lanes[entry.lane.choice];
    base::invariant(!lane.over, "a lane that is over does not run");
    base::invariant(entry.resident.value == lane.cells.size(),
                    "the plan counts resident tokens as the engine does");
    base::invariant(entry.tokens.value > 0, "an entry runs at least one token");
    base::invariant(std::uint64_t{entry.tokens.value} + entry.resident.value <= job.known(lane),
                    "an entry runs known tokens only");
    tokens += entry.tokens.value;
    arriving += lane.cells.empty() ? 1 : 0;
  }
  base::invariant(tokens <= facts_.step_tokens_max, "a step keeps to its budget");
  base::invariant(resident() + arriving <= facts_.lanes_max,
                  "no more lanes are resident than there can be");
  return static_cast<std::uint32_t>(tokens);
}

StepOutput ScriptedEngine::step(const terms::StepPlan& plan) {
  for (const auto& lane : plan.evict) {
    if (jobs_.contains(lane.job)) {
      drop(job_of(lane).lanes[lane.choice]);
    }
  }
  for (const auto& entry : plan.fork) {
    fork(entry);
  }
  StepOutput output;
  if (plan.run.empty()) {
    return output;
  }
  if (options_.before_step) {
    options_.before_step();
  }
  output.lanes.reserve(plan.run.size());
  const std::uint32_t needed = check(plan.run);
  if (needed > cells_.free()) {
    output.out_of_kv = true;
    for (const auto& entry : plan.run) {
      output.lanes.emplace_back().lane = entry.lane;
    }
    return output;
  }
  ++steps_;
  room_ = cells_.free() - needed;
  for (const auto& entry : plan.run) {
    output.lanes.push_back(run(entry));
  }
  return output;
}

LaneOutput ScriptedEngine::run(const terms::StepEntry& entry) {
  Job& job = job_of(entry.lane);
  LaneState& lane = job.lanes[entry.lane.choice];
  base::invariant(lane.cells.size() == entry.resident.value, "a lane runs once in a step");
  LaneOutput output;
  output.lane = entry.lane;
  if (steps_ == options_.fail_at_step) {
    lane.over = true;
    output.failed = true;
    return output;
  }
  if (lane.cells.empty()) {
    seat(lane, entry.lane);
    output.reused = attach(job, lane);
  }
  output.computed = std::min(entry.tokens.value, job.known(lane) - output.reused);
  grow(job, lane, output.computed);
  if (lane.cells.size() < job.known(lane)) {
    return output;
  }
  if (job.spec.kind == terms::WorkKind::embed) {
    output.embedding = embedding(job.spec.prompt);
    lane.over = true;
  } else {
    sample(job, lane, output);
  }
  return output;
}

/// A lane that has nothing begins with what is kept of its prompt.
std::uint32_t ScriptedEngine::attach(const Job& job, LaneState& lane) {
  if (!shares(job.spec)) {
    return 0;
  }
  const Beginnings::Prompt prompt = job.spec.prompt;
  const BlockTables::Found found =
      tables_.attach(lane.slot, spaces_of(job.spec), prompt.first(prompt.size() - 1), room_);
  room_ -= seats_.begin(lane, found, cells_);
  return found.tokens;
}

terms::Sharing ScriptedEngine::sharing() const {
  return seats_.sharing(cells_);
}

void ScriptedEngine::grow(Job& job, LaneState& lane, std::uint32_t tokens) {
  const std::size_t prompt = job.spec.prompt.size();
  const auto first = static_cast<std::uint32_t>(lane.cells.size());
  std::vector<BlockTables::Copy> copies;
  tables_.extend(lane.slot, first, first + tokens, copies);
  cells_.grow(lane.cells, tokens);
  if (first < prompt && shares(job.spec)) {
    const Beginnings::Prompt known = job.spec.prompt;
    tables_.keep(lane.slot, spaces_of(job.spec), known.first(std::min(prompt, lane.cells.size())));
  }
}

void ScriptedEngine::sample(const Job& job, LaneState& lane, LaneOutput& output) const {
  const std::uint64_t position = lane.sampled++;
  Walk::Step step = Walk::Step::letter;
  if (lane.walk) {
    step = lane.walk->next();
  } else if (job.end_at != 0 && position >= job.end_at) {
    step = Walk::Step::end;
  }
  if (step == Walk::Step::too_costly) {
    output.failed = true;
    output.too_costly = true;
    lane.over = true;
    return;
  }
  output.end_token = step == Walk::Step::end;
  if (output.end_token) {
    output.token = end_token;
    lane.over = true;
  } else {
    const char byte =
        lane.walk ? lane.walk->letter() : job.script[(lane.offset + position) % job.script.size()];
    output.token = static_cast<unsigned char>(byte);
    output.piece = byte;
  }
  const std::int32_t alternatives = job.spec.sampling.top_logprobs;
  if (alternatives < 0) {
    return;
  }
  // Halves: the token has 1/2, the next alternative 1/4, and so on.
  content::TokenLogprob& logprob = output.logprob.emplace();
  logprob.piece = output.piece;
  logprob.logprob = -std::log(2.0F);
  for (std::int32_t i = 0; i < alternatives; ++i) {
    std::string piece = i == 0 ? output.piece : std::string(1, static_cast<char>('A' + i));
    logprob.top.emplace_back(std::move(piece), logprob.logprob * static_cast<float>(i + 1));
  }
}

std::vector<float> ScriptedEngine::embedding(const content::TokenIds& prompt) const {
  std::uint64_t hash = 0;
  for (const auto id : prompt) {
    hash = scramble(hash + static_cast<std::uint64_t>(id) + 0x9E3779B97F4A7C15ULL);
  }
  std::vector<float> vector(facts_.embedding_width);
  double squares = 0;
  for (float& value : vector) {
    hash = scramble(hash + 0x9E3779B97F4A7C15ULL);
    value = static_cast<float>(static_cast<double>(hash >> 40U) / 8388608.0 - 1.0);
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  const double norm = squares > 0 ? std::sqrt(squares) : 1.0;
  for (float& value : vector) {
    value = static_cast<float>(static_cast<double>(value) / norm);
  }
  return vector;
}

}  // namespace
}  // namespace scripted

std::unique_ptr<Engine> make_scripted(ScriptedOptions options) {
  return std::make_unique<scripted::ScriptedEngine>(std::move(options));
}

}  // namespace engine

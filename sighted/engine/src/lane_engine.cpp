#include "lane_engine.hpp"

#include <algorithm>
#include <utility>

#include <base/invariant.hpp>

namespace engine {

namespace {

using llama::ChatFormat;
using llama::Constraints;
using llama::Pooling;

Pooling::Kind pooling_kind(const llama_model* model, const std::string& architecture) {
  char value[16] = {};
  llama_model_meta_val_str(model, (architecture + ".pooling_type").c_str(), value, sizeof(value));
  const std::string_view kind = value;
  if (kind == std::to_string(LLAMA_POOLING_TYPE_LAST)) {
    return Pooling::Kind::last;
  }
  return kind == std::to_string(LLAMA_POOLING_TYPE_CLS) ? Pooling::Kind::first
                                                        : Pooling::Kind::mean;
}

}  // namespace

LaneEngine::LaneEngine(LoadedModel loaded)
    : model_(std::move(loaded.model)),
      facts_(std::move(loaded.facts)),
      text_(model_.get(), facts_.kv_tokens),
      runner_(std::move(loaded.runner)),
      pooling_(pooling_kind(model_.get(), facts_.architecture)),
      cells_(facts_.kv_tokens),
      seats_(facts_.lanes_max) {
  facts_.has_chat_template = text_.has_chat_template();
  facts_.pair_tokens_min = text_.pair_tokens_min();
  facts_.token_bytes_max = text_.vocabulary().token_bytes_max();
  for (std::uint32_t i = facts_.lanes_max; i > 0; --i) {
    free_slots_.push_back(i - 1);
  }
}

std::optional<Error> LaneEngine::fault(const JobSpec& spec) const {
  const auto in_vocabulary = [&](auto id) { return text_.vocabulary().contains(id); };
  if (!spec.job.valid() || jobs_.contains(spec.job) || spec.prompt.empty() || spec.choices == 0) {
    return Error::failed;
  }
  if (!std::all_of(spec.prompt.begin(), spec.prompt.end(), in_vocabulary)) {
    return Error::bad_token;
  }
  for (const auto& [token, bias] : spec.sampling.logit_bias) {
    if (!in_vocabulary(token)) {
      return Error::bad_token;
    }
  }
  const bool embeds = spec.kind == terms::WorkKind::embed;
  if (embeds && facts_.embedding_width == 0) {
    return Error::no_embeddings;
  }
  if (spec.prompt.size() > facts_.sequence_max ||
      (facts_.embed_whole_max != 0 && spec.prompt.size() > facts_.embed_whole_max)) {
    return Error::too_long;
  }
  return embeds || facts_.can_generate ? std::nullopt : std::optional(Error::failed);
}

base::Result<terms::Prefix, Error> LaneEngine::open(JobSpec spec) {
  if (const auto refused = fault(spec)) {
    return base::Fail{*refused};
  }
  // Samplers point into their job, which so has its final place first.
  const terms::JobId id = spec.job;
  try {
    if (!open_lanes(jobs_[id], spec)) {
      jobs_.erase(id);
      return base::Fail{Error::bad_schema};
    }
  } catch (...) {
    jobs_.erase(id);  // memory is out
    throw;
  }
  Job& job = jobs_[id];
  job.spec = std::move(spec);
  const JobSpec& opened = job.spec;
  if (!shares(opened)) {
    return terms::Prefix{};
  }
  const auto kept = runner_->kept(spaces_of(opened), Beginnings::shareable(opened.prompt));
  return beginnings_.come(id, spaces_of(opened), opened.prompt, kept);
}

bool LaneEngine::open_lanes(Job& job, const JobSpec& spec) const {
  const auto* const format = dynamic_cast<const ChatFormat*>(spec.format.get());
  const Constraints* const constraints = format == nullptr ? nullptr : &format->constraints();
  if (constraints != nullptr) {
    job.preserved = llama::preserved_tokens(model_.get(), *constraints);
  }
  for (std::uint32_t choice = 0; choice < spec.choices; ++choice) {
    LaneState& lane = job.lanes.emplace_back();
    if (spec.kind == terms::WorkKind::embed) {
      lane.pooling.start(pooling_);
      continue;
    }
    lane.sampler = llama::make_sampler(model_.get(), spec.sampling, constraints, job.preserved,
                                       text_.pieces(), choice);
    lane.sampler = llama::limit_thinking(std::move(lane.sampler), text_.vocabulary(),
                                         format == nullptr ? nullptr : format->thinking_limit());
    if (!lane.sampler) {
      return false;
    }
  }
  return true;
}

void LaneEngine::close(terms::JobId job) {
  const auto found = jobs_.find(job);
  if (found == jobs_.end()) {
    return;
  }
  for (LaneState& lane : found->second.lanes) {
    keep(found->second, lane);
    drop(lane);
  }
  beginnings_.leave(job);
  jobs_.erase(found);
}

LaneState* LaneEngine::find(const terms::Lane& lane) {
  const auto found = jobs_.find(lane.job);
  return found == jobs_.end() || lane.choice >= found->second.lanes.size()
             ? nullptr
             : &found->second.lanes[lane.choice];
}

void LaneEngine::seat(LaneState& lane, const terms::Lane& name) {
  lane.slot = free_slots_.back();
  free_slots_.pop_back();
  seats_.take(*lane.slot, lane, name);
}

terms::Sharing LaneEngine::sharing() const {
  return seats_.sharing(cells_);
}

void LaneEngine::drop(LaneState& lane) {
  if (lane.slot) {
    runner_->drop(*lane.slot);
    free_slots_.push_back(*lane.slot);
    seats_.leave(*lane.slot);
    lane.slot.reset();
  }
  cells_.drop(lane.cells);
  lane.logits.clear();
  lane.pooling.start(pooling_);
}

/// The first `count` tokens that a lane knows. Good until the next call.
std::span<const content::TokenId> LaneEngine::first_tokens(const Job& job, const LaneState& lane,
                                                           std::size_t count) {
  const std::span<const content::TokenId> prompt = job.spec.prompt;
  if (count <= prompt.size()) {
    return prompt.first(count);
  }
  first_tokens_.assign(prompt.begin(), prompt.end());
  const auto more = static_cast<std::ptrdiff_t>(count - prompt.size());
  first_tokens_.insert(first_tokens_.end(), lane.sampled.begin(), lane.sampled.begin() + more);
  return first_tokens_;
}

/// What a lane has computed may serve others of its space, and itself when it comes back.
void LaneEngine::keep(const Job& job, const LaneState& lane) {
  if (shares(job.spec) && lane.slot && !lane.failed) {
    runner_->keep(*lane.slot, spaces_of(job.spec), first_tokens(job, lane, lane.cells.size()));
  }
}

/// Lanes that have nothing begin with what is kept, as far as there is room beside what the step
/// computes.
void LaneEngine::attach(std::vector<Runnable>& entries, StepOutput& output) {
  std::size_t room = cells_.free();
  for (const Runnable& entry : entries) {
    room -= entry.tokens;
  }
  for (Runnable& entry : entries) {
    LaneState& lane = *entry.lane;
    if (!lane.cells.empty() || !lane.logits.empty() || !shares(entry.job->spec)) {
      continue;
    }
    const std::uint32_t known = entry.job->known(lane);
    const BlockTables::Found found = runner_->attach(
        *lane.slot, spaces_of(entry.job->spec), first_tokens(*entry.job, lane, known - 1), room);
    room -= seats_.begin(lane, found, cells_);
    entry.tokens = std::min(entry.tokens, known - found.tokens);
    output.lanes[entry.index].reused = found.tokens;
  }
}

void LaneEngine::fork(const terms::ForkEntry& entry) {
  LaneState* const from = find(entry.from);
  LaneState* const to = find(entry.to);
  const bool sound = from != nullptr && to != nullptr && from != to && facts_.can_fork &&
                     entry.from.job == entry.to.job && !to->slot && from->slot &&
                     entry.tokens.value > 0 && entry.tokens.value <= from->cells.size();
  if (!sound || free_slots_.empty()) {
    return;  // The lane's next entry will not find what it counts on, and fail by itself.
  }
  seat(*to, entry.to);
  cells_.share(from->cells, to->cells, entry.tokens.value);
  runner_->share(*from->slot, *to->slot, entry.tokens.value);
}

/// Those entries that obey the rules, which runners rely on; the
/// lanes of the others fail.
std::vector<LaneEngine::Runnable> LaneEngine::runnable(const terms::StepPlan& plan,
                                                       StepOutput& output) {
  std::vector<Runnable> entries;
  std::set<const LaneState*> seen;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < plan.run.size(); ++i) {
    const terms::StepEntry& entry = plan.run[i];
    LaneOutput& lane_output = output.lanes.emplace_back();
    lane_output.lane = entry.lane;
    LaneState* const lane = find(entry.lane);
    if (lane == nullptr) {
      lane_output.failed = true;
      continue;
    }
    Job& job = jobs_.find(entry.lane.job)->second;
    const std::uint64_t reach = std::uint64_t{entry.resident.value} + entry.tokens.value;
    const bool whole = facts_.embed_whole_max == 0 ||
                       (entry.resident.value == 0 && reach == job.spec.prompt.size());
    total += entry.tokens.value;
    if (lane->failed || !whole || entry.tokens.value == 0 || reach > job.known(*lane) ||
        reach > facts_.sequence_max || entry.resident.value != lane->cells.size() ||
        total > facts_.step_tokens_max || !seen.insert(lane).second) {
      lane->failed = true;
      lane_output.failed = true;
      drop(*lane);
      continue;
    }
    entries.push_back({i, &job, lane, entry.lane, entry.tokens.value});
  }
  // A lane that was named twice is failed by its second entry; its first may not run either.
  std::erase_if(entries, [&](const Runnable& entry) {
    output.lanes[entry.index].failed = entry.lane->failed;
    return entry.lane->failed;
  });
  return entries;
}

bool LaneEngine::make_room(std::vector<Runnable>& entries) {
  std::uint64_t tokens = 0;
  std::size_t arriving = 0;
  for (const Runnable& entry : entries) {
    tokens += entry.tokens;
    arriving += !entry.lane->slot ? 1 : 0;
  }
  if (tokens > cells_.free() || arriving > free_slots_.size()) {
    return false;
  }
  for (const Runnable& entry : entries) {
    if (!entry.lane->slot) {
      seat(*entry.lane, entry.name);
    }
  }
  return true;
}

void LaneEngine::unmake_room(const std::vector<Runnable>& entries) {
  for (const Runnable& entry : entries) {
    if (entry.lane->cells.empty()) {
      drop(*entry.lane);
    }
  }
}

StepOutput LaneEngine::step(const terms::StepPlan& plan) {
  for (const auto& lane : plan.evict) {
    if (LaneState* const state = find(lane)) {
      keep(jobs_.find(lane.job)->second, *state);
      drop(*state);
    }
  }
  for (const auto& entry : plan.fork) {
    fork(entry);
  }
  StepOutput output;
  output.lanes.reserve(plan.run.size());
  auto entries = runnable(plan, output);
  const auto out_of_kv = [&] {
    unmake_room(entries);
    output.out_of_kv = true;
    return std::move(output);
  };
  if (!make_room(entries)) {
    return out_of_kv();
  }
  attach(entries, output);
  share_work(entries);
  std::vector<Runnable> embedding;
  std::vector<Runnable> generating;
  std::vector<Runnable> put_off;
  for (const Runnable& entry : entries) {
    const bool embeds = entry.job->spec.kind == terms::WorkKind::embed;
    (embeds ? embedding : entry.lane->logits.empty() ? generating : put_off).push_back(entry);
  }
  if (run(generating, false, output) == Ran::no_room) {
    return out_of_kv();
  }
  resume(put_off, output);
  run(embedding, true, output);
  return output;
}

void LaneEngine::fail(const std::vector<Runnable>& entries, StepOutput& output) {
  for (const Runnable& entry : entries) {
    entry.lane->failed = true;
    output.lanes[entry.index].failed = true;
    output.lanes[entry.index].reused = 0;
    drop(*entry.lane);
  }
}

const std::vector<Piece>& LaneEngine::pieces_of(const std::vector<Runnable>& entries) {
  tokens_.clear();
  tokens_.reserve(facts_.step_tokens_max);  // Pieces point into it.
  pieces_.clear();
  for (const Runnable& entry : entries) {
    const auto resident = static_cast<std::uint32_t>(entry.lane->cells.size());
    const std::size_t begin = tokens_.size();
    for (std::uint32_t i = resident; i < resident + entry.tokens; ++i) {
      tokens_.push_back(entry.job->token_at(*entry.lane, i));
    }
    const bool embeds = entry.job->spec.kind == terms::WorkKind::embed;
    pieces_.push_back({*entry.lane->slot, resident,
                       std::span<const content::TokenId>(tokens_).subspan(begin),
                       !embeds && resident + entry.tokens == entry.job->known(*entry.lane),
                       embeds ? &entry.lane->pooling : nullptr});
  }
  return pieces_;
}

/// What fails takes its lanes with it; of what is done, the tokens are resident afterwards.
Ran LaneEngine::run(const std::vector<Runnable>& entries, bool embed, StepOutput& output) {
  if (entries.empty()) {
    return Ran::done;
  }
  const auto& pieces = pieces_of(entries);
  const Ran ran = embed ? runner_->embed(pieces) : runner_->generate(pieces);
  if (ran == Ran::failed || (embed && ran == Ran::no_room)) {
    fail(entries, output);
  }
  for (std::size_t i = 0; i < entries.size() && ran == Ran::done; ++i) {
    collect(entries[i], pieces[i].wants_logits ? runner_->logits(i) : nullptr,
            output.lanes[entries[i].index]);
  }
  return ran;
}

/// What the grammars of a step may cost is shared among those that sample in it. The one that was
/// put off for the longest has all that a token may cost, so that each comes to its token, whoever
/// samples beside it.
void LaneEngine::share_work(const std::vector<Runnable>& entries) {
  longest_put_off_ = nullptr;
  guarded_left_ = 0;
  for (const Runnable& entry : entries) {
    const LaneState& lane = *entry.lane;
    if (!lane.sampler || !lane.sampler->guarded() ||
        lane.cells.size() + entry.tokens != entry.job->known(lane)) {
      continue;
    }
    ++guarded_left_;
    if (lane.times_put_off > (longest_put_off_ == nullptr ? 0 : longest_put_off_->times_put_off)) {
      longest_put_off_ = &lane;
    }
  }
  step_work_left_ = llama::step_work;
  if (longest_put_off_ != nullptr) {
    step_work_left_ -= llama::token_work_max;
    --guarded_left_;
  }
}

/// Nothing, and lane.logits kept: the token is put off to the next step, which has work for it.
std::optional<content::TokenId> LaneEngine::choose(LaneState& lane, const float* logits) {
  llama::Sampler& sampler = *lane.sampler;
  if (!sampler.guarded()) {
    return sampler.sample(logits);
  }
  const bool all = &lane == longest_put_off_;
  const std::uint64_t share =
      all ? llama::token_work_max
          : std::min(llama::token_work_max,
                     step_work_left_ / std::max<std::uint64_t>(guarded_left_, 1));
  sampler.allow_work(share);
  const auto token = sampler.sample(logits);
  if (!all) {
    step_work_left_ -= std::min(step_work_left_, share - sampler.work_left());
    guarded_left_ -= std::min<std::uint64_t>(guarded_left_, 1);
  }
  if (!token && sampler.too_costly() && share < llama::token_work_max) {
    lane.logits.assign(logits, logits + text_.vocabulary().size());
    ++lane.times_put_off;
  } else {
    lane.times_put_off = 0;
  }
  return token;
}

/// What an entry that ran gave: its tokens are resident now, but for the last one where its
/// successor is put off.
void LaneEngine::collect(const Runnable& entry, const float* logits, LaneOutput& output) {
  const std::size_t prompt = entry.job->spec.prompt.size();
  LaneState& lane = *entry.lane;
  const bool prefills = lane.cells.size() < prompt;
  const bool embeds = entry.job->spec.kind == terms::WorkKind::embed;
  if (!embeds && lane.cells.size() + entry.tokens == entry.job->known(lane)) {
    sample(entry, logits, output);
  }
  output.computed = lane.logits.empty() ? entry.tokens : entry.tokens - 1;
  cells_.grow(lane.cells, output.computed);
  if (prefills) {
    keep(*entry.job, lane);
  }
  if (embeds && lane.cells.size() == prompt) {
    output.embedding = lane.pooling.normalized();
  }
}

/// Tokens that were put off: nothing is computed for them again.
void LaneEngine::resume(const std::vector<Runnable>& entries, StepOutput& output) {
  for (const Runnable& entry : entries) {
    const std::vector<float> logits = std::exchange(entry.lane->logits, {});
    collect(entry, logits.data(), output.lanes[entry.index]);
  }
}

void LaneEngine::sample(const Runnable& entry, const float* logits, LaneOutput& output) {
  output.token = logits == nullptr ? std::nullopt : choose(*entry.lane, logits);
  if (!entry.lane->logits.empty()) {
    return;
  }
  if (!output.token) {
    entry.lane->failed = true;
    output.failed = true;
    output.too_costly = entry.lane->sampler->too_costly();
    return;
  }
  entry.lane->sampled.push_back(*output.token);
  // Under a grammar the end is the only way out, and what came after it nobody would see.
  const bool may_end = !entry.job->spec.sampling.ignore_eos || entry.lane->sampler->guarded();
  output.end_token = may_end && text_.vocabulary().ends_generation(*output.token);
  if (!output.end_token) {
    output.piece =
        text_.vocabulary().piece(*output.token, entry.job->preserved.contains(*output.token));
  }
  if (entry.job->spec.sampling.top_logprobs >= 0 && !output.piece.empty()) {
    add_logprob(entry, logits, output);
  }
}

void LaneEngine::add_logprob(const Runnable& entry, const float* logits, LaneOutput& output) {
  const llama::RankedLogprobs ranked =
      llama::rank_logprobs(logits, text_.vocabulary().size(), *output.token,
                           std::min(entry.job->spec.sampling.top_logprobs, 100));
  content::TokenLogprob& logprob = output.logprob.emplace();
  logprob.piece = output.piece;
  logprob.logprob = ranked.chosen;
  for (const auto& [token, value] : ranked.top) {
    logprob.top.emplace_back(text_.vocabulary().piece(token, true), value);
  }
}

}  // namespace engine

#include "engine.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <base/invariant.hpp>

namespace engine::llama {

namespace {

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

std::uint32_t outputs_max(std::uint32_t lanes_max, std::uint32_t step_tokens_max) {
  // A stretch of an embedding gives an output, and so a row of logits, for each of its tokens.
  return std::max(lanes_max, std::min(step_tokens_max, 64U));
}

LlamaEngine::LlamaEngine(Loaded loaded)
    : model_(std::move(loaded.model)),
      context_(std::move(loaded.context)),
      facts_(std::move(loaded.facts)),
      encoder_(loaded.encoder),
      outputs_max_(outputs_max(facts_.lanes_max, facts_.step_tokens_max)),
      vocabulary_(model_.get(), facts_.kv_tokens),
      control_names_(vocabulary_.control_names()),
      templates_(make_chat_templates(model_.get())),
      cells_(facts_.kv_tokens),
      batch_(facts_.step_tokens_max) {
  facts_.has_chat_template = templates_->explicit_template();
  for (std::uint32_t i = facts_.lanes_max; i > 0; --i) {
    free_sequences_.push_back(static_cast<llama_seq_id>(i - 1));
  }
}

base::Result<Rendered, Error> LlamaEngine::render(const content::Chat& chat) const {
  const Literals literals(control_names_, chat);
  auto rendered = templates_->render(literals.chat());
  if (!rendered) {
    return base::Fail{rendered.error()};
  }
  auto tokens = literals.tokenize(vocabulary_, rendered->prompt);
  if (!tokens) {
    return base::Fail{tokens.error()};
  }
  return Rendered{std::move(tokens).value(), std::move(rendered->format)};
}

base::Result<content::TokenIds, Error> LlamaEngine::tokenize(
    const content::RawPrompt& prompt) const {
  if (const auto* const text = std::get_if<std::string>(&prompt)) {
    return vocabulary_.tokenize(*text, false);
  }
  const auto& ids = std::get<content::TokenIds>(prompt);
  if (!std::all_of(ids.begin(), ids.end(), [&](auto id) { return vocabulary_.contains(id); })) {
    return base::Fail{Error::bad_token};
  }
  return ids;
}

std::string LlamaEngine::text(const content::TokenIds& tokens) const {
  return vocabulary_.text(tokens);
}

std::optional<Error> LlamaEngine::fault(const JobSpec& spec) const {
  const auto in_vocabulary = [&](auto id) { return vocabulary_.contains(id); };
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

base::Result<base::Done, Error> LlamaEngine::open(JobSpec spec) {
  if (const auto refused = fault(spec)) {
    return base::Fail{*refused};
  }
  const auto* const format = dynamic_cast<const ChatFormat*>(spec.format.get());
  const Constraints* const constraints = format == nullptr ? nullptr : &format->constraints();
  Job job;
  if (constraints != nullptr) {
    job.preserved = preserved_tokens(model_.get(), *constraints);
  }
  for (std::uint32_t choice = 0; choice < spec.choices; ++choice) {
    LaneState& lane = job.lanes.emplace_back();
    if (spec.kind == terms::WorkKind::embed) {
      lane.pooling.start(pooling_kind(model_.get(), facts_.architecture));
      continue;
    }
    lane.sampler = make_sampler(model_.get(), spec.sampling, constraints, choice);
    if (!lane.sampler) {
      return base::Fail{Error::bad_schema};
    }
  }
  const terms::JobId id = spec.job;
  job.spec = std::move(spec);
  jobs_.emplace(id, std::move(job));
  return base::Done{};
}

void LlamaEngine::close(terms::JobId job) {
  const auto found = jobs_.find(job);
  if (found == jobs_.end()) {
    return;
  }
  for (LaneState& lane : found->second.lanes) {
    drop(lane);
  }
  jobs_.erase(found);
}

LaneState* LlamaEngine::find(const terms::Lane& lane) {
  const auto found = jobs_.find(lane.job);
  return found == jobs_.end() || lane.choice >= found->second.lanes.size()
             ? nullptr
             : &found->second.lanes[lane.choice];
}

void LlamaEngine::drop(LaneState& lane) {
  if (lane.sequence >= 0) {
    if (llama_memory_t memory = llama_get_memory(context_.get())) {
      llama_memory_seq_rm(memory, lane.sequence, -1, -1);
    }
    free_sequences_.push_back(lane.sequence);
    lane.sequence = -1;
  }
  cells_.drop(lane.cells);
  lane.pooling.start(pooling_kind(model_.get(), facts_.architecture));
}

void LlamaEngine::fork(const terms::ForkEntry& entry) {
  LaneState* const from = find(entry.from);
  LaneState* const to = find(entry.to);
  const bool sound = from != nullptr && to != nullptr && from != to && facts_.can_fork &&
                     entry.from.job == entry.to.job && to->sequence < 0 && from->sequence >= 0 &&
                     entry.tokens.value > 0 && entry.tokens.value <= from->cells.size();
  if (!sound || free_sequences_.empty()) {
    return;  // The lane's next entry will not find what it counts on, and fail by itself.
  }
  to->sequence = free_sequences_.back();
  free_sequences_.pop_back();
  cells_.share(from->cells, to->cells, entry.tokens.value);
  llama_memory_seq_cp(llama_get_memory(context_.get()), from->sequence, to->sequence, 0,
                      static_cast<llama_pos>(entry.tokens.value));
}

/// Those entries that obey the rules, which libllama would enforce by stopping the process; the
/// lanes of the others fail.
std::vector<LlamaEngine::Runnable> LlamaEngine::runnable(const terms::StepPlan& plan,
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
    const bool whole = !encoder_ || (entry.resident.value == 0 && reach == job.spec.prompt.size());
    total += entry.tokens.value;
    if (lane->failed || !whole || entry.tokens.value == 0 || reach > job.known(*lane) ||
        reach > facts_.sequence_max || entry.resident.value != lane->cells.size() ||
        total > facts_.step_tokens_max || !seen.insert(lane).second) {
      lane->failed = true;
      lane_output.failed = true;
      drop(*lane);
      continue;
    }
    entries.push_back({i, &job, lane, entry.tokens.value});
  }
  // A lane that was named twice is failed by its second entry; its first may not run either.
  std::erase_if(entries, [&](const Runnable& entry) {
    output.lanes[entry.index].failed = entry.lane->failed;
    return entry.lane->failed;
  });
  return entries;
}

bool LlamaEngine::make_room(std::vector<Runnable>& entries) {
  std::uint64_t tokens = 0;
  std::size_t arriving = 0;
  for (const Runnable& entry : entries) {
    tokens += entry.tokens;
    arriving += entry.lane->sequence < 0 ? 1 : 0;
  }
  if (tokens > cells_.free() || arriving > free_sequences_.size()) {
    return false;
  }
  for (const Runnable& entry : entries) {
    if (entry.lane->sequence < 0) {
      entry.lane->sequence = free_sequences_.back();
      free_sequences_.pop_back();
    }
  }
  return true;
}

void LlamaEngine::unmake_room(const std::vector<Runnable>& entries) {
  for (const Runnable& entry : entries) {
    if (entry.lane->cells.empty()) {
      drop(*entry.lane);
    }
  }
}

StepOutput LlamaEngine::step(const terms::StepPlan& plan) {
  for (const auto& lane : plan.evict) {
    if (LaneState* const state = find(lane)) {
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
  const auto embeds = std::stable_partition(
      entries.begin(), entries.end(),
      [](const Runnable& entry) { return entry.job->spec.kind == terms::WorkKind::generate; });
  std::vector<Runnable> embedding(embeds, entries.end());
  std::vector<Runnable> generating(entries.begin(), embeds);
  const int generated = decode_generate(generating);
  if (generated == 1) {
    return out_of_kv();
  }
  if (generated != 0) {
    fail(generating, output);
  } else {
    for (const Runnable& entry : generating) {
      collect(entry, output.lanes[entry.index]);
    }
  }
  const int embedded = encoder_ ? encode(embedding) : decode_embed(embedding);
  if (embedded != 0) {
    fail(embedding, output);
  } else {
    for (const Runnable& entry : embedding) {
      collect(entry, output.lanes[entry.index]);
    }
  }
  return output;
}

void LlamaEngine::fail(const std::vector<Runnable>& entries, StepOutput& output) {
  for (const Runnable& entry : entries) {
    entry.lane->failed = true;
    output.lanes[entry.index].failed = true;
    drop(*entry.lane);
  }
}

/// Runs what is in the batch. 0 = done, 1 = no room and nothing changed, else failed.
int LlamaEngine::decode() {
  if (batch_.empty()) {
    return 0;
  }
  try {
    return llama_decode(context_.get(), batch_.view());
  } catch (const std::exception&) {
    return -3;
  }
}

int LlamaEngine::decode_generate(std::vector<Runnable>& entries) {
  batch_.clear();
  for (Runnable& entry : entries) {
    const auto resident = static_cast<std::uint32_t>(entry.lane->cells.size());
    const std::uint32_t known = entry.job->known(*entry.lane);
    for (std::uint32_t i = resident; i < resident + entry.tokens; ++i) {
      const bool last = i + 1 == known;
      const auto row =
          batch_.add(entry.job->token_at(*entry.lane, i), i, entry.lane->sequence, last);
      entry.row = last ? row : -1;
    }
  }
  return decode();
}

/// Embeddings of a model that generates: libllama gives the vectors of all tokens of a batch or of
/// none, so they run after the others, in stretches that fit its output buffer.
int LlamaEngine::decode_embed(std::vector<Runnable>& entries) {
  if (entries.empty()) {
    return 0;
  }
  llama_set_embeddings(context_.get(), true);
  int result = 0;
  for (const Runnable& entry : entries) {
    const auto resident = static_cast<std::uint32_t>(entry.lane->cells.size());
    for (std::uint32_t done = 0; done < entry.tokens && result == 0; done += outputs_max_) {
      result =
          decode_embed_part(entry, resident + done, std::min(outputs_max_, entry.tokens - done));
    }
  }
  llama_set_embeddings(context_.get(), false);
  return result;
}

int LlamaEngine::decode_embed_part(const Runnable& entry, std::uint32_t from,
                                   std::uint32_t tokens) {
  batch_.clear();
  for (std::uint32_t i = from; i < from + tokens; ++i) {
    batch_.add(entry.job->spec.prompt[i], i, entry.lane->sequence, true);
  }
  const int result = decode();
  for (std::uint32_t i = 0; i < tokens && result == 0; ++i) {
    const float* const vector =
        llama_get_embeddings_ith(context_.get(), static_cast<std::int32_t>(i));
    if (vector == nullptr) {
      return -3;
    }
    entry.lane->pooling.add(vector, facts_.embedding_width);
  }
  return result;
}

int LlamaEngine::encode(std::vector<Runnable>& entries) {
  batch_.clear();
  for (const Runnable& entry : entries) {
    for (std::uint32_t i = 0; i < entry.tokens; ++i) {
      batch_.add(entry.job->spec.prompt[i], i, entry.lane->sequence, true);
    }
  }
  const int result = decode();
  for (const Runnable& entry : entries) {
    if (result != 0) {
      break;
    }
    const float* const vector = llama_get_embeddings_seq(context_.get(), entry.lane->sequence);
    if (vector == nullptr) {
      return -3;
    }
    entry.lane->pooling.start(Pooling::Kind::mean);
    entry.lane->pooling.add(vector, facts_.embedding_width);
  }
  return result;
}

/// What an entry that ran gave: its tokens are resident now.
void LlamaEngine::collect(const Runnable& entry, LaneOutput& output) {
  cells_.grow(entry.lane->cells, entry.tokens);
  output.computed = entry.tokens;
  if (entry.job->spec.kind == terms::WorkKind::embed) {
    if (entry.lane->cells.size() == entry.job->spec.prompt.size()) {
      output.embedding = entry.lane->pooling.normalized();
    }
  } else if (entry.row >= 0) {
    sample(entry, output);
  }
}

void LlamaEngine::sample(const Runnable& entry, LaneOutput& output) {
  output.token = entry.lane->sampler->sample(context_.get(), entry.row);
  if (!output.token) {
    entry.lane->failed = true;
    output.failed = true;
    return;
  }
  entry.lane->sampled.push_back(*output.token);
  output.end_token =
      vocabulary_.ends_generation(*output.token) && !entry.job->spec.sampling.ignore_eos;
  if (!output.end_token) {
    output.piece = vocabulary_.piece(*output.token, entry.job->preserved.contains(*output.token));
  }
  if (entry.job->spec.sampling.top_logprobs >= 0) {
    add_logprob(entry, output);
  }
}

void LlamaEngine::add_logprob(const Runnable& entry, LaneOutput& output) {
  const RankedLogprobs ranked =
      rank_logprobs(llama_get_logits_ith(context_.get(), entry.row), vocabulary_.size(),
                    *output.token, std::min(entry.job->spec.sampling.top_logprobs, 100));
  content::TokenLogprob& logprob = output.logprob.emplace();
  logprob.piece = vocabulary_.piece(*output.token, true);
  logprob.logprob = ranked.chosen;
  for (const auto& [token, value] : ranked.top) {
    logprob.top.emplace_back(vocabulary_.piece(token, true), value);
  }
}

}  // namespace engine::llama

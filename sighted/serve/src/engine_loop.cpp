#include <serve/engine_loop.hpp>

#include <algorithm>
#include <iterator>
#include <new>
#include <optional>
#include <utility>

#include <base/invariant.hpp>

#include "active.hpp"

namespace serve {

using base::invariant;
using terms::EndReason;

namespace {

/// No memory for a step fails the lanes of that step, and nobody else's.
engine::StepOutput step_or_fail(engine::Engine& engine, const terms::StepPlan& plan) {
  try {
    return engine.step(plan);
  } catch (const std::bad_alloc&) {
    engine::StepOutput failed;
    for (const terms::StepEntry& entry : plan.run) {
      failed.lanes.emplace_back().lane = entry.lane;
      failed.lanes.back().failed = true;
    }
    return failed;
  }
}

/// No memory for a job ends its request, as a failure of the engine.
base::Result<terms::Prefix, engine::Error> open_or_fail(engine::Engine& engine,
                                                        engine::JobSpec spec) {
  try {
    return engine.open(std::move(spec));
  } catch (const std::bad_alloc&) {
    return base::Fail{engine::Error::out_of_memory};
  }
}

schedule::Capacity capacity_of(const engine::ModelFacts& facts) {
  return {facts.kv_tokens, facts.lanes_max, facts.step_tokens_max, facts.embed_whole_max,
          facts.can_fork};
}

}  // namespace

EngineLoop::EngineLoop(engine::Engine& engine, BooksThread& books, const base::Clock& clock,
                       schedule::Policy policy, Observer* observer)
    : engine_(engine),
      books_(books),
      clock_(clock),
      observer_(observer),
      scheduler_(capacity_of(engine.facts()), policy),
      queue_jobs_max_(policy.queue_jobs_max) {}

EngineLoop::~EngineLoop() {
  stop();
}

void EngineLoop::start() {
  thread_ = std::thread(&EngineLoop::loop, this);
}

void EngineLoop::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
  // What was cancelled while the last step ran is settled still, not left to recovery.
  take_messages();
  sweep_finished();
}

void EngineLoop::send(Message message) {
  {
    const std::scoped_lock lock(mutex_);
    inbox_.push_back(std::move(message));
  }
  wake_.notify_one();
}

void EngineLoop::submit(FundedRequest request) {
  submitted_jobs_ += jobs_at_once(request.prompts.size());
  send(std::move(request));
}

void EngineLoop::cancel(terms::RequestId request) {
  send(CancelOne{request});
}
void EngineLoop::cancel_key(terms::KeyId key) {
  send(CancelKey{key});
}
void EngineLoop::forget(terms::TenantId tenant) {
  send(Forget{tenant});
}
void EngineLoop::cancel_all(EndReason why) {
  send(CancelAll{why});
}

schedule::Counts EngineLoop::counts() const {
  const std::scoped_lock lock(counts_mutex_);
  return counts_;
}

bool EngineLoop::has_room(std::size_t prompts) const {
  return counts().jobs + submitted_jobs_.load() + jobs_at_once(prompts) <= queue_jobs_max_;
}

std::size_t EngineLoop::jobs_at_once(std::size_t prompts) const {
  return std::min<std::size_t>({prompts, jobs_of_request_max, queue_jobs_max_});
}

void EngineLoop::loop() {
  bool busy = true;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this, busy] { return busy || stopping_ || !inbox_.empty(); });
      if (stopping_) {
        return;
      }
    }
    busy = turn();
  }
}

bool EngineLoop::turn() {
  take_messages();
  const terms::StepPlan plan = scheduler_.plan();
  if (!plan.empty()) {
    step(plan);
  }
  sweep_finished();
  go_on();
  forget_tenants();
  scheduler_.share(engine_.sharing());
  publish_counts();
  return !plan.empty();
}

void EngineLoop::publish_counts() {
  const std::scoped_lock lock(counts_mutex_);
  counts_ = scheduler_.counts();
}

void EngineLoop::take_messages() {
  std::vector<Message> inbox;
  {
    const std::scoped_lock lock(mutex_);
    inbox.swap(inbox_);
  }
  for (Message& message : inbox) {
    if (auto* request = std::get_if<FundedRequest>(&message)) {
      submitted_jobs_ -= jobs_at_once(request->prompts.size());
      begin(std::move(*request));
    } else if (const auto* one = std::get_if<CancelOne>(&message)) {
      const auto found = active_.find(one->request);
      if (found != active_.end()) {
        end_request(*found->second, found->second->order.cancellation->reason());
      }
    } else if (const auto* all = std::get_if<CancelAll>(&message)) {
      refuse_all_ = all->why;
      for (auto& [id, active] : active_) {
        end_request(*active, all->why);
      }
    } else if (const auto* gone = std::get_if<Forget>(&message)) {
      gone_spaces_.insert(prefix_space(gone->tenant));
      to_forget_.insert(prefix_space(gone->tenant));
      for (auto& [id, active] : active_) {
        if (active->order.tenant == gone->tenant) {
          end_request(*active, EndReason::cancel);
        }
      }
    } else if (const auto* key = std::get_if<CancelKey>(&message)) {
      refused_keys_.insert(key->key);
      for (auto& [id, active] : active_) {
        if (active->order.key == key->key) {
          end_request(*active, EndReason::cancel);
        }
      }
    }
  }
}

void EngineLoop::begin(FundedRequest request) {
  const terms::RequestId id = request.request;
  auto [entry, fresh] = active_.emplace(id, std::make_unique<Active>(std::move(request)));
  invariant(fresh, "a request is submitted once");
  Active& active = *entry->second;
  if (active.order.cancellation->cancelled()) {
    end_request(active, active.order.cancellation->reason());
  } else if (refuse_all_ || refused_keys_.contains(active.order.key)) {
    // It was being paid for while the word went out.
    end_request(active, refuse_all_.value_or(EndReason::cancel));
  } else if (scheduler_.room() < jobs_at_once(active.order.prompts.size())) {
    active.failure = FailureKind::queue_full;
    end_request(active, EndReason::error);
  } else {
    active.first_job = next_job_;
    next_job_ += active.order.prompts.size();
    if (open_jobs(active)) {
      active.order.stream->push(Admitted{});
    } else {
      end_request(active, EndReason::error);
    }
  }
}

/// Opens as many of a request's jobs as may be open at once; the others follow as these end.
bool EngineLoop::open_jobs(Active& active) {
  const std::size_t all = active.order.prompts.size();
  const std::size_t most = jobs_at_once(all);
  for (; active.jobs.size() < all && active.jobs_open < most; ++active.jobs_open) {
    const std::size_t i = active.jobs.size();
    const terms::JobId job{active.first_job + i};
    if (i >= most && scheduler_.room() == 0) {
      break;  // Others took the room meanwhile: later.
    }
    terms::WorkItem item = active.item(i, job);
    engine::JobSpec spec = active.spec(i, job);
    if (gone_spaces_.contains(spec.opened.owner)) {
      spec.opened = {};  // Its owner was deleted while the request was being paid for.
    }
    const auto opened = open_or_fail(engine_, std::move(spec));
    if (!opened.ok()) {
      active.failure = opened.error() == engine::Error::out_of_memory ? FailureKind::engine_failed
                                                                      : FailureKind::bad_request;
      return false;
    }
    item.prefix = opened.value();
    active.jobs.push_back(job);
    jobs_.emplace(job, &active);
    if (scheduler_.submit(item) != schedule::Admission::queued) {
      active.failure = FailureKind::bad_request;
      return false;
    }
  }
  return true;
}

void EngineLoop::step(const terms::StepPlan& plan) {
  const base::SpanNs before = clock_.since_start();
  engine::StepOutput output = step_or_fail(engine_, plan);
  const base::SpanNs took{clock_.since_start().value - before.value};
  terms::StepReport report;
  report.out_of_kv = output.out_of_kv;
  if (!output.out_of_kv) {
    invariant(output.lanes.size() == plan.run.size(), "each planned lane is answered");
    report.lanes.reserve(output.lanes.size());
    for (std::size_t i = 0; i < output.lanes.size(); ++i) {
      report.lanes.push_back(absorb(output.lanes[i], plan.run[i]));
    }
  }
  for (const terms::Lane& stuck : scheduler_.report(report, took)) {
    const auto job = jobs_.find(stuck.job);
    if (job != jobs_.end()) {
      end_request(*job->second, EndReason::error);
    }
  }
}

/// Counts what a lane did, hands its text on, and says in numbers what the scheduler must know.
terms::LaneReport EngineLoop::absorb(engine::LaneOutput& output, const terms::StepEntry& entry) {
  terms::LaneReport report;
  report.lane = output.lane;
  report.reused = {output.reused};
  report.computed = {output.computed};
  report.finished = output.failed;
  const auto found = jobs_.find(output.lane.job);
  invariant(found != jobs_.end(), "a lane belongs to an active request");
  Active& active = *found->second;
  // A token sampled in the very step in which the request ended is nobody's.
  report.sampled = output.token.has_value() && !active.over ? 1 : 0;
  active.meter(output.lane.job).count(entry, report);
  if (active.over) {
    report.finished = true;
    return report;
  }
  const std::uint32_t choice = active.choice_index(output.lane);
  if (output.failed && output.too_costly) {
    active.failure = FailureKind::too_costly;  // Its client's doing, but nothing it could foresee.
    end_request(active, EndReason::error);
  } else if (output.failed) {
    end_choice(active, choice, EndReason::error, {});
  } else if (!output.embedding.empty()) {
    active.order.stream->push(EmbeddingPiece{choice, std::move(output.embedding)});
    end_choice(active, choice, EndReason::done, {});
    report.finished = true;
    if (active.jobs.size() < active.order.prompts.size()) {
      jobs_over_.emplace_back(active.order.request, output.lane.job);
    }
  } else if (output.token.has_value()) {
    report.finished = absorb_token(active, choice, output);
  }
  return report;
}

bool EngineLoop::absorb_token(Active& active, std::uint32_t index, engine::LaneOutput& output) {
  Choice& choice = active.choices[index];
  choice.tokens.push_back(*output.token);
  if (active.first_token.value == 0) {
    active.first_token = clock_.since_start();
  }
  TextPiece piece{index, {}, {}};
  if (output.logprob.has_value()) {
    piece.logprobs.push_back(std::move(*output.logprob));
  }
  piece.text = output.end_token ? choice.text.finish() : choice.text.add(output.piece);
  const bool stopped = choice.text.stopped();
  const bool at_limit = choice.tokens.size() >= active.order.output_max_each;
  if (at_limit && !output.end_token && !stopped) {
    piece.text += choice.text.finish();
  }
  const bool nothing = piece.text.empty() && piece.logprobs.empty();
  if (!nothing && !active.order.stream->push(std::move(piece))) {
    active.order.cancellation->cancel(EndReason::disconnect);
    end_request(active, EndReason::disconnect);
    return true;
  }
  if (output.end_token || stopped) {
    end_choice(active, index, EndReason::stop, active.stop_string(choice));
    return true;
  }
  if (at_limit) {
    end_choice(active, index, active.order.at_limit, {});
  }
  return at_limit;
}

void EngineLoop::end_choice(Active& active, std::uint32_t index, EndReason why, std::string stop) {
  Choice& choice = active.choices[index];
  if (choice.over) {
    return;
  }
  choice.over = true;
  active.end = worse(active.end, why);
  const bool context_full = why == EndReason::length && active.order.context_ends_it;
  active.order.stream->push(ChoiceEnd{index, why, std::move(stop), context_full});
  if (--active.choices_open == 0) {
    end_request(active, active.end);
  }
}

void EngineLoop::end_request(Active& active, EndReason why) {
  if (active.over) {
    return;
  }
  active.over = true;
  active.end = worse(active.end, why);
  finished_.push_back(active.order.request);
}

/// Ends the jobs of large requests that are over, and opens those that wait for their place.
void EngineLoop::go_on() {
  for (const auto& [request, job] : std::exchange(jobs_over_, {})) {
    const auto entry = active_.find(request);
    if (entry != active_.end() && jobs_.erase(job) > 0) {
      engine_.close(job);
      scheduler_.remove(job);
      --entry->second->jobs_open;
      waiting_jobs_.insert(request);
    }
  }
  for (auto next = waiting_jobs_.begin(); next != waiting_jobs_.end();) {
    const auto entry = active_.find(*next);
    const bool gone = entry == active_.end() || entry->second->over;
    if (!gone && !open_jobs(*entry->second)) {
      end_request(*entry->second, EndReason::error);
    }
    const bool whole = gone || entry->second->jobs.size() == entry->second->order.prompts.size();
    next = whole ? waiting_jobs_.erase(next) : std::next(next);
  }
}

/// Ended requests leave between steps, when no plan names their lanes any more.
void EngineLoop::sweep_finished() {
  for (const terms::RequestId& id : std::exchange(finished_, {})) {
    const auto entry = active_.find(id);
    invariant(entry != active_.end(), "a request ends once");
    Active& active = *entry->second;
    close_jobs(active);
    for (const engine::Opened& opened : active.order.opened) {
      if (gone_spaces_.contains(opened.owner)) {
        to_forget_.insert(opened.owner);  // It used blocks of a beginning, which so stayed.
      }
    }
    settle(active);
    active_.erase(entry);
  }
}

/// After the sweep, for what closes leaves its prompt behind.
void EngineLoop::forget_tenants() {
  for (const std::uint64_t space : std::exchange(to_forget_, {})) {
    engine_.forget(space);
  }
}

void EngineLoop::close_jobs(Active& active) {
  for (const terms::JobId job : active.jobs) {
    if (jobs_.erase(job) > 0) {
      engine_.close(job);
      scheduler_.remove(job);
    }
  }
}

void EngineLoop::settle(Active& active) {
  const terms::Usage usage = active.usage();
  const std::shared_ptr<Stream> stream = active.order.stream;
  const terms::RequestId request = active.order.request;
  if (active.costs_nothing(usage)) {
    const FailureKind kind = active.failure_kind();
    const auto tell = [stream, kind] { stream->push(Failed{kind, {}}); };
    books_.ask(
        settle::Void{request, clock_.now()}, [tell](const settle::Outcome&) { tell(); },
        [tell]() -> std::optional<settle::Command> {
          tell();
          return std::nullopt;
        });
    return;
  }
  if (observer_ != nullptr) {
    observer_->on_finished({active.order.model, usage, active.end, active.order.arrived,
                            active.first_token, clock_.since_start()});
  }
  settle::Settle command;
  command.request = request;
  command.output = active.output_digest();
  command.weights = engine_.facts().weights;
  command.tokenizer = engine_.facts().tokenizer;
  command.salt = active.order.salt;
  command.now = clock_.now();
  command.usage = usage;
  command.end = active.end;
  const EndReason end = active.end;
  const auto tell = [stream, request, usage, end](const settle::Outcome& outcome) {
    if (const auto* settled = std::get_if<settle::Settled>(&outcome)) {
      stream->push(Charged{request, usage, end, settled->charge, settled->balance_after});
    } else {
      stream->push(Failed{FailureKind::refused_by_books, std::get<settle::Refused>(outcome)});
    }
  };
  // What was shown is charged, however late; what was not is withheld, and costs nothing.
  books_.ask(
      command, tell,
      [stream, instead = settle::Void{request, command.now}]() -> std::optional<settle::Command> {
        if (stream->reading() == Reading::as_it_comes) {
          stream->push(Failed{FailureKind::recorded_later, {}});
          return std::nullopt;
        }
        stream->push(Failed{FailureKind::not_recorded, {}});
        return instead;
      });
}

}  // namespace serve

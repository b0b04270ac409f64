// A whole hall without threads: the test turns the books and the engine by hand.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <engine/scripted.hpp>
#include <serve/books_thread.hpp>
#include <serve/engine_loop.hpp>
#include <serve/hall.hpp>
#include <settle/audit.hpp>
#include <settle/books.hpp>
#include <store/faulty.hpp>
#include <store/memory.hpp>

namespace serve::testing {

constexpr std::int64_t start_ns = 1'700'000'000'000'000'000;
constexpr terms::TenantId tenant{7};
constexpr terms::KeyId key{8};
/// One nano-unit an input token, two an output token.
constexpr price::Prices prices{{1'000'000}, {0}, {2'000'000}};

class HandClock final : public base::Clock {
 public:
  [[nodiscard]] base::UnixNs now() const override { return {start_ns}; }
  [[nodiscard]] base::SpanNs since_start() const override {
    passed_ns += tick_ns;
    return {1 + passed_ns};
  }

  std::int64_t tick_ns = 0;  ///< What passes between two looks.
  mutable std::int64_t passed_ns = 0;
};

class Counting final : public base::Random {
 public:
  [[nodiscard]] std::uint64_t next() override { return last_ += 2; }

 private:
  std::atomic<std::uint64_t> last_ = 0;
};

/// Everything that fails does so at the commit, so many times, once it is told to.
class Faults final : public store::FaultPlan {
 public:
  store::Fault next(store::FaultPoint point) override {
    if (point != store::FaultPoint::commit || left == 0) {
      return store::Fault::none;
    }
    --left;
    return fault;
  }
  std::uint64_t left = 0;
  store::Fault fault = store::Fault::fails;
};

/// The scripted engine, and what was asked of it.
class Watched final : public engine::Engine {
 public:
  explicit Watched(engine::ScriptedOptions options)
      : inner_(engine::make_scripted(std::move(options))) {}

  [[nodiscard]] const engine::ModelFacts& facts() const override { return inner_->facts(); }
  [[nodiscard]] base::Result<engine::Rendered, engine::Unrendered> render(
      const content::Chat& chat) const override {
    return inner_->render(chat);
  }
  [[nodiscard]] base::Result<std::shared_ptr<const engine::ReplyFormat>, engine::Unrendered>
  obeying(const std::string& grammar) const override {
    return inner_->obeying(grammar);
  }
  [[nodiscard]] base::Result<content::TokenIds, engine::Error> tokenize(
      const content::RawPrompt& prompt) const override {
    return inner_->tokenize(prompt);
  }
  [[nodiscard]] std::string text(const content::TokenIds& tokens) const override {
    return inner_->text(tokens);
  }
  base::Result<terms::Prefix, engine::Error> open(engine::JobSpec spec) override {
    ++opens;
    if (no_memory_at_open) {
      throw std::bad_alloc();
    }
    return inner_->open(std::move(spec));
  }
  engine::StepOutput step(const terms::StepPlan& plan) override {
    plans.push_back(plan);
    if (no_memory_at_step == plans.size()) {
      throw std::bad_alloc();
    }
    if (lacks_room && lacks_room(plans.size())) {
      return refuse(plan);
    }
    engine::StepOutput output = inner_->step(plan);
    if (after_step) {
      after_step(plans.size(), output);
    }
    return output;
  }
  void close(terms::JobId job) override { inner_->close(job); }
  void forget(std::uint64_t prefix_space) override { inner_->forget(prefix_space); }
  [[nodiscard]] std::uint32_t kv_free() const override { return inner_->kv_free(); }
  [[nodiscard]] terms::Sharing sharing() const override { return inner_->sharing(); }
  [[nodiscard]] bool empty() const { return kv_free() == facts().kv_tokens; }

  std::vector<terms::StepPlan> plans;
  std::uint64_t opens = 0;
  /// May change what came out of a step; steps are counted from 1.
  std::function<void(std::size_t, engine::StepOutput&)> after_step;
  /// True: the engine finds no room in this step, whatever the scheduler counted.
  std::function<bool(std::size_t)> lacks_room;
  /// Memory is out in this step (counted from 1), or whenever a job is opened.
  std::size_t no_memory_at_step = 0;
  bool no_memory_at_open = false;

 private:
  engine::StepOutput refuse(const terms::StepPlan& plan) {
    terms::StepPlan moved = plan;
    moved.run.clear();
    inner_->step(moved);
    engine::StepOutput output;
    output.out_of_kv = true;
    for (const terms::StepEntry& entry : plan.run) {
      output.lanes.emplace_back().lane = entry.lane;
    }
    return output;
  }

  std::unique_ptr<engine::Engine> inner_;
};

/// All that a stream brought.
struct Seen {
  std::map<std::uint32_t, std::string> text;
  std::map<std::uint32_t, ChoiceEnd> ends;
  std::map<std::uint32_t, std::size_t> embeddings;
  std::optional<Charged> charged;
  std::optional<Failed> failed;
  int admitted = 0;
  int last_events = 0;

  void take(Stream& stream) {
    for (Event& event : stream.take()) {
      EXPECT_EQ(last_events, 0) << "nothing comes after the last event";
      if (std::holds_alternative<Admitted>(event)) {
        EXPECT_TRUE(text.empty() && ends.empty() && embeddings.empty()) << "it comes first";
        ++admitted;
        continue;
      }
      if (auto* piece = std::get_if<TextPiece>(&event)) {
        text[piece->choice] += piece->text;
      } else if (auto* end = std::get_if<ChoiceEnd>(&event)) {
        EXPECT_FALSE(ends.contains(end->choice)) << "a choice ends once";
        ends[end->choice] = *end;
      } else if (auto* vector = std::get_if<EmbeddingPiece>(&event)) {
        embeddings[vector->choice] = vector->values.size();
      } else if (auto* money = std::get_if<Charged>(&event)) {
        charged = *money;
        ++last_events;
      } else {
        failed = std::get<Failed>(event);
        ++last_events;
      }
    }
  }
  [[nodiscard]] bool over() const { return last_events == 1; }
};

/// A request under way and its reader.
struct Job {
  Ticket ticket;
  std::shared_ptr<Stream> stream;
  Seen seen = {};

  Seen& look() {
    seen.take(*stream);
    return seen;
  }
};

inline content::GenerationRequest ask(std::string prompt,
                                      std::optional<std::uint32_t> output_max = std::nullopt) {
  content::GenerationRequest request;
  request.prompt = std::vector<content::RawPrompt>{std::move(prompt)};
  request.output_max = output_max;
  return request;
}

class House {
 public:
  explicit House(engine::ScriptedOptions options, schedule::Policy policy = {},
                 std::size_t books_queue_max = 1024,
                 std::chrono::nanoseconds patience = std::chrono::seconds(30))
      : journal_(store::make_faulty(*memory_.journal, faults)),
        books_(*journal_),
        money(books_, books_queue_max, patience),
        engine(std::move(options)),
        loop(engine, money, clock_, policy, nullptr),
        hall(money, clock_, random_) {
    credit(tenant, 1'000'000);
  }

  void credit(terms::TenantId owner, std::int64_t amount) {
    const settle::Command command = settle::Credit{{99, ++credits_}, owner, {amount}, {start_ns}};
    ASSERT_TRUE(std::holds_alternative<settle::Credited>(books_.apply({&command, 1}).front()));
  }

  /// From here on every engine step takes so long.
  void steps_take(std::int64_t ns) { clock_.tick_ns = ns; }

  [[nodiscard]] Flavour flavour(std::uint32_t context = 4096) { return {{4}, &loop, context}; }

  template <class Request>
  Job submit(const Request& request, Caller caller = {tenant, {5, 6}, key, {}},
             std::shared_ptr<Stream> stream = std::make_shared<Stream>(Reading::as_it_comes),
             terms::Digest idempotency = {}, Offer offer = {{1}, {{1, 2, 3, 4}}, prices}) {
    auto prepared = Hall::prepare(flavour(), request);
    EXPECT_TRUE(prepared.ok());
    Ticket ticket = hall.submit(std::move(prepared).value(), caller, offer, idempotency, stream);
    return {ticket, std::move(stream)};
  }

  /// Until nobody has anything to do.
  void run() {
    for (int turns = 0; turns < 100'000; ++turns) {
      const bool paid = money.turn();
      if (!loop.turn() && !paid && money.waiting() == 0) return;
    }
    ADD_FAILURE() << "the hall never comes to rest";
  }
  /// The hold is made and `steps` engine steps are run.
  void run_steps(int steps) {
    money.turn();
    for (int i = 0; i < steps; ++i) {
      loop.turn();
    }
  }

  [[nodiscard]] std::int64_t available(terms::TenantId owner = tenant) {
    return memory_.reader->balance(owner).value().available.value;
  }
  [[nodiscard]] std::uint64_t open_holds() { return memory_.reader->open_holds().value(); }
  [[nodiscard]] std::uint64_t receipts() { return memory_.reader->totals().value().receipts; }
  [[nodiscard]] std::uint64_t findings() {
    auto snapshot = std::move(memory_.reader->snapshot()).value();
    return settle::audit(*snapshot).value().finding_count;
  }
  /// Nothing runs, nothing is held, the books are right.
  void expect_at_rest() {
    EXPECT_EQ(open_holds(), 0U);
    EXPECT_EQ(findings(), 0U);
    EXPECT_TRUE(engine.empty()) << "all KV is given back";
    EXPECT_EQ(loop.counts().jobs, 0U);
  }
  [[nodiscard]] ledger::Reader& reader() { return *memory_.reader; }

  Faults faults;

 private:
  HandClock clock_;
  Counting random_;
  std::uint64_t credits_ = 0;
  store::MemoryStore memory_ = store::open_memory_store();
  std::unique_ptr<ledger::Journal> journal_;
  settle::Books books_;

 public:
  BooksThread money;
  Watched engine;
  EngineLoop loop;
  Hall hall;
};

inline engine::ScriptedOptions says(std::string reply) {
  engine::ScriptedOptions options;
  options.reply = std::move(reply);
  return options;
}

}  // namespace serve::testing

// The scripted engine in bad moods: lanes fail, room is missing. It counts what it really sampled
// for whom, which nobody above it can change.
#pragma once

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <engine/scripted.hpp>
#include <sim/dice.hpp>

namespace sim {

/// A prompt begins with the number of its customer, so that the engine knows whom it decodes for.
class MoodyEngine final : public engine::Engine {
 public:
  MoodyEngine(engine::ScriptedOptions options, Dice& dice, std::uint32_t moods_per_mille)
      : inner_(engine::make_scripted(std::move(options))), dice_(dice), moods_(moods_per_mille) {}

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
    customers_[spec.job] = std::strtoull(inner_->text(spec.prompt).c_str(), nullptr, 10);
    if (dice_.chance(moods_)) return base::Fail{engine::Error::failed};
    return inner_->open(std::move(spec));
  }
  engine::StepOutput step(const terms::StepPlan& plan) override {
    if (!plan.run.empty() && dice_.chance(moods_)) return lack_room(plan);
    engine::StepOutput output = inner_->step(plan);
    for (engine::LaneOutput& lane : output.lanes) {
      if (dice_.chance(moods_)) {
        const terms::Lane which = lane.lane;
        lane = {};
        lane.lane = which;
        lane.failed = true;
      }
      sampled_[customers_[lane.lane.job]] += lane.token.has_value() ? 1 : 0;
    }
    return output;
  }
  void close(terms::JobId job) override { inner_->close(job); }
  void forget(std::uint64_t prefix_space) override { inner_->forget(prefix_space); }
  [[nodiscard]] std::uint32_t kv_free() const override { return inner_->kv_free(); }
  [[nodiscard]] terms::Sharing sharing() const override { return inner_->sharing(); }

  /// Tokens sampled for a customer.
  [[nodiscard]] std::uint32_t sampled(std::uint64_t customer) { return sampled_[customer]; }

 private:
  /// Evictions and forks are done, nothing is run.
  engine::StepOutput lack_room(const terms::StepPlan& plan) {
    terms::StepPlan moved = plan;
    moved.run.clear();
    if (!moved.empty()) inner_->step(moved);
    engine::StepOutput output;
    output.out_of_kv = true;
    for (const terms::StepEntry& entry : plan.run) {
      output.lanes.emplace_back().lane = entry.lane;
    }
    return output;
  }

  std::unique_ptr<engine::Engine> inner_;
  Dice& dice_;
  const std::uint32_t moods_;
  std::map<terms::JobId, std::uint64_t> customers_;
  std::map<std::uint64_t, std::uint32_t> sampled_;
};

}  // namespace sim

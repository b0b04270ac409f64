// Runs one job on an engine the way a scheduler would, with chunks of a given size.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <engine/engine.hpp>
#include <string>
#include <utility>
#include <vector>

namespace engine::test {

inline terms::Lane lane(std::uint64_t job, std::uint64_t choice = 0) {
  return {{job}, choice};
}

inline terms::StepEntry entry(terms::Lane lane, std::uint32_t tokens, std::uint32_t resident) {
  return {lane, {tokens}, {resident}};
}

inline JobSpec job(std::uint64_t id, content::TokenIds prompt) {
  JobSpec spec;
  spec.job = {id};
  spec.prompt = std::move(prompt);
  spec.sampling.temperature = 0;
  return spec;
}

struct Answer {
  content::TokenIds tokens;
  std::string text;
  std::vector<content::TokenLogprob> logprobs;
  std::vector<float> embedding;
  bool ended = false;  ///< By an end token.
  bool failed = false;
};

/// Takes what a step gave one lane.
inline void take(const LaneOutput& output, Answer& answer) {
  if (output.token) {
    answer.tokens.push_back(*output.token);
    answer.text += output.piece;
  }
  if (output.logprob) {
    answer.logprobs.push_back(*output.logprob);
  }
  if (!output.embedding.empty()) {
    answer.embedding = output.embedding;
  }
  answer.ended = answer.ended || output.end_token;
  answer.failed = answer.failed || output.failed;
}

/// Runs an open job's lane alone until its end, or until it has `tokens_max` tokens.
inline Answer run(Engine& engine, terms::Lane lane, std::size_t prompt, std::size_t tokens_max,
                  std::uint32_t chunk, std::uint32_t resident = 0) {
  Answer answer;
  while (answer.tokens.size() < tokens_max && !answer.ended && !answer.failed) {
    const auto known = static_cast<std::uint32_t>(prompt + answer.tokens.size());
    const std::uint32_t tokens = std::min(chunk, known - resident);
    terms::StepPlan plan;
    plan.run.push_back(entry(lane, tokens, resident));
    const StepOutput output = engine.step(plan);
    if (output.out_of_kv || output.lanes.size() != 1) {
      ADD_FAILURE() << "the step did not run";
      break;
    }
    take(output.lanes[0], answer);
    resident += tokens;
    if (!output.lanes[0].embedding.empty()) {
      break;
    }
  }
  return answer;
}

/// Opens, runs and closes.
inline Answer generate(Engine& engine, JobSpec spec, std::size_t tokens_max,
                       std::uint32_t chunk = 64) {
  const terms::JobId id = spec.job;
  const std::size_t prompt = spec.prompt.size();
  const auto opened = engine.open(std::move(spec));
  if (!opened) {
    ADD_FAILURE() << "open failed with " << static_cast<int>(opened.error());
    return {};
  }
  Answer answer = run(engine, {id, 0}, prompt, tokens_max, chunk);
  engine.close(id);
  return answer;
}

}  // namespace engine::test

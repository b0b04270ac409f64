// An engine of formulas under a scheduler, on virtual time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <simulate/load.hpp>

namespace simulate {

/// What a step costs and what fits:
///   ms = step + prompt * prompt tokens + decode * sequences + read * KV tokens that decodes read
///      + position * sum of the positions of the prompt tokens
struct Machine {
  std::string name;
  double step_ms = 0;
  double prompt_ms = 0;
  double decode_ms = 0;
  double read_ms = 0;
  double position_ms = 0;
  std::uint32_t kv_tokens = 0;
  std::uint32_t lanes = 0;
  std::uint32_t step_tokens = 0;
};

/// "a10g" (Llama-7B on one A10G) or "cpu" (SmolLM2-135M Q8_0 on two cores). Where the numbers come
/// from stands in README.md.
[[nodiscard]] std::optional<Machine> machine(std::string_view name);

enum class Policy : std::uint32_t {
  ours = 1,  ///< schedule::Scheduler, as the server runs it.
  fcfs = 2,  ///< Continuous batching, first come first served.
  vtc = 3,   ///< Continuous batching with Virtual Token Counters.
};
[[nodiscard]] std::string_view name(Policy policy);

struct Options {
  Machine machine;
  std::uint32_t engines = 1;  ///< A request goes to the one with the least work outstanding.
  std::uint32_t input_weight = 1;
  std::uint32_t output_weight = 2;
  std::uint32_t quantum_tokens = 1024;  ///< Of ours.
};

struct Served {
  double asked_s = 0;
  double first_s = 0;  ///< First token.
  double done_s = 0;
  std::uint32_t tenant = 0;
  std::uint32_t prompt = 0;
  std::uint32_t output = 0;
};

/// What happened. Service is weighted tokens, as in Options.
struct Outcome {
  Policy policy = Policy::ours;
  std::vector<Served> requests;
  std::vector<std::vector<double>> service;  ///< [tenant][second]
  std::vector<std::vector<double>> asked;    ///< [tenant][second]
  std::vector<std::vector<float>> itl_ms;    ///< [tenant]: between two tokens of a request.
  double end_s = 0;
  std::uint64_t tokens = 0;      ///< Of finished requests, in and out.
  std::uint64_t recomputed = 0;  ///< Tokens computed a second time after an eviction.
  std::uint64_t evictions = 0;
  std::uint64_t refused = 0;
  std::uint64_t steps = 0;
};

/// Runs a load to its end. Deterministic.
[[nodiscard]] Outcome run(const Load& load, Policy policy, const Options& options);

}  // namespace simulate

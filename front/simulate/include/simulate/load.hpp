// What is asked of a simulated house: who comes when with how much. Lengths and times, no text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <base/result.hpp>

namespace simulate {

struct Request {
  double at_s = 0;
  std::uint32_t tenant = 0;  ///< Index into Load::tenants.
  std::uint32_t prompt = 1;  ///< Tokens, at least 1.
  std::uint32_t output = 1;  ///< Tokens, at least 1.
  bool again = false;        ///< A client that asks the same again as soon as it has its answer.
  /// Of what blocks of 512 tokens the prompt is made, in order; equal numbers are equal tokens.
  /// Empty: not known. (The simulation has no prefix cache and does not use them.)
  std::vector<std::uint64_t> blocks = {};
};

struct Load {
  std::string name;
  std::vector<std::string> tenants;
  std::vector<Request> requests;  ///< By time.
  double until_s = 0;             ///< Nobody asks after this.
};

/// Two tenants, 90 and 180 requests a minute, evenly spaced, of 256 tokens in and out: the load of
/// figure 3 in "Fairness in Serving Large Language Models" (Sheng et al., OSDI 2024).
[[nodiscard]] Load overload(double minutes);
/// One tenant asks for a minute and pauses for a minute, the other never stops; both overload.
[[nodiscard]] Load on_off(double minutes);
/// Two clients of a light tenant (80 in, which is 50 words and a template; 50 out) beside thirty of
/// a heavy one (200, 100), each asking again as soon as it is answered. Without the heavy one:
/// `alone`.
[[nodiscard]] Load light_heavy(double minutes, bool alone);
/// Poisson arrivals of many tenants whose rates fall like 1/rank, 16 to 512 tokens in and out.
/// per_minute   requests of all tenants together.
[[nodiscard]] Load many(std::uint32_t tenants, double minutes, double per_minute,
                        std::uint64_t seed);

/// Reads a trace and adds its requests: `req_time_s,client,prompt_tokens,output_tokens` (a tenant
/// per client), `TIMESTAMP,ContextTokens,GeneratedTokens` (one tenant, named after the file), or
/// JSON lines with timestamp (ms), input_length, output_length and perhaps hash_ids, the blocks
/// (likewise). The kind is told by the first line. Errors are a line for people.
[[nodiscard]] base::Result<base::Done, std::string> add_trace(Load& load, const std::string& path,
                                                              double speed);

}  // namespace simulate

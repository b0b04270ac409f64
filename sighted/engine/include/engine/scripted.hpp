// An engine without a model: its answers are written beforehand, its KV cache is only counted. For
// tests, for the simulator, and to measure what everything but the model costs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <engine/engine.hpp>

namespace engine {

struct ScriptedOptions {
  std::uint32_t context = 32768;        ///< Tokens, facts().context_trained.
  std::uint32_t kv_tokens = 1U << 18;   ///< Cells of the counted KV cache.
  std::uint32_t lanes_max = 255;        ///< Sequences resident at once.
  std::uint32_t step_tokens_max = 512;  ///< Tokens of one step.
  std::uint32_t reply_tokens = 0;       ///< The end token comes after so many; 0 = never.
  std::uint32_t embedding_width = 64;   ///< 0 = refuses to embed.
  bool can_fork = true;
  bool keeps_prefixes = false;  ///< Counts a cache of prefixes, as the native engine has one.
  /// What every free-text answer says (over and over where reply_tokens asks for more; at its end
  /// comes the end token where reply_tokens is 0). Empty = English words, others for each seed.
  /// A part within <think> and </think> is reasoning.
  std::string reply = {};
  /// In this run step, counted from 1, every lane fails. 0 = never.
  std::uint64_t fail_at_step = 0;
  /// open() answers Error::failed.
  bool fail_open = false;
  /// Called on the engine thread before each step that runs something: to hold an engine still, or
  /// to slow it down. May be empty.
  std::function<void()> before_step = {};
};

/// One token is one byte; the ids above 255 are BOS, the end token and the ChatML marks. Breaking
/// the rules of a plan stops the process (invariant): the scheduler is what is under test here.
/// Tools are called where the choice is `required`, with the smallest arguments that satisfy their
/// schema; a JSON schema is answered by the smallest value that satisfies it.
[[nodiscard]] std::unique_ptr<Engine> make_scripted(ScriptedOptions options);

}  // namespace engine

// A request while an engine works on it: what was sampled, what is over, what it used so far.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <base/quantity.hpp>
#include <engine/engine.hpp>
#include <engine/text_assembler.hpp>
#include <meter/meter.hpp>
#include <serve/engine_loop.hpp>
#include <serve/order.hpp>
#include <serve/stream.hpp>

namespace serve {

/// One continuation, or one input to embed.
struct Choice {
  engine::TextAssembler text;
  content::TokenIds tokens;
  bool over = false;
};

/// The end that counts for a request whose choices ended differently.
[[nodiscard]] terms::EndReason worse(terms::EndReason a, terms::EndReason b);

/// Whose prompts a request of this tenant may find computed already.
[[nodiscard]] std::uint64_t prefix_space(terms::TenantId tenant);

/// Belongs to one EngineLoop and lives on its thread.
struct EngineLoop::Active {
  explicit Active(FundedRequest request);

  [[nodiscard]] terms::WorkItem item(std::size_t prompt, terms::JobId job) const;
  /// Moves the prompt out of the order.
  [[nodiscard]] engine::JobSpec spec(std::size_t prompt, terms::JobId job);
  /// A lane's number among all the request's choices: prompt by prompt.
  [[nodiscard]] std::uint32_t choice_index(const terms::Lane& lane) const;
  [[nodiscard]] meter::Meter& meter(terms::JobId job);
  [[nodiscard]] terms::Usage usage() const;
  /// The client's stop string that ended a choice; empty when another end did.
  [[nodiscard]] std::string stop_string(const Choice& choice) const;
  /// Nothing came out of it, and not because the client left.
  [[nodiscard]] bool costs_nothing(const terms::Usage& usage) const;
  [[nodiscard]] FailureKind failure_kind() const;
  /// SHA-256 over, for each choice: its number of tokens and their ids, 32 bits big-endian each.
  [[nodiscard]] terms::Digest output_digest() const;

  FundedRequest order;
  std::uint64_t first_job = 0;     ///< Job of the first prompt; the others' follow it.
  std::vector<terms::JobId> jobs;  ///< Opened so far: one per prompt, consecutive.
  std::size_t jobs_open = 0;       ///< Of these, not closed yet.
  std::vector<meter::Meter> meters;
  std::vector<Choice> choices;
  std::uint32_t choices_open = 0;
  terms::EndReason end = terms::EndReason::done;
  FailureKind failure = FailureKind::engine_failed;
  base::SpanNs first_token;
  bool over = false;
};

}  // namespace serve

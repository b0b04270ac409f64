// A request on its way to an engine thread, paid for.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <base/quantity.hpp>
#include <engine/engine.hpp>
#include <serve/stream.hpp>
#include <terms/ids.hpp>
#include <terms/prices.hpp>
#include <terms/usage.hpp>

namespace serve {

/// The one word that can still be said to a request on its way: stop. Any thread. It outlives
/// whoever says it, so it holds no pointers.
class Cancellation {
 public:
  /// The first reason stays.
  void cancel(terms::EndReason why) {
    std::uint32_t none = 0;
    reason_.compare_exchange_strong(none, static_cast<std::uint32_t>(why));
  }
  [[nodiscard]] bool cancelled() const { return reason_.load() != 0; }
  /// Only when cancelled().
  [[nodiscard]] terms::EndReason reason() const {
    return static_cast<terms::EndReason>(reason_.load());
  }

 private:
  std::atomic<std::uint32_t> reason_ = 0;
};

/// A request whose hold is durable: the proof that it may cost the engine work. Only the hall
/// makes one, in the answer to a hold, so no route can reach an engine unpaid.
class FundedRequest {
 public:
  terms::RequestId request;
  terms::TenantId tenant;
  terms::KeyId key;
  terms::Digest salt;  ///< For its receipt; drawn before anything ran.
  terms::ModelId model;
  terms::Prices prices;  ///< Of the moment of admission.
  terms::WorkKind kind = terms::WorkKind::generate;
  std::vector<content::TokenIds> prompts;  ///< One job each.
  std::vector<engine::Opened> opened;      ///< Of each prompt; empty: nothing is.
  std::shared_ptr<const engine::ReplyFormat> format;
  content::Sampling sampling;
  std::uint32_t choices = 1;          ///< For each prompt.
  std::uint32_t output_max_each = 0;  ///< Tokens for each choice, granted by the hold; 0 = embed.
  terms::EndReason at_limit = terms::EndReason::length;  ///< Why output_max_each ends it.
  bool context_ends_it = false;  ///< With at_limit length: the context has no room for more.
  base::SpanNs arrived;          ///< On the monotonic clock.
  std::shared_ptr<Stream> stream;
  std::shared_ptr<Cancellation> cancellation;

 private:
  friend class Hall;
  friend struct FundedForTests;
  FundedRequest() = default;
};

}  // namespace serve

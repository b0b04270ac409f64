// The books as a beginner would write them: plain maps, no transactions, no prices in 128 bits.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <ledger/month.hpp>
#include <settle/commands.hpp>

namespace settle::testing {

/// Answers as Books should. Small whole prices only (multiples of 10^6), so that a charge is a
/// plain sum.
class Model {
 public:
  Outcome apply(const Hold& hold) {
    if (const auto open = holds_.find(hold.request); open != holds_.end()) {
      return Held{open->second.granted, {open->second.amount}};
    }
    if (receipts_.count(hold.request) + voids_.count(hold.request) > 0) {
      return refuse(Refusal::already_ended);
    }
    if (hold.idempotency.valid()) {
      const auto claim = claims_.find({hold.tenant, hold.idempotency});
      if (claim != claims_.end()) {
        Refused refused{Refusal::duplicate, {}, claim->second};
        refused.earlier_settled = holds_.count(claim->second) == 0;
        return refused;
      }
    }
    return decide(hold);
  }

  Outcome apply(const Settle& settle) {
    const auto found = holds_.find(settle.request);
    if (found == holds_.end()) {
      const auto receipt = receipts_.find(settle.request);
      if (receipt != receipts_.end()) return receipt->second;
      return refuse(voids_.count(settle.request) > 0 ? Refusal::already_ended
                                                     : Refusal::unknown_request);
    }
    const Open open = found->second;
    if (settle.usage.output > open.granted || settle.usage.input > open.hold.input) {
      return refuse(Refusal::usage_over_hold);
    }
    const std::int64_t charge = cost(open.hold, settle.usage.input, settle.usage.output);
    end(open, charge, settle.usage.input.value + settle.usage.output.value);
    revenue += charge;
    const Settled settled{{charge},
                          {available[open.hold.tenant] + held[open.hold.tenant]},
                          ++sequences_[open.hold.tenant]};
    receipts_[settle.request] = settled;
    kept_[open.hold.tenant].push_back({settle.now, settle.request});
    leaves_ += 1;
    return settled;
  }

  Outcome apply(const Void& undo) {
    const auto found = holds_.find(undo.request);
    if (found == holds_.end()) {
      if (voids_.count(undo.request) > 0) return Voided{};
      return refuse(receipts_.count(undo.request) > 0 ? Refusal::already_ended
                                                      : Refusal::unknown_request);
    }
    const Open open = found->second;
    end(open, 0, 0);
    voids_[undo.request] = true;
    claims_.erase({open.hold.tenant, open.hold.idempotency});
    return Voided{};
  }

  Outcome apply(const Publish& publish) {
    const auto [document, fresh] = documents_.try_emplace(publish.leaf_hash, leaves_);
    leaves_ += fresh ? 1 : 0;
    return Published{document->second};
  }

  /// Forgets what it answered, from the oldest on.
  Outcome apply(const Prune& prune) {
    std::vector<Kept>& kept = kept_[prune.tenant];
    std::size_t count = 0;
    while (count < std::min<std::size_t>(kept.size(), prune_at_once) &&
           kept[count].time < prune.before) {
      receipts_.erase(kept[count++].request);
    }
    kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(count));
    return Pruned{count};
  }

  Outcome apply(const Credit& credit) {
    const auto earlier = credits_.find(credit.request);
    if (earlier == credits_.end()) {
      if (available[credit.tenant] + credit.amount.value < 0) {
        return refuse(Refusal::insufficient_balance);
      }
      available[credit.tenant] += credit.amount.value;
      credits_[credit.request] = {credit.tenant, credit.amount};
    } else if (earlier->second != std::pair{credit.tenant, credit.amount}) {
      return refuse(Refusal::other_top_up);
    }
    return Credited{{available[credit.tenant]}};
  }

  std::map<terms::TenantId, std::int64_t> available;
  std::map<terms::TenantId, std::int64_t> held;
  std::int64_t revenue = 0;
  [[nodiscard]] std::size_t open() const { return holds_.size(); }

 private:
  struct Open {
    Hold hold;
    base::Tokens granted;
    std::int64_t amount = 0;
  };
  struct Kept {
    base::UnixNs time;
    terms::RequestId request;
  };
  struct Event {
    std::int64_t second = 0;
    std::int64_t count = 0;
    terms::RequestId request;
  };
  using Events = std::map<terms::KeyId, std::vector<Event>>;

  static Outcome refuse(Refusal why, std::int64_t retry_after = 0) {
    return Refused{why, {retry_after}, {}};
  }
  static std::int64_t cost(const Hold& hold, base::Tokens input, base::Tokens output) {
    return input.value * (hold.prices.input.value / 1'000'000) +
           output.value * (hold.prices.output.value / 1'000'000);
  }

  static std::int64_t in_minute(const std::vector<Event>& events, std::int64_t now) {
    std::int64_t sum = 0;
    for (const Event& event : events) {
      sum += (event.second + 61) * 1'000'000'000 > now ? event.count : 0;
    }
    return sum;
  }
  /// Tries second after second.
  static std::int64_t wait(const std::vector<Event>& events, std::int64_t now, std::int64_t more,
                           std::uint64_t limit) {
    std::int64_t at = now;
    while (in_minute(events, at) + more > static_cast<std::int64_t>(limit)) {
      at = (at / 1'000'000'000 + 1) * 1'000'000'000;
    }
    return at - now;
  }

  Outcome decide(const Hold& hold) {
    const std::int64_t now = hold.now.value;
    const auto limit = static_cast<std::int64_t>(hold.limits.tokens_per_minute);
    const base::Tokens least =
        hold.output_asked != 0 ? hold.output_max : base::Tokens{hold.choices};
    const std::int64_t tokens = std::int64_t{hold.input.value} + least.value;
    if (limit > 0 && tokens > limit) return refuse(Refusal::tokens_over_limit);
    const std::int64_t least_cost = cost(hold, hold.input, least);
    if (least_cost > available[hold.tenant]) return refuse(Refusal::insufficient_balance);
    std::int64_t funds = available[hold.tenant];
    if (hold.limits.cap_per_month.value > 0) {
      const std::int64_t used = spent_[{hold.key, ledger::month_of(hold.now)}];
      if (used + least_cost > hold.limits.cap_per_month.value) {
        return refuse(Refusal::cap_reached);
      }
      funds = std::min(funds, hold.limits.cap_per_month.value - used);
    }
    const auto parallel = std::count_if(holds_.begin(), holds_.end(), [&](const auto& open) {
      return open.second.hold.key == hold.key;
    });
    if (hold.limits.parallel_requests > 0 &&
        parallel >= static_cast<std::int64_t>(hold.limits.parallel_requests)) {
      return refuse(Refusal::too_many_parallel);
    }
    std::vector<Event>& requests = requests_[hold.key];
    std::vector<Event>& minute = tokens_[hold.key];
    if (const std::uint64_t rpm = hold.limits.requests_per_minute; rpm > 0) {
      const std::int64_t pause = wait(requests, now, 1, rpm);
      if (pause > 0) return refuse(Refusal::too_many_requests, pause);
    }
    if (limit > 0) {
      const std::int64_t pause = wait(minute, now, tokens, hold.limits.tokens_per_minute);
      if (pause > 0) return refuse(Refusal::too_many_tokens, pause);
    }
    std::uint32_t output = hold.output_max.value;
    // One choice-round less, until it fits.
    while (cost(hold, hold.input, {output}) > funds ||
           (limit > 0 && in_minute(minute, now) + hold.input.value + output > limit)) {
      output -= hold.choices;
    }
    const Open open{hold, {output}, cost(hold, hold.input, {output})};
    holds_[hold.request] = open;
    available[hold.tenant] -= open.amount;
    held[hold.tenant] += open.amount;
    spent_[{hold.key, ledger::month_of(hold.now)}] += open.amount;
    if (hold.idempotency.valid()) claims_[{hold.tenant, hold.idempotency}] = hold.request;
    if (hold.limits.requests_per_minute > 0) {
      requests.push_back({now / 1'000'000'000, 1, hold.request});
    }
    if (limit > 0) {
      minute.push_back(
          {now / 1'000'000'000, std::int64_t{hold.input.value} + output, hold.request});
    }
    return Held{open.granted, {open.amount}};
  }

  void end(const Open& open, std::int64_t charge, std::int64_t tokens) {
    held[open.hold.tenant] -= open.amount;
    available[open.hold.tenant] += open.amount - charge;
    spent_[{open.hold.key, ledger::month_of(open.hold.now)}] -= open.amount - charge;
    for (Event& event : tokens_[open.hold.key]) {
      if (event.request == open.hold.request) event.count = tokens;
    }
    holds_.erase(open.hold.request);
  }

  std::map<terms::RequestId, Open> holds_;
  std::map<terms::RequestId, Settled> receipts_;
  std::map<terms::TenantId, std::vector<Kept>> kept_;
  std::map<terms::RequestId, bool> voids_;
  std::map<terms::RequestId, std::pair<terms::TenantId, base::Nano>> credits_;
  std::map<std::pair<terms::TenantId, terms::Digest>, terms::RequestId> claims_;
  std::map<std::pair<terms::KeyId, ledger::Month>, std::int64_t> spent_;
  std::map<terms::TenantId, std::uint64_t> sequences_;
  std::map<terms::Digest, std::uint64_t> documents_;
  std::uint64_t leaves_ = 0;
  Events requests_;
  Events tokens_;
};

}  // namespace settle::testing

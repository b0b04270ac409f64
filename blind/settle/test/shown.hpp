// Outcomes as words, for tables and for messages.
#pragma once

#include <string>

#include <settle/commands.hpp>

namespace settle::testing {

inline std::string shown(Refusal refusal) {
  switch (refusal) {
    case Refusal::insufficient_balance: return "insufficient_balance";
    case Refusal::cap_reached: return "cap_reached";
    case Refusal::too_many_requests: return "too_many_requests";
    case Refusal::too_many_tokens: return "too_many_tokens";
    case Refusal::too_many_parallel: return "too_many_parallel";
    case Refusal::tokens_over_limit: return "tokens_over_limit";
    case Refusal::duplicate: return "duplicate";
    case Refusal::unknown_request: return "unknown_request";
    case Refusal::already_ended: return "already_ended";
    case Refusal::overflow: return "overflow";
    case Refusal::store_unavailable: return "store_unavailable";
    case Refusal::bad_command: return "bad_command";
    case Refusal::usage_over_hold: return "usage_over_hold";
    case Refusal::other_top_up: return "other_top_up";
  }
  return "?";
}

inline std::string shown(const Outcome& outcome) {
  struct Show {
    std::string operator()(const Refused& refused) const {
      std::string text = shown(refused.why);
      if (refused.retry_after.value != 0) {
        text += " retry_after=" + std::to_string(refused.retry_after.value);
      }
      if (refused.earlier.valid()) {
        text += " earlier=" + std::to_string(refused.earlier.low) +
                (refused.earlier_settled ? " settled" : " running");
      }
      return text;
    }
    std::string operator()(const Held& held) const {
      return "held output=" + std::to_string(held.output_granted.value) +
             " amount=" + std::to_string(held.amount.value);
    }
    std::string operator()(const Settled& settled) const {
      return "settled charge=" + std::to_string(settled.charge.value) +
             " balance=" + std::to_string(settled.balance_after.value) +
             " sequence=" + std::to_string(settled.sequence);
    }
    std::string operator()(const Published& published) const {
      return "published index=" + std::to_string(published.index);
    }
    std::string operator()(const Pruned& pruned) const {
      return "pruned receipts=" + std::to_string(pruned.receipts);
    }
    std::string operator()(const Voided&) const { return "voided"; }
    std::string operator()(const Credited& credited) const {
      return "credited balance=" + std::to_string(credited.balance_after.value);
    }
  };
  return std::visit(Show{}, outcome);
}

}  // namespace settle::testing

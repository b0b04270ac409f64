#include "grant.hpp"

#include <algorithm>

namespace settle {
namespace {

std::uint64_t sum(base::Tokens a, base::Tokens b) {
  return std::uint64_t{a.value} + std::uint64_t{b.value};
}

bool well_formed(const Hold& hold) {
  return hold.request.valid() && hold.tenant.valid() && hold.account.valid() && hold.key.valid() &&
         hold.model.valid() && hold.price_list_hash.valid() && hold.choices > 0 &&
         hold.output_max.value % hold.choices == 0 && hold.limits.cap_per_month.value >= 0;
}

Refused refuse(Refusal why, base::SpanNs retry_after = {}) {
  return {.why = why, .retry_after = retry_after, .earlier = {}};
}

Refused refuse(price::Error error) {
  return refuse(error == price::Error::overflow ? Refusal::overflow : Refusal::bad_command);
}

}  // namespace

std::variant<Grant, NeedsTokens, Refused> grant(const Hold& hold, const ledger::Room& room) {
  if (!well_formed(hold)) {
    return refuse(Refusal::bad_command);
  }
  // The least that is worth granting: all of it where it was asked for, else one token a choice.
  const base::Tokens least = hold.output_asked != 0
                                 ? hold.output_max
                                 : base::Tokens{std::min(hold.choices, hold.output_max.value)};
  const auto least_amount = price::highest_charge(hold.input, least, hold.prices);
  if (!least_amount) {
    return refuse(least_amount.error());
  }
  const std::uint64_t limit = hold.limits.tokens_per_minute;
  if (limit > 0 && sum(hold.input, least) > limit) {
    return refuse(Refusal::tokens_over_limit);
  }
  if (*least_amount > room.available) {
    return refuse(Refusal::insufficient_balance);
  }
  if (*least_amount > room.cap_left) {
    return refuse(Refusal::cap_reached);
  }
  if (room.parallel_full) {
    return refuse(Refusal::too_many_parallel);
  }
  if (room.requests_wait.value > 0) {
    return refuse(Refusal::too_many_requests, room.requests_wait);
  }
  if (sum(hold.input, least) > room.tokens_left) {
    return NeedsTokens{sum(hold.input, least)};
  }
  // Everything above was for the least; what more there is room for is granted on top.
  const base::Nano funds = std::min(room.available, room.cap_left);
  const base::Tokens payable =
      price::affordable_output(funds, hold.input, hold.output_max, hold.prices).output;
  const std::uint64_t in_minute = room.tokens_left - hold.input.value;
  const std::uint64_t most = std::min<std::uint64_t>(payable.value, in_minute);
  const base::Tokens output{static_cast<std::uint32_t>(most - most % hold.choices)};
  const auto amount = price::highest_charge(hold.input, output, hold.prices);
  if (!amount) {
    return refuse(amount.error());
  }
  return Grant{output, *amount};
}

}  // namespace settle

#include <sim/auditor.hpp>

#include <algorithm>
#include <utility>

#include <receipt/hash.hpp>

#include "naive.hpp"

namespace sim {

using ledger::AccountKind;
using ledger::PostingKind;

Sums& Sums::operator+=(const Sums& more) {
  commits += more.commits;
  holds += more.holds;
  settled += more.settled;
  voided += more.voided;
  top_ups += more.top_ups;
  postings += more.postings;
  leaves += more.leaves;
  pruned += more.pruned;
  output_charged += more.output_charged;
  output_given_away += more.output_given_away;
  given_away += more.given_away;
  held_at_crashes += more.held_at_crashes;
  return *this;
}

void Auditor::find(std::string what) {
  if (!wrong_) wrong_ = std::move(what);
}

void Auditor::committed(const Effects& effects) {
  sums_.commits += 1;
  touched_.clear();
  touched_tenants_.clear();
  for (auto& [tenant, account] : accounts_) {
    account.went.clear();
  }
  for (const Effect& effect : effects.history) {
    std::visit([this](const auto& that) { see(that); }, effect);
  }
  for (const terms::RequestId request : touched_) {
    check_case(cases_[request], request);
  }
  if (!open_leaves_.empty()) find("an entry of the log has no receipt");
  check_stored(effects);
}

void Auditor::crashed(terms::RequestId request) {
  truths_[request].lost = true;
  const auto found = cases_.find(request);
  if (found != cases_.end() && found->second.open()) {
    sums_.held_at_crashes += found->second.hold.amount.value;
  }
}

Auditor::Case& Auditor::touch(terms::RequestId request) {
  Case& that = cases_[request];
  if (std::exchange(that.commit, sums_.commits) != sums_.commits) touched_.push_back(request);
  return that;
}

void Auditor::see(const ledger::Posting& posting) {
  sums_.postings += 1;
  const std::int64_t amount = posting.amount.value;
  if (amount <= 0) find("a posting moves nothing");
  if (posting.kind == PostingKind::credit || posting.kind == PostingKind::debit) {
    see_top_up(posting);
    return;
  }
  const bool hold = posting.kind == PostingKind::hold;
  const bool charge = posting.kind == PostingKind::charge;
  const terms::TenantId tenant = posting.from.tenant;
  if (posting.from.kind != (hold ? AccountKind::available : AccountKind::held) ||
      posting.to.kind != (hold     ? AccountKind::held
                          : charge ? AccountKind::revenue
                                   : AccountKind::available) ||
      (!charge && posting.to.tenant != tenant)) {
    find("money moves another way than its kind says");
  }
  Account& account = accounts_[tenant];
  touched_tenants_.insert(tenant);
  Case& that = touch(posting.request);
  account.held += hold ? amount : -amount;
  if (hold) {
    account.available -= amount;
    that.held += amount;
  } else if (charge) {
    revenue_ += amount;
    that.charged += amount;
  } else {
    account.available += amount;
    (posting.kind == PostingKind::release ? that.released : that.voided) += amount;
  }
  if (account.available < 0 || account.held < 0) find("a balance is below zero");
}

void Auditor::see_top_up(const ledger::Posting& posting) {
  sums_.top_ups += 1;
  const bool in = posting.kind == PostingKind::credit;
  const std::int64_t amount = in ? posting.amount.value : -posting.amount.value;
  Account& account = accounts_[in ? posting.to.tenant : posting.from.tenant];
  touched_tenants_.insert(in ? posting.to.tenant : posting.from.tenant);
  account.available += amount;
  account.credited += amount;
  outside_ -= amount;
  if (account.available < 0) find("a debit takes more than there is");
  if (!top_ups_.emplace(posting.request, amount).second) find("a top-up is posted twice");
}

void Auditor::see(const ledger::HoldRow& hold) {
  sums_.holds += 1;
  Case& that = touch(hold.request);
  that.holds += 1;
  that.hold = hold;
  check_limits(hold);
}

void Auditor::see(const HoldRemoved& removed) {
  Case& that = touch(removed.request);
  that.removals += 1;
  keys_[that.hold.key].open -= 1;
}

void Auditor::see(const Claimed& claimed) {
  const auto place = std::pair{claimed.tenant, claimed.key};
  if (!claimed.request.valid()) {
    claims_.erase(place);
  } else if (!claims_.emplace(place, claimed.request).second) {
    find("an idempotency key is claimed twice");
  }
}

void Auditor::see(const ledger::Receipt& receipt) {
  sums_.settled += 1;
  sums_.output_charged += receipt.usage.output.value;
  Case& that = touch(receipt.id);
  that.receipts += 1;
  that.receipt = receipt;
  check_chain(receipt);
  const auto leaf = open_leaves_.find(receipt.leaf);
  if (leaf == open_leaves_.end()) {
    find("a receipt has no entry in the log");
  } else {
    if (leaf->second != receipt::marks_of(receipt).commitment) {
      find("an entry of the log is not its receipt's");
    }
    open_leaves_.erase(leaf);
  }
  forget_tokens(that.hold, std::uint64_t{receipt.usage.input.value} + receipt.usage.output.value,
                receipt.charge.value);
}

/// The next of its account, with the balance that this leaves, whatever else runs.
void Auditor::check_chain(const ledger::Receipt& receipt) {
  Account& account = accounts_[receipt.tenant];
  touched_tenants_.insert(receipt.tenant);
  account.sequence += 1;
  if (receipt.sequence != account.sequence) find("receipts are not numbered one by one");
  if (receipt.previous != account.chain) find("a receipt does not point at the one before it");
  account.chain = receipt::marks_of(receipt).hash;
  account.kept.push_back(receipt.id);
  const std::int64_t balance = receipt.balance_after.value;
  if (balance != account.available + account.held || receipt.credited.value != account.credited ||
      balance != account.balance_then - receipt.charge.value +
                     (receipt.credited.value - account.credited_then)) {
    find("a receipt tells a wrong balance");
  }
  account.balance_then = balance;
  account.credited_then = receipt.credited.value;
}

void Auditor::see(const ledger::LeafRow& leaf) {
  sums_.leaves += 1;
  if (leaf.index != leaves_.size()) find("the log is not numbered one by one");
  leaves_.push_back(leaf.value);
  if (leaf.kind == ledger::LeafKind::receipt) {
    open_leaves_[leaf.index] = leaf.value;
  } else if (!documents_.emplace(leaf.value, leaf.index).second) {
    find("a document is in the log twice");
  }
}

void Auditor::see(const ledger::VoidRow& row) {
  sums_.voided += 1;
  Case& that = touch(row.request);
  that.voids += 1;
  forget_tokens(that.hold, 0, 0);
}

/// At the moment of a hold, with it: nothing is over what its key may do.
void Auditor::check_limits(const ledger::HoldRow& hold) {
  const settle::Limits& limits = limits_[hold.key];
  Key& key = keys_[hold.key];
  key.open += 1;
  if (limits.parallel_requests > 0 && key.open > limits.parallel_requests) {
    find("a key runs more at once than it may");
  }
  std::int64_t& month = key.months[naive::month_of(hold.held_at.value)];
  month += hold.amount.value;
  if (limits.cap_per_month.value > 0 && month > limits.cap_per_month.value) {
    find("a key spends more in a month than its cap");
  }
  // A clock that went back by more than the minute is a new clock: what was before is forgotten.
  // While it shows times again that it showed before, what requests of those times give back at
  // their end may be taken for tokens of the new ones (docs/faults.md).
  const std::int64_t second = naive::floor_div(hold.held_at.value, naive::second_ns);
  if (key.newest > second + 61) {
    key.minute.clear();
    key.seen_until = std::max(key.seen_until, key.newest);
  }
  key.newest = key.minute.empty() ? second : std::max(key.newest, second);
  key.minute.push_back(
      {hold.request, second, std::uint64_t{hold.input.value} + hold.output_granted.value});
  std::erase_if(key.minute, [second](const Entry& entry) { return entry.second <= second - 60; });
  std::uint64_t tokens = 0;
  for (const Entry& entry : key.minute) {
    tokens += entry.tokens;
  }
  if (limits.requests_per_minute > 0 && key.minute.size() > limits.requests_per_minute) {
    find("a key asks more often in a minute than it may");
  }
  const bool seen_before = second <= key.seen_until + 61;
  if (limits.tokens_per_minute > 0 && tokens > limits.tokens_per_minute && !seen_before) {
    find("a key uses more tokens in a minute than it may");
  }
}

void Auditor::forget_tokens(const ledger::HoldRow& hold, std::uint64_t used, std::int64_t charge) {
  Key& key = keys_[hold.key];
  key.months[naive::month_of(hold.held_at.value)] -= hold.amount.value - charge;
  for (Entry& entry : key.minute) {
    if (entry.request == hold.request) entry.tokens = std::min(entry.tokens, used);
  }
}

void Auditor::check_case(const Case& that, terms::RequestId request) {
  if (that.holds != 1) return find("a request is held " + std::to_string(that.holds) + " times");
  if (that.hold.request != request || that.held != that.hold.amount.value) {
    return find("a hold is not what was posted for it");
  }
  if (that.receipts + that.voids > 1) return find("a request ends twice");
  if (that.removals != that.receipts + that.voids) {
    return find("an open hold is not the same as a request that has not ended");
  }
  if (that.receipts == 1) {
    check_settled(that);
  } else if (that.voids == 1) {
    check_voided(that);
  } else if (that.charged + that.released + that.voided != 0) {
    find("money moves for a request that has not ended");
  }
}

void Auditor::check_settled(const Case& that) {
  const ledger::Receipt& receipt = that.receipt;
  const ledger::HoldRow& hold = that.hold;
  if (that.charged != receipt.charge.value || that.voided != 0 ||
      that.charged + that.released != that.held) {
    find("what was posted at the end of a request is not its hold and its receipt");
  }
  if (receipt.tenant != hold.tenant || receipt.account != hold.account || receipt.key != hold.key ||
      receipt.model != hold.model || receipt.price_list != hold.price_list ||
      receipt.prices != hold.prices || receipt.price_list_hash != hold.price_list_hash) {
    find("a receipt is for something else than was held for");
  }
  if (receipt.charge.value != naive::cost(receipt.usage, hold.prices)) {
    find("a charge is not its tokens at its prices");
  }
  const Truth& truth = truths_[receipt.id];
  if (receipt.usage.output > truth.decoded.output || receipt.usage.input > truth.decoded.input) {
    find("something is charged that was not decoded");
  } else if (truth.exact ? receipt.usage != truth.decoded
                         : receipt.usage.output.value < truth.shown) {
    find("something was decoded and is not charged");
  }
}

void Auditor::check_voided(const Case& that) {
  if (that.voided != that.held || that.charged + that.released != 0) {
    find("a voided request does not give all of its hold back");
  }
  if (that.hold.idempotency.valid() &&
      claims_.contains({that.hold.tenant, that.hold.idempotency}) &&
      claims_[{that.hold.tenant, that.hold.idempotency}] == that.hold.request) {
    find("a voided request keeps its idempotency key");
  }
  const Truth& truth = truths_[that.hold.request];
  if (truth.exact ? truth.decoded.output.value == 0 : truth.shown == 0) return;
  if (!truth.lost) return find("something was delivered and is not charged");
  sums_.output_given_away += truth.shown;
  sums_.given_away += naive::cost(truth.decoded, that.hold.prices);
}

/// The stored balances are what the postings give, and their sum is zero.
void Auditor::check_stored(const Effects& effects) {
  if (effects.house) {
    stored_sum_ -= stored_house_.revenue.value + stored_house_.outside.value;
    stored_house_ = *effects.house;
    stored_sum_ += stored_house_.revenue.value + stored_house_.outside.value;
  }
  for (const auto& [tenant, row] : effects.tenants) {
    ledger::TenantRow& stored = accounts_[tenant].stored;
    stored_sum_ += row.available.value + row.held.value;
    stored_sum_ -= stored.available.value + stored.held.value;
    stored = row;
    touched_tenants_.insert(tenant);
  }
  if (stored_house_.leaves != leaves_.size()) find("the size of the log is not its entries");
  if (stored_house_.revenue.value != revenue_ || stored_house_.outside.value != outside_) {
    find("the house's stored balances are not what was posted");
  }
  for (const terms::TenantId tenant : touched_tenants_) {
    const Account& account = accounts_[tenant];
    if (account.stored.available.value != account.available ||
        account.stored.held.value != account.held ||
        account.stored.credited.value != account.credited) {
      find("a tenant's stored balance is not what was posted");
    }
    if (account.stored.sequence != account.sequence || account.stored.chain != account.chain) {
      find("a tenant's row does not name its last receipt");
    }
  }
  if (stored_sum_ != 0) find("the sum of all accounts is not zero");
}

}  // namespace sim

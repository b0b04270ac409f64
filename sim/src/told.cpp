#include <sim/auditor.hpp>

namespace sim {
namespace {

using settle::Refusal;

const settle::Refused* refused(const settle::Outcome& outcome) {
  return std::get_if<settle::Refused>(&outcome);
}

/// The store did not answer: whoever is told so knows nothing, and that is true.
bool unknown(const settle::Outcome& outcome) {
  const settle::Refused* refusal = refused(outcome);
  return refusal != nullptr && refusal->why == Refusal::store_unavailable;
}

}  // namespace

void Auditor::told(const settle::Command& command, const settle::Outcome& outcome) {
  if (const auto* prune = std::get_if<settle::Prune>(&command)) {
    if (!unknown(outcome)) told_prune(*prune, outcome);
  } else if (unknown(outcome)) {
    if (std::holds_alternative<settle::Settle>(command) ||
        std::holds_alternative<settle::Void>(command)) {
      find("an end is given up");
    }
  } else if (const auto* hold = std::get_if<settle::Hold>(&command)) {
    told_hold(*hold, outcome);
  } else if (const auto* end = std::get_if<settle::Settle>(&command)) {
    told_settle(*end, outcome);
  } else if (const auto* undo = std::get_if<settle::Void>(&command)) {
    const auto found = cases_.find(undo->request);
    if (refused(outcome) != nullptr || found == cases_.end() || found->second.voids != 1) {
      find("a void is answered that did not happen");
    }
  } else if (const auto* publish = std::get_if<settle::Publish>(&command)) {
    const auto* published = std::get_if<settle::Published>(&outcome);
    const auto found = documents_.find(publish->leaf_hash);
    if (published == nullptr || found == documents_.end() || found->second != published->index) {
      find("a document is answered otherwise than it is in the log");
    }
  } else if (const auto* credit = std::get_if<settle::Credit>(&command)) {
    const auto found = top_ups_.find(credit->request);
    const bool posted = found != top_ups_.end() && found->second == credit->amount.value;
    if (posted != (refused(outcome) == nullptr)) find("a top-up is answered otherwise than it is");
  }
}

void Auditor::told_hold(const settle::Hold& command, const settle::Outcome& outcome) {
  const auto found = cases_.find(command.request);
  if (const auto* held = std::get_if<settle::Held>(&outcome)) {
    if (found == cases_.end() || found->second.hold.amount != held->amount ||
        found->second.hold.output_granted != held->output_granted) {
      find("a hold is answered that is not held");
    }
    return;
  }
  const settle::Refused* refusal = refused(outcome);
  if (refusal == nullptr) return find("a hold is answered by something else");
  if (refusal->why == Refusal::duplicate) {
    const auto earlier = cases_.find(refusal->earlier);
    if (earlier == cases_.end() || earlier->second.hold.tenant != command.tenant ||
        earlier->second.hold.idempotency != command.idempotency) {
      find("an idempotency key is in use by nobody, or by another tenant");
    } else if (refusal->earlier_settled && earlier->second.receipts != 1) {
      find("a request is said to be served that was not");
    }
    return;
  }
  if (refusal->why == Refusal::bad_command) return find("a hold is a bad command");
  const bool ended = refusal->why == Refusal::already_ended;
  if (ended != (found != cases_.end())) find("a refused request has a hold");
}

void Auditor::told_settle(const settle::Settle& command, const settle::Outcome& outcome) {
  const auto* settled = std::get_if<settle::Settled>(&outcome);
  const auto found = cases_.find(command.request);
  if (settled == nullptr) {
    // Said again when nothing is known of it any more.
    const bool gone = found != cases_.end() && found->second.gone;
    if (gone && refused(outcome)->why == Refusal::unknown_request) return;
    return find("a settlement is refused, reason " +
                std::to_string(static_cast<int>(refused(outcome)->why)));
  }
  if (found == cases_.end() || found->second.receipts != 1) {
    return find("a bill is told that is not in the books");
  }
  const ledger::Receipt& receipt = found->second.receipt;
  if (receipt.charge != settled->charge || receipt.sequence != settled->sequence ||
      receipt.balance_after != settled->balance_after) {
    find("a bill is told that is not its receipt");
  }
}

void Auditor::told_bill(terms::RequestId request, const terms::Usage& usage, base::Nano charge) {
  const auto found = cases_.find(request);
  if (found == cases_.end() || found->second.receipts != 1 ||
      found->second.receipt.usage != usage || found->second.receipt.charge != charge) {
    find("a customer is told a bill that is not in the books");
  }
}

void Auditor::at_rest() {
  std::int64_t held = 0;
  for (const auto& [request, that] : cases_) {
    if (that.open()) find("a hold never ends");
    held += that.open() ? that.held : 0;
  }
  for (const auto& [tenant, account] : accounts_) {
    held -= account.held;
  }
  if (held != 0) find("what is held is not the sum of open holds");
  for (const auto& [request, truth] : truths_) {
    const auto found = cases_.find(request);
    if (truth.ran && found == cases_.end()) find("a request ran without a hold");
    if (truth.shown > 0 && !truth.lost &&
        (found == cases_.end() || found->second.receipt.usage.output.value < truth.shown)) {
      find("something was shown and is not charged");
    }
  }
}

}  // namespace sim

#include "pipeline.hpp"

#include <optional>

#include <ledger/rules.hpp>
#include <receipt/hash.hpp>

#include "grant.hpp"

namespace settle {
namespace {

using ledger::Stored;
using ledger::WorkingSet;

Outcome refused(Refusal why, base::SpanNs retry_after = {}) {
  return Refused{.why = why, .retry_after = retry_after, .earlier = {}};
}

Outcome settled(const ledger::Receipt& receipt) {
  return Settled{receipt.charge, receipt.balance_after, receipt.sequence};
}

/// The answer to a hold that is not new, if it is not.
Stored<std::optional<Outcome>> answer_again(WorkingSet& set, const Hold& command) {
  auto open = set.txn().hold(command.request);
  if (!open) return base::Fail{open.error()};
  if (const std::optional<ledger::HoldRow>& hold = *open) {
    if (hold->tenant != command.tenant || hold->key != command.key) {
      return std::optional{refused(Refusal::bad_command)};
    }
    return std::optional<Outcome>{Held{hold->output_granted, hold->amount}};
  }
  auto receipt = set.txn().receipt(command.request);
  if (!receipt) return base::Fail{receipt.error()};
  auto voided = set.txn().is_voided(command.request);
  if (!voided) return base::Fail{voided.error()};
  if (receipt->has_value() || *voided) {
    return std::optional{refused(Refusal::already_ended)};
  }
  if (!command.idempotency.valid()) {
    return std::optional<Outcome>{};
  }
  auto claim = set.txn().claim(command.tenant, command.idempotency);
  if (!claim) return base::Fail{claim.error()};
  if (!claim->has_value()) {
    return std::optional<Outcome>{};
  }
  const terms::RequestId earlier = **claim;
  auto running = set.txn().hold(earlier);
  if (!running) return base::Fail{running.error()};
  // A claim is freed when its request is voided, so what does not run any more was settled.
  return std::optional<Outcome>{Refused{.why = Refusal::duplicate,
                                        .retry_after = {},
                                        .earlier = earlier,
                                        .earlier_settled = !running->has_value()}};
}

ledger::HoldRow row_of(const Hold& command, const Grant& granted, terms::ServerId server) {
  return {.request = command.request,
          .server = server,
          .tenant = command.tenant,
          .account = command.account,
          .key = command.key,
          .model = command.model,
          .price_list = command.price_list,
          .price_list_hash = command.price_list_hash,
          .prices = command.prices,
          .idempotency = command.idempotency,
          .amount = granted.amount,
          .held_at = command.now,
          .reserved_at = {},
          .input = command.input,
          .output_granted = granted.output};
}

Outcome outcome_of(ledger::Moved moved, const Outcome& done) {
  switch (moved) {
    case ledger::Moved::done: return done;
    case ledger::Moved::too_little: return refused(Refusal::insufficient_balance);
    case ledger::Moved::overflow: return refused(Refusal::overflow);
  }
  return refused(Refusal::bad_command);
}

/// Without its leaf, which the receipt itself decides.
ledger::Receipt receipt_of(const ledger::HoldRow& hold, const Settle& command, base::Nano charge,
                           const ledger::TenantRow& tenant) {
  const auto balance = base::checked_add(tenant.available, tenant.held);
  base::invariant(balance.has_value(), "what a tenant has is what came in, which fits");
  return {.id = hold.request,
          .tenant = hold.tenant,
          .account = hold.account,
          .key = hold.key,
          .sequence = tenant.sequence + 1,
          .model = hold.model,
          .price_list = hold.price_list,
          .price_list_hash = hold.price_list_hash,
          .prices = hold.prices,
          .weights = command.weights,
          .tokenizer = command.tokenizer,
          .output = command.output,
          .previous = tenant.chain,
          .held_at = hold.held_at,
          .time = command.now,
          .charge = charge,
          .balance_after = *balance,
          .credited = tenant.credited,
          .salt = command.salt,
          .usage = command.usage,
          .end = command.end};
}

bool within(const terms::Usage& usage, const ledger::HoldRow& hold) {
  return usage.input <= hold.input && usage.output <= hold.output_granted;
}

/// The answer about a request that has no open hold.
Stored<Outcome> answer_ended(WorkingSet& set, terms::RequestId request, bool voiding) {
  auto receipt = set.txn().receipt(request);
  if (!receipt) return base::Fail{receipt.error()};
  if (receipt->has_value()) {
    return voiding ? refused(Refusal::already_ended) : settled(**receipt);
  }
  auto voided = set.txn().is_voided(request);
  if (!voided) return base::Fail{voided.error()};
  if (*voided) {
    return voiding ? Outcome{Voided{}} : refused(Refusal::already_ended);
  }
  return refused(Refusal::unknown_request);
}

}  // namespace

Stored<Outcome> carry_out(WorkingSet& set, const Hold& command, terms::ServerId server,
                          std::vector<Hold>& placed) {
  auto again = answer_again(set, command);
  if (!again) return base::Fail{again.error()};
  if (again->has_value()) return **again;

  auto room = ledger::room_for(set, command.tenant, command.key, command.limits, command.now);
  if (!room) return base::Fail{room.error()};
  const auto decision = grant(command, *room);
  if (const Refused* refusal = std::get_if<Refused>(&decision)) {
    return Outcome{*refusal};
  }
  if (const NeedsTokens* needs = std::get_if<NeedsTokens>(&decision)) {
    auto wait = ledger::tokens_wait(set, command.key, command.limits, command.now, needs->tokens);
    if (!wait) return base::Fail{wait.error()};
    return refused(Refusal::too_many_tokens, *wait);
  }
  const Grant granted = std::get<Grant>(decision);
  auto moved = ledger::place(set, row_of(command, granted, server), command.limits);
  if (!moved) return base::Fail{moved.error()};
  if (*moved == ledger::Moved::done) {
    placed.push_back(command);
  }
  return outcome_of(*moved, Held{granted.output, granted.amount});
}

Stored<Outcome> carry_out(WorkingSet& set, const Settle& command) {
  auto open = set.txn().hold(command.request);
  if (!open) return base::Fail{open.error()};
  if (!open->has_value()) {
    return answer_ended(set, command.request, false);
  }
  if (!command.salt.valid()) {
    return refused(Refusal::bad_command);
  }
  const ledger::HoldRow& hold = **open;
  if (!within(command.usage, hold)) {
    return refused(Refusal::usage_over_hold);
  }
  const auto charge = price::charge(command.usage, hold.prices);
  if (!charge) {
    return refused(charge.error() == price::Error::overflow ? Refusal::overflow
                                                            : Refusal::bad_command);
  }
  base::invariant(*charge <= hold.amount, "a charge is never more than its hold");

  auto tenant = ledger::finish(set, hold, *charge, command.usage, command.now);
  if (!tenant) return base::Fail{tenant.error()};
  ledger::Receipt receipt = receipt_of(hold, command, *charge, **tenant);
  const receipt::Marks marks = receipt::marks_of(receipt);
  (*tenant)->sequence = receipt.sequence;
  (*tenant)->chain = marks.hash;
  auto leaf = ledger::append_leaf(set, ledger::LeafKind::receipt, marks.commitment);
  if (!leaf) return base::Fail{leaf.error()};
  receipt.leaf = *leaf;
  auto inserted = set.txn().insert(receipt);
  if (!inserted) return base::Fail{inserted.error()};
  return settled(receipt);
}

Stored<Outcome> carry_out(WorkingSet& set, const Void& command) {
  auto open = set.txn().hold(command.request);
  if (!open) return base::Fail{open.error()};
  if (!open->has_value()) {
    return answer_ended(set, command.request, true);
  }
  auto undone = ledger::undo(set, **open, command.now);
  if (!undone) return base::Fail{undone.error()};
  return Outcome{Voided{}};
}

namespace {

/// Whether that posting is what this command would have written: same tenant, amount and sign.
bool is_same(const ledger::Posting& posting, const Credit& command) {
  const bool in = posting.kind == ledger::PostingKind::credit;
  const terms::TenantId tenant = in ? posting.to.tenant : posting.from.tenant;
  const std::int64_t amount = in ? posting.amount.value : -posting.amount.value;
  return tenant == command.tenant && amount == command.amount.value;
}

}  // namespace

Stored<Outcome> carry_out(WorkingSet& set, const Credit& command) {
  if (!command.request.valid() || !command.tenant.valid() || command.amount.value == 0) {
    return refused(Refusal::bad_command);
  }
  auto earlier = set.txn().top_up(command.request);
  if (!earlier) return base::Fail{earlier.error()};
  if (earlier->has_value() && !is_same(**earlier, command)) {
    return refused(Refusal::other_top_up);
  }
  auto moved = ledger::Moved::done;
  if (!earlier->has_value()) {
    auto top_up = ledger::top_up(set, command.tenant, command.amount, command.request, command.now);
    if (!top_up) return base::Fail{top_up.error()};
    moved = *top_up;
  }
  auto tenant = set.tenant(command.tenant);
  if (!tenant) return base::Fail{tenant.error()};
  return outcome_of(moved, Credited{(*tenant)->available});
}

Stored<Outcome> carry_out(WorkingSet& set, const Publish& command) {
  if (!command.leaf_hash.valid()) {
    return refused(Refusal::bad_command);
  }
  auto earlier = set.txn().document(command.leaf_hash);
  if (!earlier) return base::Fail{earlier.error()};
  if (earlier->has_value()) {
    return Outcome{Published{(*earlier)->index}};
  }
  auto index = ledger::append_leaf(set, ledger::LeafKind::document, command.leaf_hash);
  if (!index) return base::Fail{index.error()};
  return Outcome{Published{*index}};
}

}  // namespace settle

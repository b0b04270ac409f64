#include <ledger/rules.hpp>

#include <limits>

#include <ledger/month.hpp>

namespace ledger {
namespace {

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();
constexpr base::Nano lowest{std::numeric_limits<std::int64_t>::min()};

std::uint64_t tokens_of(base::Tokens a, base::Tokens b) {
  return std::uint64_t{a.value} + std::uint64_t{b.value};
}

AccountId account(AccountKind kind, terms::TenantId tenant = {}) {
  return {kind, 0, tenant};
}

base::Nano plus(base::Nano a, base::Nano b) {
  const auto sum = base::checked_add(a, b);
  base::invariant(sum.has_value(), "a sum of balances fits");
  return *sum;
}

base::Nano minus_within(base::Nano a, base::Nano b) {
  base::invariant(b.value >= 0 && a >= b, "no account but outside goes below zero");
  return {a.value - b.value};
}

Stored<base::Done> write_posting(WorkingSet& set, const Posting& posting) {
  if (posting.amount.value == 0) {
    return base::Done{};  // a posting moves something
  }
  return set.txn().insert(posting);
}

// What placing and ending a hold have in common: the rows of its tenant, key and month.
struct HoldRows {
  TenantRow* tenant = nullptr;
  KeyRow* key = nullptr;
  MonthRow* month = nullptr;
};

Stored<HoldRows> rows_of(WorkingSet& set, const HoldRow& hold) {
  auto tenant = set.tenant(hold.tenant);
  if (!tenant) return base::Fail{tenant.error()};
  auto key = set.key(hold.key);
  if (!key) return base::Fail{key.error()};
  auto month = set.month(hold.key, month_of(hold.held_at));
  if (!month) return base::Fail{month.error()};
  return HoldRows{*tenant, *key, *month};
}

void give_back_tokens(KeyRow& key, const HoldRow& hold, std::uint64_t used) {
  const std::uint64_t reserved = tokens_of(hold.input, hold.output_granted);
  if (hold.reserved_at.value != 0 && used < reserved) {
    key.tokens.give_back(hold.reserved_at, reserved - used);
  }
}

Stored<HoldRows> release(WorkingSet& set, const HoldRow& hold, base::Nano charge) {
  auto rows = rows_of(set, hold);
  if (!rows) return rows;
  TenantRow& tenant = *rows->tenant;
  const base::Nano rest = minus_within(hold.amount, charge);
  tenant.held = minus_within(tenant.held, hold.amount);
  tenant.available = plus(tenant.available, rest);
  MonthRow& month = *rows->month;
  month.held = minus_within(month.held, hold.amount);
  month.spent = plus(month.spent, charge);
  base::invariant(rows->key->open > 0, "a key with a hold has an open hold");
  rows->key->open -= 1;
  auto removed = set.txn().remove_hold(hold.request);
  if (!removed) return base::Fail{removed.error()};
  return rows;
}

}  // namespace

Stored<Room> room_for(WorkingSet& set, terms::TenantId tenant, terms::KeyId key,
                      const Limits& limits, base::UnixNs now) {
  auto account_row = set.tenant(tenant);
  if (!account_row) return base::Fail{account_row.error()};
  auto key_row = set.key(key);
  if (!key_row) return base::Fail{key_row.error()};
  Room room;
  room.available = (*account_row)->available;
  room.cap_left = base::Nano::max();
  room.tokens_left = unlimited;
  if (limits.cap_per_month.value > 0) {
    auto month = set.month(key, month_of(now));
    if (!month) return base::Fail{month.error()};
    const base::Nano used = plus((*month)->spent, (*month)->held);
    const std::int64_t left = limits.cap_per_month.value - used.value;  // both >= 0
    room.cap_left = {left > 0 ? left : 0};
  }
  room.parallel_full = limits.parallel_requests > 0 && (*key_row)->open >= limits.parallel_requests;
  if (limits.requests_per_minute > 0) {
    room.requests_wait = (*key_row)->requests.wait(now, 1, limits.requests_per_minute);
  }
  if (limits.tokens_per_minute > 0) {
    const std::uint64_t counted = (*key_row)->tokens.count(now);
    room.tokens_left = counted < limits.tokens_per_minute ? limits.tokens_per_minute - counted : 0;
  }
  return room;
}

Stored<base::SpanNs> tokens_wait(WorkingSet& set, terms::KeyId key, const Limits& limits,
                                 base::UnixNs now, std::uint64_t tokens) {
  auto row = set.key(key);
  if (!row) return base::Fail{row.error()};
  return (*row)->tokens.wait(now, tokens, limits.tokens_per_minute);
}

Stored<Moved> place(WorkingSet& set, HoldRow hold, const Limits& limits) {
  base::invariant(hold.amount.value >= 0, "a hold is not negative");
  auto rows = rows_of(set, hold);
  if (!rows) return base::Fail{rows.error()};
  TenantRow& tenant = *rows->tenant;
  MonthRow& month = *rows->month;
  KeyRow& key = *rows->key;
  if (tenant.available < hold.amount) {
    return Moved::too_little;
  }
  const auto held = base::checked_add(tenant.held, hold.amount);
  const auto month_held = base::checked_add(month.held, hold.amount);
  // The month must later have room for the charge as well, so that ending it cannot fail.
  if (!held || !month_held || !base::checked_add(*month_held, month.spent)) {
    return Moved::overflow;
  }
  tenant.available = minus_within(tenant.available, hold.amount);
  tenant.held = *held;
  month.held = *month_held;
  key.open += 1;
  if (limits.requests_per_minute > 0) {
    key.requests.add(hold.held_at, 1);
  }
  const std::uint64_t tokens = tokens_of(hold.input, hold.output_granted);
  hold.reserved_at = {};
  if (limits.tokens_per_minute > 0 && tokens > 0) {
    hold.reserved_at = key.tokens.add(hold.held_at, tokens);
  }
  auto posted = write_posting(set, {.request = hold.request,
                                    .from = account(AccountKind::available, hold.tenant),
                                    .to = account(AccountKind::held, hold.tenant),
                                    .amount = hold.amount,
                                    .time = hold.held_at,
                                    .kind = PostingKind::hold});
  if (!posted) return base::Fail{posted.error()};
  auto inserted = set.txn().insert(hold);
  if (!inserted) return base::Fail{inserted.error()};
  if (hold.idempotency.valid()) {
    auto claimed = set.txn().insert_claim(hold.tenant, hold.idempotency, hold.request);
    if (!claimed) return base::Fail{claimed.error()};
  }
  return Moved::done;
}

Stored<TenantRow*> finish(WorkingSet& set, const HoldRow& hold, base::Nano charge,
                          const terms::Usage& usage, base::UnixNs now) {
  auto house = set.house();
  if (!house) return base::Fail{house.error()};
  auto rows = release(set, hold, charge);
  if (!rows) return base::Fail{rows.error()};
  (*house)->revenue = plus((*house)->revenue, charge);
  give_back_tokens(*rows->key, hold, tokens_of(usage.input, usage.output));
  const AccountId held = account(AccountKind::held, hold.tenant);
  auto charged = write_posting(set, {.request = hold.request,
                                     .from = held,
                                     .to = account(AccountKind::revenue),
                                     .amount = charge,
                                     .time = now,
                                     .kind = PostingKind::charge});
  if (!charged) return base::Fail{charged.error()};
  auto released = write_posting(set, {.request = hold.request,
                                      .from = held,
                                      .to = account(AccountKind::available, hold.tenant),
                                      .amount = {hold.amount.value - charge.value},
                                      .time = now,
                                      .kind = PostingKind::release});
  if (!released) return base::Fail{released.error()};
  return rows->tenant;
}

Stored<base::Done> undo(WorkingSet& set, const HoldRow& hold, base::UnixNs now) {
  auto rows = release(set, hold, base::Nano{0});
  if (!rows) return base::Fail{rows.error()};
  give_back_tokens(*rows->key, hold, 0);
  auto posted = write_posting(set, {.request = hold.request,
                                    .from = account(AccountKind::held, hold.tenant),
                                    .to = account(AccountKind::available, hold.tenant),
                                    .amount = hold.amount,
                                    .time = now,
                                    .kind = PostingKind::voided});
  if (!posted) return posted;
  if (hold.idempotency.valid()) {
    auto freed = set.txn().remove_claim(hold.tenant, hold.idempotency);
    if (!freed) return freed;
  }
  return set.txn().insert(VoidRow{hold.request, hold.tenant, now});
}

Stored<Moved> top_up(WorkingSet& set, terms::TenantId tenant, base::Nano amount,
                     terms::RequestId request, base::UnixNs now) {
  auto house = set.house();
  if (!house) return base::Fail{house.error()};
  auto row = set.tenant(tenant);
  if (!row) return base::Fail{row.error()};
  const auto available = base::checked_add((*row)->available, amount);
  const auto outside = base::checked_sub((*house)->outside, amount);
  // All that ever came in is at most 2^63 - 1, so every sum of tenants' money fits from here on.
  if (!available || !outside || *outside == lowest || amount == lowest) {
    return Moved::overflow;
  }
  if (available->value < 0) {
    return Moved::too_little;
  }
  (*row)->available = *available;
  (*row)->credited = plus((*row)->credited, amount);
  (*house)->outside = *outside;
  const bool in = amount.value > 0;
  const AccountId world = account(AccountKind::outside);
  const AccountId own = account(AccountKind::available, tenant);
  auto posted = write_posting(set, {.request = request,
                                    .from = in ? world : own,
                                    .to = in ? own : world,
                                    .amount = {in ? amount.value : -amount.value},
                                    .time = now,
                                    .kind = in ? PostingKind::credit : PostingKind::debit});
  if (!posted) return base::Fail{posted.error()};
  return Moved::done;
}

Stored<std::uint64_t> append_leaf(WorkingSet& set, LeafKind kind, const terms::Digest& value) {
  auto house = set.house();
  if (!house) return base::Fail{house.error()};
  const std::uint64_t index = (*house)->leaves;
  auto inserted = set.txn().insert(LeafRow{.index = index, .value = value, .kind = kind});
  if (!inserted) return base::Fail{inserted.error()};
  (*house)->leaves = index + 1;
  return index;
}

}  // namespace ledger

#include "sqlite/rows.hpp"

#include <cstring>
#include <utility>
#include <vector>

namespace store::sqlite {

ledger::HoldRow read_hold(const Statement& s) {
  return {.request = s.wide_id(0),
          .server = {s.number(14)},
          .tenant = {s.number(1)},
          .account = s.wide_id<terms::Pseudonym>(15),
          .key = {s.number(2)},
          .model = {s.number(3)},
          .price_list = {s.number(4)},
          .price_list_hash = s.digest(16),
          .prices = {{s.integer(5)}, {s.integer(6)}, {s.integer(7)}},
          .idempotency = s.digest(8),
          .amount = {s.integer(9)},
          .held_at = {s.integer(10)},
          .reserved_at = {s.integer(11)},
          .input = {s.number32(12)},
          .output_granted = {s.number32(13)}};
}

void bind_hold(const Statement& s, const ledger::HoldRow& row) {
  s.bind(1, row.request);
  s.bind(2, row.tenant.value);
  s.bind(3, row.key.value);
  s.bind(4, row.model.value);
  s.bind(5, row.price_list.value);
  s.bind(6, row.prices.input.value);
  s.bind(7, row.prices.cached.value);
  s.bind(8, row.prices.output.value);
  s.bind(9, row.idempotency);
  s.bind(10, row.amount.value);
  s.bind(11, row.held_at.value);
  s.bind(12, row.reserved_at.value);
  s.bind(13, row.input.value);
  s.bind(14, row.output_granted.value);
  s.bind(15, row.server.value);
  s.bind(16, row.account);
  s.bind(17, row.price_list_hash);
}

ledger::Posting read_posting(const Statement& s) {
  return {.request = s.wide_id(0),
          .from = {static_cast<ledger::AccountKind>(s.number32(1)), 0, {s.number(2)}},
          .to = {static_cast<ledger::AccountKind>(s.number32(3)), 0, {s.number(4)}},
          .amount = {s.integer(5)},
          .time = {s.integer(6)},
          .kind = static_cast<ledger::PostingKind>(s.number32(7))};
}

void bind_posting(const Statement& s, const ledger::Posting& posting) {
  s.bind(1, posting.request);
  s.bind(2, static_cast<std::uint32_t>(posting.from.kind));
  s.bind(3, posting.from.tenant.value);
  s.bind(4, static_cast<std::uint32_t>(posting.to.kind));
  s.bind(5, posting.to.tenant.value);
  s.bind(6, posting.amount.value);
  s.bind(7, posting.time.value);
  s.bind(8, static_cast<std::uint32_t>(posting.kind));
}

ledger::Receipt read_receipt(const Statement& s) {
  return {.id = s.wide_id(3),
          .tenant = {s.number(0)},
          .account = s.wide_id<terms::Pseudonym>(21),
          .key = {s.number(4)},
          .sequence = s.number(2),
          .model = {s.number(5)},
          .price_list = {s.number(6)},
          .price_list_hash = s.digest(22),
          .prices = {{s.integer(7)}, {s.integer(8)}, {s.integer(9)}},
          .weights = s.digest(10),
          .tokenizer = s.digest(11),
          .output = s.digest(12),
          .previous = s.digest(13),
          .held_at = {s.integer(14)},
          .time = {s.integer(1)},
          .charge = {s.integer(15)},
          .balance_after = {s.integer(16)},
          .credited = {s.integer(23)},
          .salt = s.digest(24),
          .leaf = s.number(25),
          .usage = {{s.number32(17)}, {s.number32(18)}, {s.number32(19)}},
          .end = static_cast<terms::EndReason>(s.number32(20))};
}

void bind_receipt(const Statement& s, const ledger::Receipt& receipt, std::int64_t artefacts) {
  s.bind(1, receipt.tenant.value);
  s.bind(2, receipt.time.value);
  s.bind(3, receipt.sequence);
  s.bind(4, receipt.id);
  s.bind(5, receipt.key.value);
  s.bind(6, receipt.model.value);
  s.bind(7, receipt.price_list.value);
  s.bind(8, receipt.prices.input.value);
  s.bind(9, receipt.prices.cached.value);
  s.bind(10, receipt.prices.output.value);
  s.bind(11, artefacts);
  s.bind(12, receipt.output);
  s.bind(13, receipt.previous);
  s.bind(14, receipt.held_at.value);
  s.bind(15, receipt.charge.value);
  s.bind(16, receipt.balance_after.value);
  s.bind(17, receipt.usage.input.value);
  s.bind(18, receipt.usage.cached.value);
  s.bind(19, receipt.usage.output.value);
  s.bind(20, static_cast<std::uint32_t>(receipt.end));
  s.bind(21, receipt.account);
  s.bind(22, receipt.credited.value);
  s.bind(23, receipt.salt);
  s.bind(24, receipt.leaf);
}

ledger::RateWindow read_window(const Statement& statement, int column) {
  using Slot = ledger::RateWindow::Slot;
  static_assert(sizeof(Slot) == 16);
  std::vector<Slot> slots(statement.byte_count(column) / sizeof(Slot));
  if (!slots.empty()) {
    // Written by this machine's byte order; a ledger is not carried between byte orders.
    std::memcpy(slots.data(), statement.bytes(column), slots.size() * sizeof(Slot));
  }
  return ledger::RateWindow::of(std::move(slots));
}

void bind_window(const Statement& statement, int index, const ledger::RateWindow& window) {
  statement.bind_bytes(index, window.slots().data(),
                       window.slots().size() * sizeof(ledger::RateWindow::Slot));
}

ledger::TenantRow read_tenant(const Statement& s, int first) {
  return {.available = {s.integer(first)},
          .held = {s.integer(first + 1)},
          .sequence = s.number(first + 2),
          .chain = s.digest(first + 3),
          .credited = {s.integer(first + 4)}};
}

ledger::HouseRow read_house(const Statement& s) {
  return {.revenue = {s.integer(0)}, .outside = {s.integer(1)}, .leaves = s.number(2)};
}

ledger::LeafRow read_leaf(const Statement& s) {
  return {.index = s.number(0),
          .value = s.digest(1),
          .kind = static_cast<ledger::LeafKind>(s.number32(2))};
}

ledger::PrunedRow read_pruned(const Statement& s) {
  return {.sequence = s.number(1),
          .logged = s.number(2),
          .tokens = s.number(3),
          .charge = {s.integer(4)},
          .time = {s.integer(5)},
          .chain = s.digest(6)};
}

void bind_pruned(const Statement& s, terms::TenantId tenant, const ledger::PrunedRow& row) {
  s.bind(1, tenant.value);
  s.bind(2, row.sequence);
  s.bind(3, row.logged);
  s.bind(4, row.tokens);
  s.bind(5, row.charge.value);
  s.bind(6, row.time.value);
  s.bind(7, row.chain);
}

}  // namespace store::sqlite

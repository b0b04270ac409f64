// Rows with something in every field, for tests.
#pragma once

#include <cstdint>

#include <ledger/rows.hpp>

namespace store::testing {

inline ledger::HoldRow hold_row(std::uint64_t request) {
  return {.request = {request, ~request},
          .server = {1},
          .tenant = {7},
          .account = {7, 77},
          .key = {8},
          .model = {4},
          .price_list = {1},
          .price_list_hash = {{17, 18, 19, 20}},
          .prices = {{150'000'000}, {75'000'000}, {600'000'000}},
          .idempotency = {{1, 0, 0, request}},
          .amount = {450'000},
          .held_at = {1'700'000'000'000'000'000},
          .reserved_at = {1'700'000'000'000'000'000},
          .input = {1'000},
          .output_granted = {500}};
}

inline ledger::Receipt receipt_row(std::uint64_t id, terms::TenantId tenant, std::uint64_t sequence,
                                   base::UnixNs time) {
  return {.id = {id, ~id},
          .tenant = tenant,
          .account = {tenant.value, 77},
          .key = {8},
          .sequence = sequence,
          .model = {4},
          .price_list = {1},
          .price_list_hash = {{17, 18, 19, 20}},
          .prices = {{150'000'000}, {75'000'000}, {600'000'000}},
          .weights = {{1, 2, 3, 4}},
          .tokenizer = {{5, 6, 7, 8}},
          .output = {{9, 10, 11, 12}},
          .previous = {{13, 14, 15, 16}},
          .held_at = {time.value - 1'000},
          .time = time,
          .charge = {210'000},
          .balance_after = {4'999'790'000},
          .credited = {5'000'000'000},
          .salt = {{21, 22, 23, id}},
          .leaf = id,
          .usage = {{1000}, {10}, {100}},
          .end = terms::EndReason::length};
}

inline ledger::LeafRow leaf_row(std::uint64_t index, ledger::LeafKind kind) {
  return {.index = index, .value = {{1, 2, 3, index}}, .kind = kind};
}

inline ledger::Posting credit_row(std::uint64_t request, terms::TenantId tenant,
                                  std::int64_t amount, base::UnixNs time) {
  const bool in = amount > 0;
  const ledger::AccountId world{ledger::AccountKind::outside, 0, {}};
  const ledger::AccountId own{ledger::AccountKind::available, 0, tenant};
  return {.request = {request, 1},
          .from = in ? world : own,
          .to = in ? own : world,
          .amount = {in ? amount : -amount},
          .time = time,
          .kind = in ? ledger::PostingKind::credit : ledger::PostingKind::debit};
}

}  // namespace store::testing

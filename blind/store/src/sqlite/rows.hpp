// Rows of the ledger to and from columns. The column lists and the functions that read them stand
// side by side; columns start at `first`.
#pragma once

#include <ledger/rows.hpp>

#include "sqlite/connection.hpp"

namespace store::sqlite {

inline constexpr const char* hold_columns =
    "request, tenant, key, model, price_list, price_input, price_cached, price_output, "
    "idempotency, amount, held_at, reserved_at, input, output_granted, server, account, "
    "price_list_hash";
inline constexpr int hold_column_count = 17;
[[nodiscard]] ledger::HoldRow read_hold(const Statement& statement);
void bind_hold(const Statement& statement, const ledger::HoldRow& row);

inline constexpr const char* posting_columns =
    "request, from_kind, from_tenant, to_kind, to_tenant, amount, time, kind";
[[nodiscard]] ledger::Posting read_posting(const Statement& statement);
void bind_posting(const Statement& statement, const ledger::Posting& posting);

/// From `receipts JOIN artefacts`.
inline constexpr const char* receipt_columns =
    "r.tenant, r.time, r.sequence, r.id, r.key, r.model, r.price_list, r.price_input, "
    "r.price_cached, r.price_output, a.weights, a.tokenizer, r.output, r.previous, r.held_at, "
    "r.charge, r.balance_after, r.input, r.cached, r.output_tokens, r.end_reason, r.account, "
    "a.price_list_hash, r.credited, r.salt, r.leaf";
inline constexpr const char* receipt_tables =
    "receipts AS r JOIN artefacts AS a ON a.id = r.artefacts";
[[nodiscard]] ledger::Receipt read_receipt(const Statement& statement);
void bind_receipt(const Statement& statement, const ledger::Receipt& receipt,
                  std::int64_t artefacts);

[[nodiscard]] ledger::RateWindow read_window(const Statement& statement, int column);
void bind_window(const Statement& statement, int index, const ledger::RateWindow& window);

inline constexpr const char* tenant_columns = "available, held, sequence, chain, credited";
[[nodiscard]] ledger::TenantRow read_tenant(const Statement& statement, int first);

inline constexpr const char* pruned_columns =
    "tenant, sequence, logged, tokens, charge, time, chain";
[[nodiscard]] ledger::PrunedRow read_pruned(const Statement& statement);
void bind_pruned(const Statement& statement, terms::TenantId tenant, const ledger::PrunedRow& row);

inline constexpr const char* house_columns = "revenue, outside, leaves";
[[nodiscard]] ledger::HouseRow read_house(const Statement& statement);

inline constexpr const char* leaf_columns = "id, value, kind";
[[nodiscard]] ledger::LeafRow read_leaf(const Statement& statement);

}  // namespace store::sqlite

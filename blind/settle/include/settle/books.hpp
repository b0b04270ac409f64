// The one door to the money: commands in batches, each batch one durable transaction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ledger/journal.hpp>
#include <settle/commands.hpp>

namespace settle {

/// Not thread-safe: the settle thread owns it. Does not own the journal.
class Books {
 public:
  explicit Books(ledger::Journal& journal);

  /// Ends what a crash left open: every hold of this server without a settlement is voided, for
  /// nobody knows what of it was delivered. Returns how many. Call once, before the first batch.
  base::Result<std::uint64_t, ledger::StoreError> recover(base::UnixNs now);

  /// Applies commands in order, in one transaction, and returns when it is durable: one outcome
  /// for each command, in their order. A refused command changes nothing and does not hurt its
  /// neighbours. When the store fails, nothing of the batch happened and every outcome is
  /// Refused{store_unavailable}; calling again with the same commands is safe.
  std::vector<Outcome> apply(std::span<const Command> batch);

 private:
  ledger::Journal& journal_;
};

}  // namespace settle

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
  /// server   who this is, of those that write these books; none = whom the store says.
  explicit Books(ledger::Journal& journal, terms::ServerId server = {})
      : journal_(journal), server_(server) {}

  /// Ends what a crash left open: every hold of this server without a settlement is voided, for
  /// nobody knows what of it was delivered; then as tend(). Other servers' are left alone. Returns
  /// how many. Call once, before the first batch.
  ledger::Stored<std::uint64_t> recover(base::UnixNs now);

  /// Says that this server lives, ends the holds of those that have not said so for too long, and
  /// its own that a failed commit left in doubt.
  /// Returns how many. To be called every few seconds where several servers share the store.
  ledger::Stored<std::uint64_t> tend(base::UnixNs now);

  /// Applies commands in order, in one transaction, and returns when it is durable: one outcome
  /// for each command, in their order. A refused command changes nothing and does not hurt its
  /// neighbours. When the store fails, nothing of the batch happened and every outcome is
  /// Refused{store_unavailable}; calling again with the same commands is safe.
  std::vector<Outcome> apply(std::span<const Command> batch);

  /// Whether the store takes a durable write now: the house's row, as it is, once more.
  ledger::Stored<base::Done> probe();

  /// Why the store was unavailable when it last was.
  [[nodiscard]] ledger::StoreError last_store_error() const { return last_store_error_; }

  /// Commands refused as bad_command or usage_over_hold since the start: bugs of the caller, to
  /// be shown in the metrics.
  [[nodiscard]] std::uint64_t bugs_refused() const { return bugs_refused_; }

 private:
  ledger::Stored<std::vector<Outcome>> try_apply(std::span<const Command> batch);
  ledger::Stored<base::Done> undo_doubtful(std::span<const Command> batch);
  [[nodiscard]] terms::ServerId server_of(const ledger::Txn& txn) const {
    return server_.valid() ? server_ : txn.server();
  }

  ledger::Journal& journal_;
  const terms::ServerId server_;
  /// Holds and their times of a batch whose commit failed. A store may find it done after its
  /// recovery although it was reported as failed: then nobody would ever end these.
  std::vector<Hold> doubtful_;
  ledger::StoreError last_store_error_ = ledger::StoreError::gone;
  std::uint64_t bugs_refused_ = 0;
};

}  // namespace settle

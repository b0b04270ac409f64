// What a transaction made durable, seen from beneath the books.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <ledger/journal.hpp>
#include <sim/sabotage.hpp>

namespace sim {

struct HoldRemoved {
  terms::RequestId request;
};
struct Claimed {
  terms::TenantId tenant;
  terms::Digest key;
  terms::RequestId request;  ///< None: the claim was taken back.
};

/// The tenant's receipts up to there are gone.
struct MarkMoved {
  terms::TenantId tenant;
  ledger::PrunedRow mark;
};

using Effect = std::variant<ledger::HoldRow, HoldRemoved, Claimed, ledger::Posting, ledger::Receipt,
                            ledger::VoidRow, ledger::LeafRow, MarkMoved>;

struct Effects {
  std::vector<Effect> history;  ///< In the order of writing.
  std::vector<std::pair<terms::TenantId, ledger::TenantRow>> tenants;
  std::optional<ledger::HouseRow> house;
};

using OnCommit = std::function<void(const Effects&)>;

/// Which servers are taken for dead: the world says so, as a store with leases would.
class Leases {
 public:
  virtual ~Leases() = default;
  [[nodiscard]] virtual std::vector<terms::ServerId> lapsed() = 0;
  /// Its holds are ended; durably.
  virtual void forgotten(terms::ServerId server) = 0;
};

/// Hands everything on to `inner` (not owned) and tells `on_commit` what each transaction changed
/// once that is durable. `leases` may be null: nobody dies. Sabotage of the store is done here, at
/// the first chance.
[[nodiscard]] std::unique_ptr<ledger::Journal> make_watched(ledger::Journal& inner,
                                                            OnCommit on_commit, Leases* leases,
                                                            Sabotage sabotage = Sabotage::none);

}  // namespace sim

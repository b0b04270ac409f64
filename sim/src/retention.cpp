// Receipts that are not kept for ever: which may go, what is left of them, what must stay.
#include <algorithm>

#include <receipt/hash.hpp>
#include <sim/auditor.hpp>

namespace sim {
namespace {

constexpr std::uint32_t all = 0xFFFFFFFF;

bool same(const settle::Prune& a, const settle::Prune& b) {
  return a.tenant == b.tenant && a.before == b.before;
}

}  // namespace

void Auditor::forgotten(const settle::Prune& command) {
  const auto found = std::ranges::find_if(
      prunes_asked_, [&command](const settle::Prune& asked) { return same(asked, command); });
  if (found != prunes_asked_.end()) prunes_asked_.erase(found);
}

bool Auditor::ended(terms::RequestId request) const {
  const auto found = cases_.find(request);
  return found != cases_.end() && found->second.receipts + found->second.voids > 0;
}

bool Auditor::gone(terms::RequestId request) const {
  const auto found = cases_.find(request);
  return found != cases_.end() && found->second.gone;
}

/// Added up receipt by receipt from what was posted, the mark must be the one that is written.
void Auditor::see(const MarkMoved& moved) {
  Account& account = accounts_[moved.tenant];
  const std::uint64_t before = account.mark.sequence;
  if (moved.mark.sequence <= before || moved.mark.sequence > account.sequence) {
    return find("a mark does not move forward to a receipt");
  }
  base::UnixNs youngest = cases_.at(account.kept.front()).receipt.time;
  while (account.mark.sequence < moved.mark.sequence) {
    youngest = std::max(youngest, cases_.at(account.kept.front()).receipt.time);
    let_go(account);
  }
  const std::uint64_t went = account.mark.sequence - before;
  sums_.pruned += went;
  account.went.push_back(went);
  if (moved.mark.chain != account.mark.chain) find("a mark does not name the last that went");
  if (moved.mark != account.mark) find("a mark is not the sum of what went");
  check_asked(moved.tenant, went, youngest);
}

void Auditor::let_go(Account& account) {
  Case& that = cases_.at(account.kept.front());
  account.kept.pop_front();
  if (that.open() || that.receipts != 1 || that.gone) find("something goes that has not ended");
  that.gone = true;
  const ledger::Receipt& receipt = that.receipt;
  ledger::PrunedRow& mark = account.mark;
  mark.sequence += 1;
  mark.logged += 1;
  mark.tokens += receipt.usage.input.value;
  mark.tokens += receipt.usage.cached.value;
  mark.tokens += receipt.usage.output.value;
  mark.charge.value += that.charged;
  mark.time = std::max(mark.time, receipt.time);
  mark.chain = receipt::marks_of(receipt).hash;
}

/// Somebody asked for just that: all that went is of before their moment, and what follows it is
/// not, or there was enough for once.
void Auditor::check_asked(terms::TenantId tenant, std::uint64_t went, base::UnixNs youngest) {
  if (went > settle::prune_at_once) find("more goes at once than may");
  const std::deque<terms::RequestId>& kept = accounts_[tenant].kept;
  bool may = false;
  bool enough = false;
  for (const settle::Prune& asked : prunes_asked_) {
    if (asked.tenant != tenant || youngest >= asked.before) continue;
    may = true;
    enough = enough || went == settle::prune_at_once || kept.empty() ||
             cases_.at(kept.front()).receipt.time >= asked.before;
  }
  if (!may) return find("a receipt goes before its time");
  if (!enough) find("a receipt stays when its time is over");
}

void Auditor::told_prune(const settle::Prune& command, const settle::Outcome& outcome) {
  const auto* pruned = std::get_if<settle::Pruned>(&outcome);
  if (pruned == nullptr) return find("a prune is answered by something else");
  Account& account = accounts_[command.tenant];
  if (pruned->receipts > 0) {
    const auto found = std::ranges::find(account.went, pruned->receipts);
    if (found == account.went.end()) return find("receipts are said to be gone that are not");
    account.went.erase(found);
    return;
  }
  // What was settled in the same transaction may have come after the look for old ones.
  if (account.kept.empty() || !account.went.empty()) return;
  const Case& next = cases_.at(account.kept.front());
  if (next.commit < sums_.commits && next.receipt.time < command.before) {
    find("a receipt stays when its time is over");
  }
}

void Auditor::compare_kept(terms::TenantId tenant, ledger::Reader& reader) {
  Account& account = accounts_[tenant];
  const auto mark = reader.pruned(tenant);
  const auto receipts = reader.receipts_after(tenant, 0, all);
  if (!mark.ok() || *mark != account.mark) return find("the stored mark is not what was written");
  if (!receipts.ok() || receipts->size() != account.kept.size()) {
    return find("what is kept is not what the mark leaves");
  }
  std::int64_t charged = account.mark.charge.value;
  for (std::size_t at = 0; at < receipts->size(); ++at) {
    const ledger::Receipt& receipt = (*receipts)[at];
    compare_receipt(receipt, account, at);
    charged += receipt.charge.value;
    if (receipt.balance_after.value != receipt.credited.value - charged) {
      find("a balance does not follow from the mark");
    }
  }
  const terms::Digest end =
      receipts->empty() ? account.mark.chain : receipt::marks_of(receipts->back()).hash;
  if (end != account.stored.chain) find("the chain from the mark does not end in the last receipt");
  if (account.available + account.held != account.credited - charged) {
    find("what a tenant has does not follow from the mark");
  }
}

/// The `at`-th behind the mark.
void Auditor::compare_receipt(const ledger::Receipt& stored, const Account& account,
                              std::size_t at) {
  if (stored.id != account.kept[at] || stored != cases_.at(stored.id).receipt) {
    return find("what is kept is not what the mark leaves");
  }
  const terms::Digest before =
      at == 0 ? account.mark.chain
              : receipt::marks_of(cases_.at(account.kept[at - 1]).receipt).hash;
  if (stored.sequence != account.mark.sequence + at + 1 || stored.previous != before) {
    find("the chain does not go on from the mark");
  }
  if (stored.leaf >= leaves_.size() ||
      leaves_[stored.leaf] != receipt::marks_of(stored).commitment) {
    find("a receipt that is kept is not in the log");
  }
}

void Auditor::compare_log(ledger::Reader& reader) {
  const auto stored = reader.leaves(0, all);
  if (!stored.ok() || stored->size() != leaves_.size()) {
    return find("the stored log is not what was written");
  }
  std::uint64_t of_receipts = 0;
  for (const ledger::LeafRow& leaf : *stored) {
    if (leaf.value != leaves_[leaf.index]) find("the stored log is not what was written");
    of_receipts += leaf.kind == ledger::LeafKind::receipt ? 1 : 0;
  }
  for (const auto& [tenant, account] : accounts_) {
    of_receipts -= account.mark.logged + account.kept.size();
  }
  if (of_receipts != 0) find("the log's entries are not the receipts that are kept and that went");
}

}  // namespace sim

// Sees all that becomes durable and all that was really decoded and delivered, and derives the
// books again as a beginner would.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <ledger/reader.hpp>
#include <settle/commands.hpp>
#include <sim/effects.hpp>

namespace sim {

/// What the world knows of a request, whatever happens to servers and stores.
struct Truth {
  terms::Usage decoded;     ///< What the engine made of it so far.
  std::uint32_t shown = 0;  ///< Output tokens that reached the client.
  bool ran = false;         ///< An engine took it.
  bool exact = true;        ///< false: `decoded` is a bound, and only what was shown must be paid.
  bool lost = false;        ///< Open when its server crashed: what was shown may be given away.
};

/// What the auditor counted.
struct Sums {
  std::uint64_t commits = 0;
  std::uint64_t holds = 0;
  std::uint64_t settled = 0;
  std::uint64_t voided = 0;
  std::uint64_t top_ups = 0;
  std::uint64_t postings = 0;
  std::uint64_t leaves = 0;
  std::uint64_t pruned = 0;             ///< Receipts that are not kept any more.
  std::uint64_t output_charged = 0;     ///< Tokens.
  std::uint64_t output_given_away = 0;  ///< Tokens shown by requests that a crash voided.
  std::int64_t given_away = 0;          ///< What those requests would have cost, nano-units.
  std::int64_t held_at_crashes = 0;     ///< The holds open at crashes: the bound of it.

  Sums& operator+=(const Sums& more);
};

/// Not thread-safe. The first thing that is wrong stays in wrong(); nothing after it counts.
class Auditor {
 public:
  /// Limits of a key; the same for the whole world.
  void set_limits(terms::KeyId key, const settle::Limits& limits) { limits_[key] = limits; }

  /// After each durable transaction.
  void committed(const Effects& effects);
  /// The world tells the truth about a request as it happens.
  Truth& truth(terms::RequestId request) { return truths_[request]; }
  /// The server that had this request is gone, and all it knew.
  void crashed(terms::RequestId request);
  /// Somebody asks that receipts go. Until that is answered, or nobody is left to do it, they may.
  void asked(const settle::Prune& command) { prunes_asked_.push_back(command); }
  void forgotten(const settle::Prune& command);
  /// The request was settled or voided.
  [[nodiscard]] bool ended(terms::RequestId request) const;
  /// ... and its receipt is not kept any more.
  [[nodiscard]] bool gone(terms::RequestId request) const;
  /// What a customer can still be shown: what the mark left, chained from it, and balanced.
  void compare_kept(terms::TenantId tenant, ledger::Reader& reader);
  /// The log, entry by entry, as it was written.
  void compare_log(ledger::Reader& reader);

  /// What somebody is told about their command must be durable.
  void told(const settle::Command& command, const settle::Outcome& outcome);
  /// What a customer is told to pay must be what the books say.
  void told_bill(terms::RequestId request, const terms::Usage& usage, base::Nano charge);
  /// When everybody has said what they had to say: nothing is open any more.
  void at_rest();

  void find(std::string what);
  /// What is wrong, if anything is.
  [[nodiscard]] const std::optional<std::string>& wrong() const { return wrong_; }
  [[nodiscard]] const Sums& sums() const { return sums_; }

 private:
  /// All that was ever written about a request.
  struct Case {
    ledger::HoldRow hold;
    ledger::Receipt receipt;
    std::int64_t held = 0;  ///< Posted, as are the next three.
    std::int64_t charged = 0;
    std::int64_t released = 0;
    std::int64_t voided = 0;
    std::uint32_t holds = 0;
    std::uint32_t removals = 0;
    std::uint32_t receipts = 0;
    std::uint32_t voids = 0;
    std::uint64_t commit = 0;  ///< That touched it last.
    bool gone = false;         ///< Its receipt is not kept any more.
    [[nodiscard]] bool open() const { return holds > 0 && receipts + voids == 0; }
  };
  struct HashOfDigest {
    std::size_t operator()(const terms::Digest& digest) const { return digest.words[0]; }
  };
  struct Account {
    std::int64_t available = 0;
    std::int64_t held = 0;
    std::int64_t credited = 0;
    std::uint64_t sequence = 0;
    std::int64_t balance_then = 0;  ///< Balance and credit as of the last receipt.
    std::int64_t credited_then = 0;
    terms::Digest chain;
    ledger::TenantRow stored;
    ledger::PrunedRow mark;             ///< Added up anew.
    std::deque<terms::RequestId> kept;  ///< Whose receipts follow the mark.
    std::vector<std::uint64_t> went;    ///< How many, prune by prune, in the last transaction.
  };
  /// An admission in a minute.
  struct Entry {
    terms::RequestId request;
    std::int64_t second = 0;
    std::uint64_t tokens = 0;
  };
  struct Key {
    std::uint64_t open = 0;
    std::int64_t newest = 0;      ///< Second that an admission had.
    std::int64_t seen_until = 0;  ///< Of a clock that was set back.
    std::vector<Entry> minute;
    std::map<std::int64_t, std::int64_t> months;  ///< Spent and held.
  };

  void see(const ledger::Posting& posting);
  void see(const ledger::HoldRow& hold);
  void see(const HoldRemoved& removed);
  void see(const Claimed& claimed);
  void see(const ledger::Receipt& receipt);
  void see(const ledger::VoidRow& row);
  void see(const ledger::LeafRow& leaf);
  void see(const MarkMoved& moved);
  void see_top_up(const ledger::Posting& posting);
  Case& touch(terms::RequestId request);

  void check_chain(const ledger::Receipt& receipt);
  void check_limits(const ledger::HoldRow& hold);
  void forget_tokens(const ledger::HoldRow& hold, std::uint64_t used, std::int64_t charge);
  void check_case(const Case& that, terms::RequestId request);
  void check_settled(const Case& that);
  void check_voided(const Case& that);
  void check_stored(const Effects& effects);
  void told_hold(const settle::Hold& command, const settle::Outcome& outcome);
  void told_settle(const settle::Settle& command, const settle::Outcome& outcome);
  void told_prune(const settle::Prune& command, const settle::Outcome& outcome);
  void let_go(Account& account);
  void check_asked(terms::TenantId tenant, std::uint64_t went, base::UnixNs youngest);
  void compare_receipt(const ledger::Receipt& stored, const Account& account, std::size_t at);

  std::int64_t revenue_ = 0;
  std::int64_t outside_ = 0;
  std::int64_t stored_sum_ = 0;  ///< Of all accounts as stored.
  ledger::HouseRow stored_house_;
  std::unordered_map<terms::TenantId, Account> accounts_;
  std::unordered_map<terms::RequestId, Case> cases_;
  std::unordered_map<terms::RequestId, Truth> truths_;
  std::unordered_map<terms::RequestId, std::int64_t> top_ups_;
  std::map<std::pair<terms::TenantId, terms::Digest>, terms::RequestId> claims_;
  std::unordered_map<terms::KeyId, Key> keys_;
  std::unordered_map<terms::KeyId, settle::Limits> limits_;
  std::vector<terms::Digest> leaves_;                   ///< Of the log.
  std::map<std::uint64_t, terms::Digest> open_leaves_;  ///< Of receipts still to be seen.
  std::unordered_map<terms::Digest, std::uint64_t, HashOfDigest> documents_;
  std::vector<settle::Prune> prunes_asked_;
  std::vector<terms::RequestId> touched_;  ///< In the transaction that is looked at.
  std::unordered_set<terms::TenantId> touched_tenants_;
  Sums sums_;
  std::optional<std::string> wrong_;
};

}  // namespace sim

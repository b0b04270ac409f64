// Ways to break the money path on purpose, so that a test can see the auditor catch each.
#pragma once

#include <cstdint>

namespace sim {

enum class Sabotage : std::uint32_t {
  none = 0,
  // In the store, once, beneath the books:
  charge_twice,      ///< A charge is posted twice.
  release_lost,      ///< What a request did not use is never posted back.
  hold_kept,         ///< A settled request's hold stays open.
  hold_too_small,    ///< A hold's row says less than was posted.
  receipt_lost,      ///< A settlement without a receipt.
  sequence_skipped,  ///< A receipt's number leaves one out.
  chain_cut,         ///< A receipt points at none before it.
  void_lost,         ///< A voided request's row is missing.
  leaf_lost,         ///< A receipt without its entry in the log.
  leaf_twice,        ///< ... or with two.
  leaf_of_another,   ///< An entry that is not its receipt's commitment.
  balance_shifted,   ///< A tenant's stored balance is one nano-unit too high.
  goes_too_far,      ///< A prune takes one receipt too many, and its mark tells of it.
  goes_in_silence,   ///< ... and its mark does not.
  comes_back,        ///< A receipt is there again that went.
  mark_of_less,      ///< A mark tells of a nano-unit less than was charged.
  mark_of_another,   ///< A mark's hash is not its last receipt's.
  // In the server, again and again:
  bills_more,        ///< One token more is charged than was decoded.
  bills_less,        ///< One token less.
  gives_more,        ///< One token more is decoded than was held for.
  serves_unpaid,     ///< A refused request is run all the same.
  forgets_to_end,    ///< Who leaves is forgotten, and so is the hold.
  answers_early,     ///< The bill is told before it is durable.
  voids_the_served,  ///< A disconnect costs nothing.
  ends_others,       ///< Recovery voids the holds of servers that live.
  keeps_too_short,   ///< What is pruned is younger than anybody said.
};

/// Which of them work in the store.
[[nodiscard]] constexpr bool in_store(Sabotage sabotage) {
  return sabotage >= Sabotage::charge_twice && sabotage <= Sabotage::mark_of_another;
}

}  // namespace sim

// How much a request may have, in numbers alone.
#pragma once

#include <variant>

#include <ledger/rules.hpp>
#include <settle/commands.hpp>

namespace settle {

struct Grant {
  base::Tokens output;
  base::Nano amount;
};

/// `tokens_over` asks for the tokens that must fit into the minute before this can be granted;
/// the caller knows how long that takes.
struct NeedsTokens {
  std::uint64_t tokens = 0;
};

/// Reasons that waiting does not cure come first: a caller without money is not told to retry.
[[nodiscard]] std::variant<Grant, NeedsTokens, Refused> grant(const Hold& hold,
                                                              const ledger::Room& room);

}  // namespace settle

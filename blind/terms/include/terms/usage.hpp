// What a request used and how it ended.
#pragma once

#include <cstdint>
#include <tuple>

#include <base/blind.hpp>
#include <base/quantity.hpp>

namespace terms {

/// Token counts of one request, made by the engine that ran it.
struct Usage {
  base::Tokens input;   ///< Rendered prompt, template and BOS included, once however many choices.
  base::Tokens cached;  ///< The part of input whose KV was not computed anew; cached <= input.
  base::Tokens output;  ///< Tokens sampled, over all choices, end tokens included.

  static consteval auto fields() {
    return std::tuple{&Usage::input, &Usage::cached, &Usage::output};
  }
  friend constexpr bool operator==(const Usage&, const Usage&) = default;
};
static_assert(base::Blind<Usage>);

/// How a request ended. Stored in receipts: never renumber.
enum class EndReason : std::uint32_t {
  stop = 1,        ///< The model's end token or a stop string.
  length = 2,      ///< The output limit that was asked for, or the context's end.
  funds = 3,       ///< The last token that the balance or a cap paid for.
  disconnect = 4,  ///< The client left, or read too slowly.
  cancel = 5,      ///< Cancelled by us on request: a key revoked, an operator's word.
  error = 6,       ///< The engine failed after the first token.
  drain = 7,       ///< The server shut down before the end.
  done = 8,        ///< Nothing to decode: an embedding is complete.
};

}  // namespace terms

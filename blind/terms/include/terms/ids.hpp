// The names both wings may speak: numbers only.
#pragma once

#include <array>
#include <cstdint>
#include <tuple>

#include <base/blind.hpp>
#include <base/id.hpp>

namespace terms {

/// Who pays. One balance each.
using TenantId = base::Id<struct TenantTag>;
/// An API key of a tenant.
using KeyId = base::Id<struct KeyTag>;
/// A flavour: what is served and priced under one name (weights and a context size).
using ModelId = base::Id<struct ModelTag>;
/// One prompt with its continuations, as the scheduler sees it.
using JobId = base::Id<struct JobTag>;
/// A published price list; 1, 2, 3 ... in order of publication.
using PriceListId = base::Id<struct PriceListTag>;
/// One server process that writes the books; 1 where there is only one.
using ServerId = base::Id<struct ServerTag>;
/// One paid request: hold, settlement and receipt all carry it. Time, then random bits.
using RequestId = base::WideId<struct RequestTag>;
/// What a tenant's receipts call its account: random, so that it tells nobody who that is.
using Pseudonym = base::WideId<struct PseudonymTag>;

/// 256 bits that mean nothing by themselves: a SHA-256 made in another room (of output token ids,
/// of weights, of a salted idempotency key). All zero means "none".
struct Digest {
  std::array<std::uint64_t, 4> words{};

  static consteval auto fields() { return std::tuple{&Digest::words}; }
  [[nodiscard]] constexpr bool valid() const {
    return (words[0] | words[1] | words[2] | words[3]) != 0;
  }
  friend constexpr auto operator<=>(const Digest&, const Digest&) = default;
};

static_assert(base::Blind<TenantId> && base::Blind<RequestId> && base::Blind<Pseudonym> &&
              base::Blind<Digest>);

}  // namespace terms

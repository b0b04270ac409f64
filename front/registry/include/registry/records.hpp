// Things with a name: tenants, keys and price lists. Immutable once made; a change makes a new one.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <base/quantity.hpp>
#include <price/price_list.hpp>
#include <settle/commands.hpp>
#include <terms/ids.hpp>

namespace registry {

struct Tenant {
  terms::TenantId id;
  std::string name;  ///< Of a deleted one "#" and its account, which is nobody's name.
  base::UnixNs created;
  std::array<std::uint8_t, 32> salt{};  ///< For idempotency digests. Secret.
  terms::Pseudonym account;             ///< What receipts call the tenant. Random.

  [[nodiscard]] bool deleted() const { return name.starts_with('#'); }
};

struct Key {
  terms::KeyId id;         ///< None only for the admin key of the environment.
  terms::TenantId tenant;  ///< None for admin keys.
  std::string tenant_name;
  terms::Pseudonym account;  ///< The tenant's.
  std::string name;
  std::string prefix;  ///< The first characters of the secret, to recognise it by.
  base::UnixNs created;
  base::UnixNs revoked_at;  ///< 0 = in force.
  settle::Limits limits;

  [[nodiscard]] bool admin() const { return !tenant.valid(); }
  [[nodiscard]] bool revoked() const { return revoked_at.value != 0; }
};

/// A key just made. The secret is here and nowhere else.
struct NewKey {
  std::shared_ptr<const Key> key;
  std::string secret;
};

/// A price for a model by name.
struct NamedPrices {
  std::string model;
  price::Prices prices;
  terms::ModelId id = {};  ///< What receipts call the model; none = in no list yet.
  friend bool operator==(const NamedPrices&, const NamedPrices&) = default;
};

/// A published price list.
struct PublishedList {
  price::PriceList list;            ///< By id.
  std::vector<NamedPrices> models;  ///< By name, in the order of their names.
  std::string currency;
  base::UnixNs published;
  std::string canonical;   ///< RFC 8785: what is hashed and signed.
  std::string hash;        ///< SHA-256 of `canonical`, hexadecimal.
  terms::Digest digest;    ///< The same.
  std::string signature;   ///< Ed25519 over `canonical`, base64url.
  std::string public_key;  ///< PEM.
  bool withdrawn = false;  ///< Before it came into force: it never does.
};

/// The registry's record of the books as a whole: their id, and how far they have come.
struct BooksState {
  std::uint64_t id_high = 0;  ///< Random; both halves 0: not given yet.
  std::uint64_t id_low = 0;
  bool founded = false;        ///< All parts carry the id.
  std::uint64_t epoch = 0;     ///< Grows with each change of the registry, and with each start.
  std::uint64_t log_size = 0;  ///< Entries under the newest checkpoint that was signed ...
  terms::Digest log_root;      ///< ... and its root.

  [[nodiscard]] bool given() const { return (id_high | id_low) != 0; }
};

/// A model's prices at a moment, and by which list.
struct Offer {
  terms::PriceListId list;
  terms::Digest list_hash;
  price::Prices prices;
};

}  // namespace registry

// Everything the registry knows, immutable, and how it is shared between threads.
#pragma once

#include <boost/smart_ptr/atomic_shared_ptr.hpp>
#include <boost/smart_ptr/make_shared.hpp>
#include <boost/smart_ptr/shared_ptr.hpp>

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include <registry/registry.hpp>

#include "crypto.hpp"

namespace registry {

/// A key with what its secret hashes to.
struct Lock {
  Hash hash;
  KeyPtr key;
};

struct Snapshot {
  std::map<terms::TenantId, TenantPtr> tenants;
  std::map<std::string, TenantPtr, std::less<>> tenants_by_name;
  std::map<terms::Pseudonym, TenantPtr> deleted;  ///< In none of the two above.
  std::map<terms::KeyId, KeyPtr> keys;
  /// By the first eight bytes of the hash: what is compared in variable time says nothing about a
  /// secret, and the rest is compared in constant time.
  std::unordered_multimap<std::uint64_t, Lock> locks;
  std::map<std::string, terms::ModelId, std::less<>> models;
  std::unordered_map<terms::ModelId, std::string> model_names;
  std::vector<ListPtr> lists;  ///< By version: 1, 2, 3 ...
  /// Of each list, by model.
  std::vector<std::unordered_map<terms::ModelId, price::Prices>> prices;
  base::UnixNs published_last;  ///< Of all lists: it was that late once.
  std::string price_key;        ///< PEM of a key that was put in place on purpose; or empty.

  /// The list in force: the one whose valid_from came last, the latest of equals, and not
  /// withdrawn. -1: none. A clock behind published_last is taken to be right again by then.
  [[nodiscard]] std::ptrdiff_t current(base::UnixNs now) const;
};

/// The latest snapshot. Boost's pointer rather than std::atomic<std::shared_ptr>, whose load() in
/// GCC 12 unlocks relaxed and so is a data race in the eyes of the thread sanitizer.
class Published {
 public:
  [[nodiscard]] boost::shared_ptr<const Snapshot> get() const { return latest_.load(); }
  void set(Snapshot snapshot) {
    latest_.store(boost::make_shared<const Snapshot>(std::move(snapshot)));
  }

 private:
  boost::atomic_shared_ptr<const Snapshot> latest_{boost::make_shared<const Snapshot>()};
};

[[nodiscard]] std::uint64_t first_word(const Hash& hash);

}  // namespace registry

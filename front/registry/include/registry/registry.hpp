// Where names become ids.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <base/ports.hpp>
#include <base/result.hpp>
#include <registry/price_document.hpp>
#include <registry/records.hpp>

namespace registry {

enum class Error {
  unavailable,   ///< The database cannot be read or written just now.
  full,          ///< No space left.
  read_only,     ///< The data folder may not be written.
  damaged,       ///< The database is no database, or a list in it does not verify.
  newer,         ///< Written by a newer version.
  bad_key_file,  ///< price.key is there but is no Ed25519 key, or may be read by others.
  bad_name,      ///< Not 1 .. 64 (models: 128) of the characters allowed.
  name_taken,
  unknown_tenant,
  unknown_key,
  not_logged,  ///< The transparency log did not take the price list: it is not in force.
};
/// What happened and what to do, for people.
[[nodiscard]] std::string_view describe(Error error);

/// Letters, digits and ._@- , at most 64, a letter or digit first: tenants and keys.
[[nodiscard]] bool is_name(std::string_view name);

template <class T>
using Answer = base::Result<T, Error>;
using TenantPtr = std::shared_ptr<const Tenant>;
using KeyPtr = std::shared_ptr<const Key>;
using ListPtr = std::shared_ptr<const PublishedList>;

/// Safe on any thread. In a file, one process at a time (the folder's lock sees to that); in a
/// PostgreSQL database, any number of them.
class Registry {
 public:
  /// Opens or creates `data_dir`/registry.db and price.key. The folder must exist. Clock and
  /// random must outlive the registry.
  /// url   a PostgreSQL database instead of the file. What other servers change there holds here
  ///       within half a second.
  [[nodiscard]] static Answer<std::unique_ptr<Registry>> open(const std::filesystem::path& data_dir,
                                                              const base::Clock& clock,
                                                              base::Random& random,
                                                              const std::string& url = "");
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Lookups: one immutable snapshot, no SQL, about a microsecond.

  /// The key with that secret, unless it was revoked; null for everything else.
  [[nodiscard]] KeyPtr authenticate(std::string_view secret) const;
  /// Revoked ones too. Null: unknown.
  [[nodiscard]] KeyPtr key(terms::KeyId id) const;
  /// Null: unknown, or deleted.
  [[nodiscard]] TenantPtr tenant(terms::TenantId id) const;
  [[nodiscard]] TenantPtr tenant(std::string_view name) const;
  /// What is left of a deleted one; null: there is none that its receipts call so.
  [[nodiscard]] TenantPtr deleted_tenant(terms::Pseudonym account) const;
  [[nodiscard]] std::optional<terms::ModelId> model_id(std::string_view name) const;
  /// Empty for an unknown id.
  [[nodiscard]] std::string model_name(terms::ModelId id) const;
  /// Nothing: the model has no price now and must not be served.
  [[nodiscard]] std::optional<Offer> prices(terms::ModelId model, base::UnixNs now) const;
  /// The list in force; null where none is.
  [[nodiscard]] ListPtr price_list(base::UnixNs now) const;
  /// Null: never published.
  [[nodiscard]] ListPtr price_list(terms::PriceListId version) const;
  /// In the order of their ids.
  [[nodiscard]] std::vector<ListPtr> price_lists() const;
  [[nodiscard]] std::vector<TenantPtr> tenants() const;
  [[nodiscard]] std::vector<TenantPtr> deleted_tenants() const;
  /// Of one tenant; of none = admin keys.
  [[nodiscard]] std::vector<KeyPtr> keys(terms::TenantId tenant) const;

  // Changes: durable when they return.

  [[nodiscard]] Answer<TenantPtr> create_tenant(std::string_view name);
  /// Forgets a tenant's name, its salt and its keys, in memory and on disk. What stays is its
  /// number, which is never given again, and its account: the books have both. The name is free.
  /// Returns what is left.
  [[nodiscard]] Answer<TenantPtr> delete_tenant(terms::TenantId id);
  /// tenant   none = an admin key.
  [[nodiscard]] Answer<NewKey> create_key(terms::TenantId tenant, std::string_view name,
                                          const settle::Limits& limits);
  /// From its return on the key authenticates nobody. Repeating it changes nothing.
  [[nodiscard]] Answer<KeyPtr> revoke_key(terms::KeyId id);
  [[nodiscard]] Answer<KeyPtr> set_limits(terms::KeyId id, const settle::Limits& limits);
  /// The id of a model name, given at first sight and for good.
  [[nodiscard]] Answer<terms::ModelId> ensure_model(std::string_view name);
  /// Also accepts `secret` as an admin key, in memory only (MAINS_ADMIN_KEY).
  void accept_admin_key(std::string_view secret);
  /// Called for each key that another server has revoked, once it opens nothing here any more.
  /// Must not call the registry.
  void on_revoked(std::function<void(terms::KeyId)> call);

  /// Why a draft would not be published; empty when it would.
  [[nodiscard]] Findings check(const PriceDraft& draft) const;
  struct Unpublished {
    std::optional<Error> error;  ///< Set: the database failed. Else see `findings`.
    Findings findings;
  };
  [[nodiscard]] base::Result<ListPtr, Unpublished> publish(const PriceDraft& draft);
  /// What must happen to a list's canonical JSON before it comes into force; false: it does not
  /// come into force. Called by publish(), on its thread. Set before the first.
  void before_publishing(std::function<bool(const std::string& canonical)> announce);
  /// For the start: models without a price in the list in force get theirs, in a new list that
  /// repeats the others. Null: nothing was missing.
  [[nodiscard]] base::Result<ListPtr, Unpublished> publish_missing(
      std::string_view currency, const std::vector<NamedPrices>& models);

 private:
  struct Inside;
  template <class T, class Change>
  Answer<T> attempt(Change change);
  explicit Registry(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

}  // namespace registry

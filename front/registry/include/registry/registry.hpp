// Names become ids here.
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
  not_logged,       ///< The transparency log did not take the price list: it is not in force.
  no_price_key,     ///< price.key is gone; lists are published only with the key they had.
  other_price_key,  ///< price.key is not the one that signed the lists before.
  unknown_list,
  list_in_force,  ///< Or it was: only lists to come can be withdrawn.
};
/// The fault and the way out, for people.
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
  /// Opens or creates `data_dir`/registry.db. `data_dir`/price.key is made with the first list
  /// ever, and never again. The folder must exist. Clock and random must outlive the registry.
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
  /// The rest of a deleted one; null: there is none that its receipts call so.
  [[nodiscard]] TenantPtr deleted_tenant(terms::Pseudonym account) const;
  [[nodiscard]] std::optional<terms::ModelId> model_id(std::string_view name) const;
  /// Empty for an unknown id.
  [[nodiscard]] std::string model_name(terms::ModelId id) const;
  // Where other servers write as well, a name that is not known here may be new. A look at what
  // they have changed is due every quarter of a second, and sooner where somebody asks: at most 20
  // times a second for all that ask, so that wrong names cost nothing.

  /// The number of the next look; 0 = nobody else writes. Does not block.
  [[nodiscard]] std::uint64_t ask_to_look();
  [[nodiscard]] bool has_looked(std::uint64_t look);
  /// Asks and waits, half a second at most. True: something has changed. Not for HTTP threads.
  bool catch_up();
  /// Whether it is worth to look for this secret, which is not known: it looks like a key, was not
  /// missed a moment ago, and not more than 40 others were asked about in this second.
  [[nodiscard]] bool may_be_new(std::string_view secret);
  /// A look did not find it.
  void was_not_new(std::string_view secret);

  /// Nothing: the model has no price now and must not be served.
  [[nodiscard]] std::optional<Offer> prices(terms::ModelId model, base::UnixNs now) const;
  /// The list in force; null where none is. A clock that was set back before the newest list was
  /// published changes nothing: time is at least that.
  [[nodiscard]] ListPtr price_list(base::UnixNs now) const;
  /// Lists that are not in force yet and were not withdrawn, in the order in which they will be.
  [[nodiscard]] std::vector<ListPtr> lists_to_come(base::UnixNs now) const;
  /// Nanoseconds by which the clock is behind the moment at which the newest list was published; 0
  /// = it is not.
  [[nodiscard]] base::SpanNs clock_behind(base::UnixNs now) const;
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

  /// The reason why a draft would not be published; empty when it would.
  [[nodiscard]] Findings check(const PriceDraft& draft) const;
  struct Unpublished {
    std::optional<Error> error;  ///< Set: the database failed. Else see `findings`.
    Findings findings;
  };
  [[nodiscard]] base::Result<ListPtr, Unpublished> publish(const PriceDraft& draft);
  /// What must happen to a list's canonical JSON before it comes into force; false: it does not
  /// come into force. Called by publish(), on its thread. Set before the first.
  void before_publishing(std::function<bool(const std::string& canonical)> announce);
  /// A list to come never comes into force. It stays, signed, and is marked. Repeating it changes
  /// nothing.
  [[nodiscard]] Answer<ListPtr> withdraw(terms::PriceListId version);
  /// A new price.key of this folder signs from the next list on, where the old one is lost.
  [[nodiscard]] Answer<base::Done> new_price_key();
  /// Whether the next list could be signed by the price.key of this folder. A folder without one is
  /// right: another server of the same books may have it. Nothing is made.
  [[nodiscard]] Answer<base::Done> check_price_key() const;
  /// Reads, and where `change` returns true writes, the state of the books, while no other server
  /// writes to the registry. `change` must not call the registry's changes; lookups are up to date.
  [[nodiscard]] Answer<BooksState> books(const std::function<bool(BooksState&)>& change);
  /// Told after each change, with the lock of all writers; and, where that failed, once more before
  /// the next, which then fails as well. So whoever listens is never behind by more than one.
  void tell_changes(std::function<bool(const BooksState&)> tell);
  /// Keeps what was signed last, where it is larger than what is kept. False: it cannot be written.
  bool note_log(std::uint64_t size, const terms::Digest& root);

  /// For the start: models without a price in the list in force get theirs, in a new list that
  /// repeats the others, and so do lists to come that were published before the model was first
  /// priced. Null: nothing was missing.
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

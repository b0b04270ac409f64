// Beginnings of prompts that their owners opened to other tenants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include <base/id.hpp>
#include <content/tokens.hpp>
#include <engine/engine.hpp>
#include <serve/engine_loop.hpp>
#include <terms/ids.hpp>

namespace serve {

/// By what its owner and those it is opened to name it. Random.
using OpeningId = base::WideId<struct OpeningTag>;

struct Opening {
  OpeningId id;
  terms::ModelId model;             ///< Under which name it was opened.
  std::uint32_t tokens = 0;         ///< How long it is.
  std::vector<terms::TenantId> to;  ///< Who may name it, beside the owner.
};

/// In memory only: an end of the process ends them all. Safe on any thread.
class Openings {
 public:
  static constexpr std::size_t of_owner_max = 32;
  static constexpr std::size_t tokens_of_owner_max = 262'144;  ///< All of an owner's together.

  /// Opens a beginning to those, or to others than before: it stays the same opening then.
  /// fresh   its name if it is new. Nothing: the owner has as many as it may, or is gone.
  std::optional<Opening> open(terms::TenantId owner, terms::ModelId model, const EngineLoop& loop,
                              content::TokenIds beginning, std::vector<terms::TenantId> to,
                              OpeningId fresh);
  /// Nobody finds it any more. False: this owner has none of that name.
  bool close(terms::TenantId owner, OpeningId id);
  /// Closes what a tenant opened, and nothing is open to it any more; it will open nothing either,
  /// not even with a request that was under way.
  void forget(terms::TenantId tenant);
  /// In the order in which they were opened.
  [[nodiscard]] std::vector<Opening> of(terms::TenantId owner) const;
  /// For a prompt whose sender names an opening: where its beginning lies. No beginning: there is
  /// none of that name, for this tenant, with these weights, or the prompt does not begin with all
  /// of it; which of these, nobody is told.
  [[nodiscard]] engine::Opened find(OpeningId id, terms::TenantId tenant, const EngineLoop& loop,
                                    const content::TokenIds& prompt) const;

 private:
  struct Entry {
    Opening opening;
    terms::TenantId owner;
    const EngineLoop* loop = nullptr;
    content::TokenIds beginning;
  };

  mutable std::mutex mutex_;
  std::map<std::uint64_t, Entry> entries_;  ///< By number, which is never given twice.
  std::set<terms::TenantId> forgotten_;
  std::uint64_t last_number_ = 0;
};

}  // namespace serve

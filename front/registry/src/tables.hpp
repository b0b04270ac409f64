// The rows of registry.db.
#pragma once

#include "crypto.hpp"
#include "snapshot.hpp"
#include "sqlite.hpp"

namespace registry {

/// Creates what is missing and brings an older version up to date. Throws SqlFailure{newer} for
/// the schema of a later version.
void create_tables(Database& database, base::Random& random);

/// The first 16 bytes.
[[nodiscard]] terms::Pseudonym account_of(std::span<const std::uint8_t> bytes);

/// Reads everything. Throws SqlFailure{damaged} when a price list is not what was signed.
[[nodiscard]] Snapshot read_all(const Database& database);

/// A list from its canonical JSON; its models must be in `models`. Nothing: no such document.
[[nodiscard]] std::optional<PublishedList> list_of(
    std::string canonical, const std::map<std::string, terms::ModelId, std::less<>>& models);

/// Puts a list and its prices behind the others.
void append(Snapshot& snapshot, PublishedList list);

}  // namespace registry

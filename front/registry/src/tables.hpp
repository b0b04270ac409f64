// The rows of the registry.
#pragma once

#include "crypto.hpp"
#include "snapshot.hpp"
#include "sql.hpp"

namespace registry {

/// The first 16 bytes.
[[nodiscard]] terms::Pseudonym account_of(std::span<const std::uint8_t> bytes);

/// Reads everything. Throws SqlFailure{damaged} when a price list is not what was signed.
[[nodiscard]] Snapshot read_all(Database& database);

/// A list from its canonical JSON; its models must be in `models`. Nothing: no such document.
[[nodiscard]] std::optional<PublishedList> list_of(
    std::string canonical, const std::map<std::string, terms::ModelId, std::less<>>& models);

/// Puts a list and its prices behind the others.
void append(Snapshot& snapshot, PublishedList list);

}  // namespace registry

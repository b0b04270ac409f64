// All balances in one tree, so that each customer can see theirs in the published total.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <base/quantity.hpp>
#include <ledger/reader.hpp>
#include <terms/ids.hpp>
#include <tlog/error.hpp>
#include <tlog/log.hpp>

#include "archive.hpp"

namespace tlog {

/// "2026-11-24", UTC.
[[nodiscard]] std::string day_of(base::UnixNs at);
/// The day that a document is of; empty when it is none.
[[nodiscard]] std::string_view day_in(std::string_view document);

/// Reads every balance of one moment and adds them up.
/// seed   of the day's salts.
[[nodiscard]] Answer<DayRow> add_up(
    ledger::Reader& reader, const std::function<terms::Pseudonym(terms::TenantId)>& account_of,
    base::UnixNs at, const terms::Digest& seed);

/// The way from an account's leaf to the root; nothing when it was not there. Pure.
[[nodiscard]] std::optional<OwnBalance> place_of(const DayRow& day, terms::Pseudonym account);

}  // namespace tlog

// A tenant's month: what was there, what came in, what was used, what is left.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <base/ports.hpp>
#include <ledger/reader.hpp>
#include <notation/time_text.hpp>
#include <price/price.hpp>
#include <registry/registry.hpp>

namespace bill {

/// What documents are made from. All of it outlives them.
struct Source {
  registry::Registry& registry;
  ledger::Reader& reader;
  const base::Clock& clock;
};

enum class TokenClass : std::uint32_t { input, cached, output };

/// "input", "cached input", "output".
[[nodiscard]] const char* name_of(TokenClass token_class);

/// Usage of one class of tokens of one model at one price.
struct ClassLine {
  TokenClass token_class = TokenClass::input;
  ledger::TokenSum tokens;  ///< Input here is what was not cached.
  price::NanoPerMtok price;
  base::Nano amount;  ///< floor(tokens x price / 10^6)
};

struct ModelLine {
  std::string model;
  terms::PriceListId price_list;
  std::uint64_t requests = 0;
  std::array<ClassLine, 3> classes;
  base::Nano charge;  ///< What was charged, exactly: each request floored by itself.
  /// charge minus the sum of the amounts. Not more than a nano-unit for each request and class.
  base::Nano rounding;
};

struct DayLine {
  base::UnixNs start;
  std::uint64_t requests = 0;
  ledger::TokenSum tokens;  ///< Input and output.
  base::Nano charge;
};

struct TopUp {
  base::UnixNs time;
  base::Nano amount;  ///< Below zero: paid out.
};

struct Statement {
  std::string tenant;
  std::string currency;
  notation::Period period;
  base::UnixNs as_of;  ///< The period's end, or now where it is not over.
  base::Nano opening;
  std::vector<TopUp> top_ups;     ///< Oldest first.
  std::vector<ModelLine> models;  ///< By model, then price list.
  std::vector<DayLine> days;      ///< Every day of the period until as_of.
  base::Nano topped_up;           ///< Sum of top_ups.
  base::Nano charged;             ///< Sum of the models, and of the days.
  base::Nano closing;  ///< opening + topped_up - charged; money held for running requests is in it.

  [[nodiscard]] bool over() const { return as_of == period.to; }
};

/// errors   the store's; corrupt also where amounts do not fit or a price list is not there.
/// cost     by hours of the month and by its top-ups, not by requests. Blocks on the store.
[[nodiscard]] ledger::Stored<Statement> make_statement(const Source& source,
                                                       const registry::Tenant& tenant,
                                                       notation::Period period);

/// "2026-11" to that month, the current one for nothing. Nothing: it is no month, or none yet.
[[nodiscard]] std::optional<notation::Period> asked_month(const std::optional<std::string>& text,
                                                          base::UnixNs now);

}  // namespace bill

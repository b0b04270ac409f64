#include <bill/statement.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include <ledger/month.hpp>

#include "lookup.hpp"

namespace bill {
namespace {

using base::Fail;
using base::Nano;
using ledger::Stored;
using ledger::StoreError;

constexpr std::uint32_t all_rows = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t tokens_per_mtok = 1'000'000;

__extension__ using Wide = unsigned __int128;

/// Sums of one statement. Its amounts are parts of balances, which fit; books in which they do
/// not are broken, and the sum says so.
class Sum {
 public:
  void add(Nano amount) { take(base::checked_add(value_, amount)); }
  void subtract(Nano amount) { take(base::checked_sub(value_, amount)); }
  [[nodiscard]] Nano value() const { return value_; }
  [[nodiscard]] bool fits() const { return fits_; }

 private:
  void take(std::optional<Nano> sum) {
    fits_ = fits_ && sum.has_value();
    value_ = sum.value_or(value_);
  }
  Nano value_;
  bool fits_ = true;
};

/// Credits count up, debits down.
Nano signed_amount(const ledger::Posting& posting) {
  return posting.kind == ledger::PostingKind::debit ? Nano{-posting.amount.value} : posting.amount;
}

std::optional<Nano> class_amount(ledger::TokenSum tokens, price::NanoPerMtok price) {
  const Wide product = Wide{tokens.value} * static_cast<std::uint64_t>(price.value);
  const Wide amount = product / tokens_per_mtok;
  if (amount > static_cast<Wide>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  return Nano{static_cast<std::int64_t>(amount)};
}

Stored<ModelLine> model_line(const registry::Registry& registry, const ledger::UsageLine& usage) {
  const auto prices = prices_of(registry, usage.price_list, usage.model);
  if (!prices || usage.cached > usage.input) {
    return Fail{StoreError::corrupt};
  }
  ModelLine line;
  line.model = registry.model_name(usage.model);
  line.price_list = usage.price_list;
  line.requests = usage.requests;
  line.charge = usage.charge;
  const ledger::TokenSum fresh{usage.input.value - usage.cached.value};
  line.classes = {ClassLine{TokenClass::input, fresh, prices->input, {}},
                  ClassLine{TokenClass::cached, usage.cached, prices->cached, {}},
                  ClassLine{TokenClass::output, usage.output, prices->output, {}}};
  Sum rounding;
  rounding.add(line.charge);
  for (ClassLine& each : line.classes) {
    const auto amount = class_amount(each.tokens, each.price);
    if (!amount) {
      return Fail{StoreError::corrupt};
    }
    each.amount = *amount;
    rounding.subtract(each.amount);
  }
  line.rounding = rounding.value();
  return rounding.fits() ? Stored<ModelLine>(line) : Fail{StoreError::corrupt};
}

/// What came in minus what was charged in all months before.
Stored<Nano> opening_balance(ledger::Reader& reader, terms::TenantId tenant, base::UnixNs from) {
  const auto carried = reader.carried(tenant, ledger::month_of(from));
  if (!carried.ok()) {
    return Fail{carried.error()};
  }
  Sum balance;
  balance.add(carried->credited);
  balance.subtract(carried->charged);
  return balance.fits() ? Stored<Nano>(balance.value()) : Fail{StoreError::corrupt};
}

Stored<base::Done> add_top_ups(ledger::Reader& reader, terms::TenantId tenant,
                               Statement& statement) {
  const auto postings =
      reader.top_ups(tenant, statement.period.from, statement.period.to, all_rows);
  if (!postings.ok()) {
    return Fail{postings.error()};
  }
  Sum sum;
  for (const ledger::Posting& posting : postings.value()) {
    statement.top_ups.push_back({posting.time, signed_amount(posting)});
    sum.add(signed_amount(posting));
  }
  statement.topped_up = sum.value();
  return sum.fits() ? Stored<base::Done>(base::Done{}) : Fail{StoreError::corrupt};
}

/// A line for each day of the month so far, used or not.
std::vector<DayLine> empty_days(const Statement& statement) {
  std::vector<DayLine> days;
  for (base::UnixNs day = statement.period.from; day < statement.as_of;
       day.value += ledger::one_day.value) {
    days.push_back({day, 0, {}, {}});
  }
  return days;
}

void add_to_day(const ledger::UsageLine& line, Statement& statement) {
  const auto day = static_cast<std::size_t>((line.start.value - statement.period.from.value) /
                                            ledger::one_day.value);
  // A clock that was set back leaves usage after "now".
  while (day >= statement.days.size()) {
    const base::UnixNs last = statement.days.back().start;
    statement.days.push_back({{last.value + ledger::one_day.value}, 0, {}, {}});
  }
  DayLine& of_day = statement.days.at(day);
  of_day.requests += line.requests;
  of_day.tokens.value += line.input.value + line.output.value;
  of_day.charge.value += line.charge.value;
}

void add_to_model(const ledger::UsageLine& line, ledger::UsageLine& model) {
  model.model = line.model;
  model.price_list = line.price_list;
  model.requests += line.requests;
  model.input.value += line.input.value;
  model.cached.value += line.cached.value;
  model.output.value += line.output.value;
  model.charge.value += line.charge.value;
}

/// One question to the books, so that models and days tell of the same requests.
Stored<base::Done> add_usage(const Source& source, terms::TenantId tenant, Statement& statement) {
  const auto usage = source.reader.usage(tenant, statement.period.from, statement.period.to,
                                         {ledger::Bucket::day, /*by_model=*/true,
                                          /*by_key=*/false, /*by_price_list=*/true});
  if (!usage.ok()) {
    return Fail{usage.error()};
  }
  statement.days = empty_days(statement);
  std::map<std::pair<terms::ModelId, terms::PriceListId>, ledger::UsageLine> models;
  Sum charged;  // fits: so do the sums of its parts
  for (const ledger::UsageLine& line : usage.value()) {
    charged.add(line.charge);
    if (!charged.fits()) {
      return Fail{StoreError::corrupt};
    }
    add_to_day(line, statement);
    add_to_model(line, models[{line.model, line.price_list}]);
  }
  statement.charged = charged.value();
  for (const auto& [key, of_model] : models) {
    auto line = model_line(source.registry, of_model);
    if (!line.ok()) {
      return Fail{line.error()};
    }
    statement.models.push_back(std::move(line).value());
  }
  return base::Done{};
}

}  // namespace

const char* name_of(TokenClass token_class) {
  switch (token_class) {
    case TokenClass::input: return "input";
    case TokenClass::cached: return "cached input";
    case TokenClass::output: return "output";
  }
  return "";
}

Stored<Statement> make_statement(const Source& source, const registry::Tenant& tenant,
                                 notation::Period period) {
  const base::UnixNs now = source.clock.now();
  Statement statement;
  statement.tenant = tenant.name;
  statement.currency = currency_at(source.registry, now);
  statement.period = period;
  statement.as_of = std::clamp(now, base::UnixNs{period.from.value + 1}, period.to);
  const auto opening = opening_balance(source.reader, tenant.id, period.from);
  if (!opening.ok()) {
    return Fail{opening.error()};
  }
  statement.opening = opening.value();
  const auto top_ups = add_top_ups(source.reader, tenant.id, statement);
  if (!top_ups.ok()) {
    return Fail{top_ups.error()};
  }
  const auto usage = add_usage(source, tenant.id, statement);
  if (!usage.ok()) {
    return Fail{usage.error()};
  }
  Sum closing;
  closing.add(statement.opening);
  closing.add(statement.topped_up);
  closing.subtract(statement.charged);
  statement.closing = closing.value();
  return closing.fits() ? Stored<Statement>(std::move(statement)) : Fail{StoreError::corrupt};
}

std::optional<notation::Period> asked_month(const std::optional<std::string>& text,
                                            base::UnixNs now) {
  const auto period = notation::parse_month(text.value_or(notation::month_text(now)));
  return period && period->from <= now ? period : std::nullopt;
}

}  // namespace bill

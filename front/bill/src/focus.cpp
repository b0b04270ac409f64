#include <bill/focus.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <ledger/month.hpp>
#include <notation/id_text.hpp>
#include <notation/money_text.hpp>

#include "fine_amount.hpp"
#include "focus_row.hpp"
#include "lookup.hpp"
#include "numbers.hpp"

namespace bill {
namespace {

using base::Fail;
using ledger::Stored;
using ledger::StoreError;
using notation::to_text;

constexpr std::size_t piece_bytes = 64 * 1024;

/// What every row of one tenant's month has.
FocusRow common_row(const registry::Tenant& tenant, notation::Period month) {
  FocusRow row;
  row.billing_account_id = std::to_string(tenant.id.value);
  row.billing_account_name = tenant.name;
  row.billing_period_start = to_text(month.from);
  row.billing_period_end = to_text(month.to);
  return row;
}

void set_hour(FocusRow& row, base::UnixNs time) {
  const base::UnixNs start = ledger::floor_to(time, ledger::one_hour);
  row.charge_period_start = to_text(start);
  row.charge_period_end = to_text(base::UnixNs{start.value + ledger::one_hour.value});
}

/// Credit is bought: what it pays for later costs nothing more. What was paid back is a purchase
/// of a negative quantity.
void write_top_up(CsvWriter& csv, FocusRow row, const ledger::Posting& posting,
                  const std::string& currency) {
  const bool out = posting.kind == ledger::PostingKind::debit;
  const std::string amount =
      to_text(fine(out ? base::Nano{-posting.amount.value} : posting.amount));
  row.billing_currency = currency;
  set_hour(row, posting.time);
  row.billed_cost = amount;
  row.list_cost = amount;
  row.contracted_cost = amount;
  row.list_unit_price = "1";
  row.contracted_unit_price = "1";
  row.pricing_quantity = amount;
  row.pricing_unit = "Credits";
  row.charge_category = "Purchase";
  row.charge_frequency = "One-Time";
  row.charge_description =
      (out ? "Prepaid credit paid out, " : "Prepaid credit, ") + to_text(posting.request);
  row.sku_id = "prepaid-credit";
  row.sku_meter = "Prepaid Credit";
  row.sku_price_id = "prepaid-credit";
  write_focus_row(csv, row);
}

struct ClassCost {
  const char* meter;
  const char* word;  ///< In the price's id.
  ledger::TokenSum tokens;
  price::NanoPerMtok price;
  Fine cost;       ///< Tokens times price.
  Fine effective;  ///< Of the charge, which was rounded down request by request.
};

/// Takes what rounding down took from the classes with the highest cost, so that they add up to
/// the charge and none is below zero.
bool round_down_to(std::array<ClassCost, 3>& classes, base::Nano charge) {
  Fine over{-fine(charge).value};
  std::array<ClassCost*, 3> by_cost{};
  for (std::size_t i = 0; i < classes.size(); ++i) {
    classes.at(i).effective = classes.at(i).cost;
    over.value += classes.at(i).cost.value;
    by_cost.at(i) = &classes.at(i);
  }
  if (over.value < 0) {
    return false;
  }
  std::stable_sort(by_cost.begin(), by_cost.end(),
                   [](const ClassCost* a, const ClassCost* b) { return a->cost > b->cost; });
  for (ClassCost* each : by_cost) {
    const Wide taken = std::min(each->cost.value, over.value);
    each->effective.value -= taken;
    over.value -= taken;
  }
  return true;
}

Stored<base::Done> write_usage(CsvWriter& csv, const Source& source, FocusRow row,
                               const ledger::UsageLine& line) {
  const registry::ListPtr list = source.registry.price_list(line.price_list);
  const auto prices = prices_of(source.registry, line.price_list, line.model);
  if (!prices || line.cached > line.input) {
    return Fail{StoreError::corrupt};
  }
  const ledger::TokenSum fresh{line.input.value - line.cached.value};
  std::array classes{
      ClassCost{"Input Tokens", "input", fresh, prices->input, {}, {}},
      ClassCost{"Cached Input Tokens", "cached", line.cached, prices->cached, {}, {}},
      ClassCost{"Output Tokens", "output", line.output, prices->output, {}, {}}};
  for (ClassCost& each : classes) {
    each.cost = fine(each.tokens, each.price);
  }
  if (!round_down_to(classes, line.charge)) {
    return Fail{StoreError::corrupt};
  }
  const std::string model = source.registry.model_name(line.model);
  const registry::KeyPtr key = source.registry.key(line.key);
  set_hour(row, line.start);
  row.billing_currency = list->currency;
  row.charge_category = "Usage";
  row.charge_frequency = "Usage-Based";
  row.consumed_unit = "Tokens";
  row.pricing_unit = "1000000 Tokens";
  row.sku_id = model;
  row.sku_price_details = R"({"PriceListSha256":")" + list->hash + "\"}";
  row.sub_account_id = std::to_string(line.key.value);
  row.sub_account_name = key == nullptr ? row.sub_account_id : key->name;
  row.price_list_version = std::to_string(line.price_list.value);
  for (const ClassCost& each : classes) {
    if (each.tokens.value == 0) {
      continue;
    }
    const std::string price = to_text(each.price);
    row.effective_cost = to_text(each.effective);
    row.list_cost = to_text(each.cost);
    row.contracted_cost = row.list_cost;
    row.list_unit_price = price;
    row.contracted_unit_price = price;
    row.pricing_quantity = in_millions(each.tokens);
    row.consumed_quantity = std::to_string(each.tokens.value);
    row.sku_meter = each.meter;
    row.sku_price_id = row.price_list_version + "/" + model + "/" + each.word;
    row.charge_description = grouped(each.tokens.value) + " " + each.word + " tokens of " + model +
                             " at " + price + " " + list->currency + " per million";
    write_focus_row(csv, row);
  }
  return base::Done{};
}

class FocusPages final : public Pages {
 public:
  FocusPages(const Source& source, std::vector<registry::TenantPtr> tenants, notation::Period month)
      : source_(source), tenants_(std::move(tenants)), month_(month) {
    write_focus_header(csv_);
  }

  Stored<std::optional<std::string>> next() override {
    while (csv_.text().size() < piece_bytes && (tenant_ < tenants_.size() || !days_.empty())) {
      auto done = days_.empty() ? begin_tenant() : write_day();
      if (!done.ok()) {
        tenant_ = tenants_.size();
        days_.clear();
        (void)csv_.take();
        return Fail{done.error()};
      }
    }
    std::string piece = csv_.take();
    return piece.empty() ? std::optional<std::string>{} : std::optional(std::move(piece));
  }

 private:
  /// Top-ups of the next tenant, and the days of which there is usage to write.
  Stored<base::Done> begin_tenant() {
    const registry::Tenant& tenant = *tenants_.at(tenant_++);
    row_ = common_row(tenant, month_);
    of_ = tenant.id;
    const auto top_ups = source_.reader.top_ups(tenant.id, month_.from, month_.to,
                                                std::numeric_limits<std::uint32_t>::max());
    if (!top_ups.ok()) {
      return Fail{top_ups.error()};
    }
    for (const ledger::Posting& posting : top_ups.value()) {
      write_top_up(csv_, row_, posting, currency_at(source_.registry, posting.time));
    }
    const auto days =
        source_.reader.usage(tenant.id, month_.from, month_.to, {ledger::Bucket::day});
    if (!days.ok()) {
      return Fail{days.error()};
    }
    for (auto day = days->rbegin(); day != days->rend(); ++day) {
      days_.push_back(day->start);
    }
    return base::Done{};
  }

  Stored<base::Done> write_day() {
    const base::UnixNs day = days_.back();
    days_.pop_back();
    const auto usage = source_.reader.usage(
        of_, day, {day.value + ledger::one_day.value},
        {ledger::Bucket::hour, /*by_model=*/true, /*by_key=*/true, /*by_price_list=*/true});
    if (!usage.ok()) {
      return Fail{usage.error()};
    }
    for (const ledger::UsageLine& line : usage.value()) {
      auto written = write_usage(csv_, source_, row_, line);
      if (!written.ok()) {
        return written;
      }
    }
    return base::Done{};
  }

  const Source source_;
  const std::vector<registry::TenantPtr> tenants_;
  const notation::Period month_;
  CsvWriter csv_;
  std::size_t tenant_ = 0;  ///< The next one.
  // Of the tenant before it:
  FocusRow row_;
  terms::TenantId of_;
  std::vector<base::UnixNs> days_;  ///< Not yet written, the first one last.
};

}  // namespace

Document focus_csv(const Source& source, std::vector<registry::TenantPtr> tenants,
                   notation::Period month) {
  const std::string of = tenants.size() == 1 ? tenants.front()->name + "-" : "";
  return {"text/csv; charset=utf-8; header=present",
          "focus-" + of + notation::month_text(month.from) + ".csv", "",
          std::make_unique<FocusPages>(source, std::move(tenants), month)};
}

}  // namespace bill

#include "focus_row.hpp"

#include <array>
#include <string_view>

namespace bill {
namespace {

/// A column's name, and where its value is: in the row, or the same in every row.
struct Column {
  std::string_view name;
  std::string FocusRow::*field = nullptr;
  std::string_view constant = {};
};

constexpr std::string_view provider = "Mains";

// The order of the specification, which is alphabetical; columns of our own come last.
constexpr std::array columns{
    Column{"BilledCost", &FocusRow::billed_cost},
    Column{"BillingAccountId", &FocusRow::billing_account_id},
    Column{"BillingAccountName", &FocusRow::billing_account_name},
    Column{"BillingCurrency", &FocusRow::billing_currency},
    Column{"BillingPeriodEnd", &FocusRow::billing_period_end},
    Column{"BillingPeriodStart", &FocusRow::billing_period_start},
    Column{"ChargeCategory", &FocusRow::charge_category},
    Column{"ChargeClass", &FocusRow::charge_class},
    Column{"ChargeDescription", &FocusRow::charge_description},
    Column{"ChargeFrequency", &FocusRow::charge_frequency},
    Column{"ChargePeriodEnd", &FocusRow::charge_period_end},
    Column{"ChargePeriodStart", &FocusRow::charge_period_start},
    Column{"ConsumedQuantity", &FocusRow::consumed_quantity},
    Column{"ConsumedUnit", &FocusRow::consumed_unit},
    Column{"ContractedCost", &FocusRow::contracted_cost},
    Column{"ContractedUnitPrice", &FocusRow::contracted_unit_price},
    Column{"EffectiveCost", &FocusRow::effective_cost},
    Column{"InvoiceIssuerName", nullptr, provider},
    Column{"ListCost", &FocusRow::list_cost},
    Column{"ListUnitPrice", &FocusRow::list_unit_price},
    Column{"PricingCategory", nullptr, "Standard"},
    Column{"PricingQuantity", &FocusRow::pricing_quantity},
    Column{"PricingUnit", &FocusRow::pricing_unit},
    Column{"ProviderName", nullptr, provider},
    Column{"PublisherName", nullptr, provider},
    Column{"ServiceCategory", nullptr, "AI and Machine Learning"},
    Column{"ServiceName", nullptr, "Mains"},
    Column{"ServiceSubcategory", nullptr, "Generative AI"},
    Column{"SkuId", &FocusRow::sku_id},
    Column{"SkuMeter", &FocusRow::sku_meter},
    Column{"SkuPriceDetails", &FocusRow::sku_price_details},
    Column{"SkuPriceId", &FocusRow::sku_price_id},
    Column{"SubAccountId", &FocusRow::sub_account_id},
    Column{"SubAccountName", &FocusRow::sub_account_name},
    Column{"x_PriceListVersion", &FocusRow::price_list_version},
};

}  // namespace

void write_focus_header(CsvWriter& csv) {
  for (const Column& column : columns) {
    csv.field(column.name);
  }
  csv.end_line();
}

void write_focus_row(CsvWriter& csv, const FocusRow& row) {
  for (const Column& column : columns) {
    csv.field(column.field == nullptr ? column.constant : std::string_view(row.*column.field));
  }
  csv.end_line();
}

}  // namespace bill

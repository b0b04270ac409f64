// A row of FOCUS 1.2, as text in the order of the columns.
#pragma once

#include <string>

#include <bill/csv.hpp>

namespace bill {

/// What is null stays empty.
struct FocusRow {
  std::string billed_cost = "0";
  std::string billing_account_id;
  std::string billing_account_name;
  std::string billing_currency;
  std::string billing_period_end;
  std::string billing_period_start;
  std::string charge_category;
  std::string charge_class;
  std::string charge_description;
  std::string charge_frequency;
  std::string charge_period_end;
  std::string charge_period_start;
  std::string consumed_quantity;
  std::string consumed_unit;
  std::string contracted_cost;
  std::string contracted_unit_price;
  std::string effective_cost = "0";
  std::string list_cost;
  std::string list_unit_price;
  std::string pricing_quantity;
  std::string pricing_unit;
  std::string sku_id;
  std::string sku_meter;
  std::string sku_price_details;
  std::string sku_price_id;
  std::string sub_account_id;
  std::string sub_account_name;
  std::string price_list_version;
};

/// The header line.
void write_focus_header(CsvWriter& csv);

/// One row, with the columns that are the same in each.
void write_focus_row(CsvWriter& csv, const FocusRow& row);

}  // namespace bill

#include <bill/document.hpp>
#include <notation/money_text.hpp>

#include "day_chart.hpp"
#include "markup.hpp"
#include "numbers.hpp"

namespace bill {
namespace {

using base::Nano;
using notation::to_text;

// One page that prints as it looks. A policy in the page itself keeps it so when it is saved: no
// script runs and nothing is fetched, whatever a name contains.
constexpr std::string_view head = R"html(<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<style>
@page { size: A4; margin: 18mm 16mm;
  @bottom-right { content: counter(page) " of " counter(pages); font: 9pt sans-serif;
    color: #59636e; } }
body { font: 14px/1.45 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: #1b1f24;
  max-width: 720px; margin: 40px auto; padding: 0 20px; }
header { display: flex; justify-content: space-between; align-items: flex-end;
  border-bottom: 2px solid #1b1f24; padding-bottom: 10px; }
h1 { font-size: 26px; line-height: 1.15; margin: 0; }
h2 { font-size: 15px; margin: 26px 0 6px; break-after: avoid; }
header p, .note { color: #59636e; margin: 2px 0 0; }
header .who { text-align: right; overflow-wrap: anywhere; padding-left: 24px; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; color: #59636e; font-size: 12px; }
thead th { vertical-align: bottom; }
th, td { padding: 4px 10px 4px 0; vertical-align: baseline; border-bottom: 1px solid #e4e7eb; }
th:last-child, td:last-child { padding-right: 0; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
td.n { white-space: nowrap; }
.pad { visibility: hidden; }
.name { overflow-wrap: anywhere; }
tr.sum td { font-weight: 600; }
tr.part td { color: #59636e; border-bottom-color: #f0f2f4; }
tr.part td:first-child { padding-left: 18px; }
tr.total td { font-weight: 700; border-bottom: none; border-top: 2px solid #1b1f24;
  padding-top: 7px; }
thead { display: table-header-group; }
tr, svg { break-inside: avoid; }
svg { width: 100%; height: auto; margin-top: 6px; }
svg .bar { fill: #2f6f9f; }
svg text { font-size: 11px; fill: #59636e; }
svg line { stroke: #b6bdc5; }
.note { font-size: 12px; margin-top: 22px; }
@media screen and (max-width: 600px) {
  body { margin: 20px auto; padding: 0 12px; font-size: 12px; }
  header { display: block; }
  header .who { text-align: left; padding: 8px 0 0; }
  th { font-size: 10px; }
  th, td { padding-right: 6px; }
  tr.part td:first-child { padding-left: 8px; }
  svg text { font-size: 14px; }
}
@media print { body { margin: 0; padding: 0; max-width: none; font-size: 11pt; } }
</style>
)html";

/// Amounts below each other, points aligned: what is missing at the right is there, unseen.
class Amounts {
 public:
  explicit Amounts(std::size_t decimals) : decimals_(decimals) {}

  [[nodiscard]] std::string cell(Nano amount) const {
    const std::string text = to_text(amount);
    const std::string pad(decimals_ - decimals_of(text), '0');
    const std::string unseen =
        pad.empty() ? "" : "<span class=\"pad\" aria-hidden=\"true\">" + pad + "</span>";
    return "<td class=\"n\">" + text + unseen + "</td>";
  }

 private:
  std::size_t decimals_;
};

std::string minute_of(base::UnixNs time) {
  std::string text = to_text(time).substr(0, 16);
  text[10] = ' ';
  return text;
}

std::string title(const Statement& statement) {
  return "Statement for " + month_in_words(statement.period.from);
}

std::string top_of_page(const Statement& statement) {
  return "<header><div><h1>" + title(statement) + "</h1><p>" +
         to_text(statement.period.from).substr(0, 10) + " to " +
         (statement.over() ? to_text(base::UnixNs{statement.period.to.value - 1}).substr(0, 10)
                           : minute_of(statement.as_of) + ", month not over") +
         ", UTC</p></div><div class=\"who\"><strong>" + escaped(statement.tenant) +
         "</strong><p>Amounts in " + escaped(statement.currency) + "</p></div></header>\n";
}

std::string account_table(const Statement& statement, const Amounts& amounts) {
  std::string html = "<h2>Account</h2>\n<table><tbody>\n<tr><td>Opening balance</td>" +
                     amounts.cell(statement.opening) + "</tr>\n";
  for (const TopUp& top_up : statement.top_ups) {
    html += std::string("<tr><td>") + (top_up.amount.value < 0 ? "Paid out, " : "Top-up, ") +
            minute_of(top_up.time) + "</td>" + amounts.cell(top_up.amount) + "</tr>\n";
  }
  return html + "<tr><td>Usage</td>" + amounts.cell({-statement.charged.value}) +
         "</tr>\n<tr class=\"total\"><td>Closing balance" + (statement.over() ? "" : " so far") +
         "</td>" + amounts.cell(statement.closing) + "</tr>\n</tbody></table>\n";
}

std::string model_rows(const ModelLine& line, const Amounts& amounts) {
  std::string html = "<tr class=\"sum\"><td class=\"name\">" + escaped(line.model) +
                     "</td><td class=\"n\">" + std::to_string(line.price_list.value) +
                     "</td><td class=\"n\">" + grouped(line.requests) + " requests</td><td></td>" +
                     amounts.cell(line.charge) + "</tr>\n";
  for (const ClassLine& each : line.classes) {
    if (each.tokens.value > 0) {
      html += std::string("<tr class=\"part\"><td>") + name_of(each.token_class) +
              "</td><td></td><td class=\"n\">" + grouped(each.tokens.value) +
              " tokens</td><td class=\"n\">" + to_text(each.price) + "</td>" +
              amounts.cell(each.amount) + "</tr>\n";
    }
  }
  if (line.rounding.value != 0) {
    html += "<tr class=\"part\"><td>each request rounded down</td><td></td><td></td><td></td>" +
            amounts.cell(line.rounding) + "</tr>\n";
  }
  return html;
}

std::string usage_section(const Statement& statement, const Amounts& amounts) {
  if (statement.models.empty()) {
    return "<h2>Usage</h2>\n<p>No usage in this month.</p>\n";
  }
  std::string html =
      "<h2>Usage by day</h2>\n" + day_chart(statement.days, statement.period, statement.currency) +
      "<h2>Usage by model</h2>\n<table><thead><tr><th>Model</th><th class=\"n\">Price list</th>"
      "<th class=\"n\">Quantity</th><th class=\"n\">Price per million tokens</th>"
      "<th class=\"n\">Amount</th></tr></thead><tbody>\n";
  for (const ModelLine& line : statement.models) {
    html += model_rows(line, amounts);
  }
  return html + "<tr class=\"total\"><td>Usage</td><td></td><td></td><td></td>" +
         amounts.cell(statement.charged) + "</tr>\n</tbody></table>\n";
}

}  // namespace

std::string as_html(const Statement& statement) {
  const Amounts amounts(decimals_max(statement));
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n" + std::string(head) + "<title>" +
         title(statement) + ", " + escaped(statement.tenant) + "</title>\n</head>\n<body>\n" +
         top_of_page(statement) + account_table(statement, amounts) +
         usage_section(statement, amounts) +
         "<p class=\"note\">Amounts are exact. Each request is charged its tokens at the prices of "
         "the price list it was admitted under, rounded down once to a billionth of the currency's "
         "unit; every one has a receipt.</p>\n</body>\n</html>\n";
}

}  // namespace bill

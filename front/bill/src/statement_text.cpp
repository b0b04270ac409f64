#include <bill/document.hpp>
#include <notation/money_text.hpp>

#include "numbers.hpp"

namespace bill {
namespace {

using base::Nano;
using notation::to_text;

constexpr std::size_t width = 72;

class Lines {
 public:
  explicit Lines(std::size_t decimals) : decimals_(decimals) {}

  /// An amount at the right, its point below the others'.
  void amount(const std::string& left, Nano amount) {
    const std::string right = to_text(amount);
    const std::size_t end = width - (decimals_ - decimals_of(right));
    const std::size_t used = left.size() + right.size();
    text_ += left + std::string(used < end ? end - used : 1, ' ') + right + "\n";
  }
  void line(const std::string& text) { text_ += text + "\n"; }
  void rule() { text_ += std::string(width, '-') + "\n"; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::size_t decimals_;
  std::string text_;
};

void add_usage(Lines& lines, const ModelLine& line) {
  lines.amount("  " + line.model + ", " + grouped(line.requests) + " requests, price list " +
                   std::to_string(line.price_list.value),
               Nano{-line.charge.value});
  for (const ClassLine& each : line.classes) {
    if (each.tokens.value > 0) {
      lines.line("    " + grouped(each.tokens.value) + " " + name_of(each.token_class) +
                 " tokens at " + to_text(each.price) + " per million = " + to_text(each.amount));
    }
  }
  if (line.rounding.value != 0) {
    lines.line("    each request rounded down: " + to_text(line.rounding));
  }
}

}  // namespace

std::string as_text(const Statement& statement) {
  Lines lines(decimals_max(statement));
  lines.line("Statement of " + statement.tenant + ", " + month_in_words(statement.period.from) +
             " (UTC), amounts in " + statement.currency);
  lines.rule();
  lines.amount("Opening balance, " + to_text(statement.period.from), statement.opening);
  for (const TopUp& top_up : statement.top_ups) {
    lines.amount((top_up.amount.value < 0 ? "  Paid out, " : "  Top-up, ") + to_text(top_up.time),
                 top_up.amount);
  }
  lines.line(statement.models.empty() ? "No usage" : "Usage");
  for (const ModelLine& line : statement.models) {
    add_usage(lines, line);
  }
  lines.rule();
  lines.amount("Closing balance, " + to_text(statement.as_of) +
                   (statement.over() ? "" : " (month not over)"),
               statement.closing);
  return lines.take();
}

}  // namespace bill

#include "numbers.hpp"

#include <algorithm>
#include <array>

#include <ledger/month.hpp>
#include <notation/money_text.hpp>

namespace bill {

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) {
    text.insert(at - 3, ",");
  }
  return text;
}

std::size_t decimals_of(std::string_view amount) {
  const std::size_t point = amount.find('.');
  return point == std::string_view::npos ? 0 : amount.size() - point - 1;
}

std::size_t decimals_max(const Statement& statement) {
  std::size_t most = 0;
  const auto see = [&most](base::Nano amount) {
    most = std::max(most, decimals_of(notation::to_text(amount)));
  };
  for (const base::Nano amount :
       {statement.opening, statement.topped_up, statement.charged, statement.closing}) {
    see(amount);
  }
  for (const TopUp& top_up : statement.top_ups) {
    see(top_up.amount);
  }
  for (const ModelLine& line : statement.models) {
    see(line.charge);
    see(line.rounding);
    for (const ClassLine& each : line.classes) {
      see(each.amount);
    }
  }
  return most;
}

std::string month_in_words(base::UnixNs time) {
  constexpr std::array names{"January", "February", "March",     "April",   "May",      "June",
                             "July",    "August",   "September", "October", "November", "December"};
  const std::int32_t month = ledger::month_of(time).value;
  return std::string(names.at(static_cast<std::size_t>(month % 12))) + " " +
         std::to_string(1970 + month / 12);
}

}  // namespace bill

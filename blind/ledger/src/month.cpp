#include <ledger/month.hpp>

#include <chrono>

namespace ledger {

base::UnixNs floor_to(base::UnixNs time, base::SpanNs step) {
  const std::int64_t rest = time.value % step.value;
  return {time.value - (rest < 0 ? rest + step.value : rest)};
}

Month month_of(base::UnixNs time) {
  const std::int64_t day = floor_to(time, one_day).value / one_day.value;
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{static_cast<int>(day)}}};
  const int month = static_cast<int>(static_cast<unsigned>(date.month()));
  return {(static_cast<int>(date.year()) - 1970) * 12 + month - 1};
}

base::UnixNs start_of(Month month) {
  const int years = month.value >= 0 ? month.value / 12 : (month.value - 11) / 12;
  const int month_in_year = month.value - years * 12;
  const std::chrono::sys_days first{std::chrono::year{1970 + years} /
                                    std::chrono::month{static_cast<unsigned>(month_in_year + 1)} /
                                    std::chrono::day{1}};
  return {std::int64_t{first.time_since_epoch().count()} * one_day.value};
}

}  // namespace ledger

#include <notation/time_text.hpp>

#include <chrono>
#include <cstdint>

namespace notation {
namespace {

using base::UnixNs;

constexpr std::int64_t ns_per_s = 1'000'000'000;
constexpr int year_min = 1970;
constexpr int year_max = 2261;

/// `count` digits at `at`, or -1.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  if (at + count > text.size()) {
    return -1;
  }
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') {
      return -1;
    }
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<std::int64_t> midnight(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (year < year_min || year > year_max || month < 1 || day < 1 || !date.ok()) {
    return std::nullopt;
  }
  return std::int64_t{std::chrono::sys_days{date}.time_since_epoch().count()} * 86'400 * ns_per_s;
}

/// ".25" to nanoseconds; an empty text is none of them.
std::optional<std::int64_t> fraction(std::string_view text) {
  if (text.empty()) {
    return 0;
  }
  const std::size_t count = text.size() - 1;
  const int value = digits(text, 1, count);
  if (text.front() != '.' || count < 1 || count > 9 || value < 0) {
    return std::nullopt;
  }
  std::int64_t ns = value;
  for (std::size_t i = count; i < 9; ++i) {
    ns *= 10;
  }
  return ns;
}

std::chrono::year_month_day date_of(UnixNs time) {
  const auto since = std::chrono::nanoseconds{time.value};
  return std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::nanoseconds>{since});
}

std::string padded(std::int64_t value, std::size_t width) {
  std::string text = std::to_string(value);
  text.insert(0, width > text.size() ? width - text.size() : 0, '0');
  return text;
}

}  // namespace

std::optional<UnixNs> parse_time(std::string_view text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') {
    return std::nullopt;
  }
  const auto day = midnight(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2));
  if (!day || text.size() == 10) {
    return day ? std::optional(UnixNs{*day}) : std::nullopt;
  }
  if (text.size() < 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      text.back() != 'Z') {
    return std::nullopt;
  }
  const int hour = digits(text, 11, 2);
  const int minute = digits(text, 14, 2);
  const int second = digits(text, 17, 2);
  const auto ns = fraction(text.substr(19, text.size() - 20));
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || !ns) {
    return std::nullopt;
  }
  const std::int64_t seconds = (std::int64_t{hour} * 60 + minute) * 60 + second;
  return UnixNs{*day + seconds * ns_per_s + *ns};
}

std::string to_text(UnixNs time) {
  const auto date = date_of(time);
  const std::int64_t day_ns =
      std::int64_t{std::chrono::sys_days{date}.time_since_epoch().count()} * 86'400 * ns_per_s;
  const std::int64_t seconds = (time.value - day_ns) / ns_per_s;
  return padded(int{date.year()}, 4) + "-" + padded(unsigned{date.month()}, 2) + "-" +
         padded(unsigned{date.day()}, 2) + "T" + padded(seconds / 3600, 2) + ":" +
         padded(seconds / 60 % 60, 2) + ":" + padded(seconds % 60, 2) + "Z";
}

std::optional<Period> parse_month(std::string_view text) {
  if (text.size() != 7 || text[4] != '-') {
    return std::nullopt;
  }
  const int year = digits(text, 0, 4);
  const int month = digits(text, 5, 2);
  const auto from = midnight(year, month, 1);
  if (!from) {
    return std::nullopt;
  }
  const std::chrono::year_month next =
      std::chrono::year{year} / std::chrono::month{static_cast<unsigned>(month)} +
      std::chrono::months{1};
  const std::chrono::sys_days end = next / std::chrono::day{1};
  return Period{UnixNs{*from},
                UnixNs{std::int64_t{end.time_since_epoch().count()} * 86'400 * ns_per_s}};
}

std::string month_text(UnixNs time) {
  return to_text(time).substr(0, 7);
}

}  // namespace notation

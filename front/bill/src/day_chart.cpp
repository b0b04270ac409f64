#include "day_chart.hpp"

#include <algorithm>

#include <ledger/month.hpp>
#include <notation/money_text.hpp>

#include "markup.hpp"
#include "numbers.hpp"

namespace bill {
namespace {

using notation::to_text;

// All in the picture's own units.
constexpr std::int64_t width = 680;
constexpr std::int64_t bar_height_max = 96;
constexpr std::int64_t top = 16;
constexpr std::int64_t ground = top + bar_height_max;
constexpr std::int64_t height = ground + 18;

__extension__ using Wide = __int128;

/// In proportion to the highest day; something that was charged is seen.
std::int64_t bar_height(base::Nano charge, base::Nano highest) {
  if (charge.value <= 0) {
    return 0;
  }
  const Wide scaled = Wide{charge.value} * bar_height_max / highest.value;
  return std::max<std::int64_t>(static_cast<std::int64_t>(scaled), 1);
}

std::string number(std::int64_t value) {
  return std::to_string(value);
}

std::string text_at(std::int64_t x, std::int64_t y, const char* anchor, const std::string& text) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\">" +
         text + "</text>\n";
}

std::string bar(const DayLine& day, std::int64_t x, std::int64_t bar_width, base::Nano highest,
                const std::string& currency) {
  const std::int64_t tall = bar_height(day.charge, highest);
  return "<rect class=\"bar\" x=\"" + number(x) + "\" y=\"" + number(ground - tall) +
         "\" width=\"" + number(bar_width) + "\" height=\"" + number(tall) + "\"><title>" +
         to_text(day.start).substr(0, 10) + ": " + to_text(day.charge) + " " + escaped(currency) +
         ", " + grouped(day.requests) + " requests, " + grouped(day.tokens.value) +
         " tokens</title></rect>\n";
}

std::string in_words(const DayLine& highest, const std::string& currency) {
  return "Charges by day. The highest is " + to_text(highest.charge) + " " + escaped(currency) +
         " on " + to_text(highest.start).substr(0, 10) + ".";
}

}  // namespace

std::string day_chart(const std::vector<DayLine>& days, notation::Period period,
                      const std::string& currency) {
  const auto by_charge = [](const DayLine& a, const DayLine& b) { return a.charge < b.charge; };
  const auto highest = std::max_element(days.begin(), days.end(), by_charge);
  if (highest == days.end() || highest->charge.value <= 0) {
    return "";
  }
  const std::int64_t slots = std::max((period.to.value - period.from.value) / ledger::one_day.value,
                                      static_cast<std::int64_t>(days.size()));
  const auto left = [slots](std::int64_t slot) { return slot * width / slots; };
  const std::int64_t bar_width = width / slots * 3 / 4;
  std::string svg = "<svg viewBox=\"0 0 " + number(width) + " " + number(height) +
                    "\" role=\"img\" aria-label=\"" + in_words(*highest, currency) + "\">\n";
  for (std::int64_t slot = 0; slot < slots; ++slot) {
    const std::int64_t x = left(slot) + (left(1) - bar_width) / 2;
    if (const auto at = static_cast<std::size_t>(slot); at < days.size()) {
      svg += bar(days[at], x, bar_width, highest->charge, currency);
    }
    if (slot == 0 || (slot + 1) % 5 == 0) {
      svg += text_at(x + bar_width / 2, ground + 13, "middle", number(slot + 1));
    }
  }
  const std::int64_t peak = left(highest - days.begin()) + left(1) / 2;
  const char* anchor = peak < width / 4 ? "start" : peak > width * 3 / 4 ? "end" : "middle";
  svg += text_at(peak, top - 5, anchor, to_text(highest->charge) + " " + escaped(currency));
  svg += "<line x1=\"0\" x2=\"" + number(width) + "\" y1=\"" + number(ground) + "\" y2=\"" +
         number(ground) + "\"/>\n</svg>\n";
  return svg;
}

}  // namespace bill

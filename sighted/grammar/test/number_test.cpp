#include "number.hpp"

#include <random>

#include <gtest/gtest.h>

#include "leaf_run.hpp"
#include "number_grid.hpp"

namespace grammar {
namespace {

__extension__ using Wide = __int128;

NumberBound bound(std::string_view text, bool open = false) {
  return {Decimal::read(text), open};
}

struct Ask {
  const char* low = "";  ///< a leading > or < makes it open
  const char* high = "";
  std::vector<const char*> steps = {};
};

NumberDemand demand_of(bool integer, const Ask& ask) {
  NumberDemand demand;
  demand.integer = integer;
  const auto end = [](std::string_view text) -> std::optional<NumberBound> {
    if (text.empty()) return std::nullopt;
    const bool open = text[0] == '>' || text[0] == '<';
    return bound(open ? text.substr(1) : text, open);
  };
  demand.low = end(ask.low);
  demand.high = end(ask.high);
  for (const char* step : ask.steps)
    demand.steps.push_back(Decimal::read(step));
  return demand;
}

GrammarPtr of(const NumberDemand& demand) {
  return leaf_grammar([&](Builder& builder) { return number_rule(builder, demand); });
}

struct Row {
  bool integer;
  Ask ask;
  std::vector<const char*> yes;
  std::vector<const char*> no;
};

const std::vector<Row> bounded = {
    {true, {}, {"0", "-1", "17", "999999999999999999"}, {"-0", "01", "1.0", "1e2", "", "-", "+1"}},
    {false,
     {},
     {"0", "0.5", "-0.5", "1e10", "1.5E-7", "-12.25"},
     {"-0", "-0.0", ".5", "1.", "01", "1e", "1e012"}},
    {true,
     {"-9223372036854775808", "9223372036854775807"},
     {"9223372036854775807", "-9223372036854775808", "0", "1"},
     {"9223372036854775808", "-9223372036854775809", "10000000000000000000"}},
    {true,
     {"-2147483648", "2147483647"},
     {"2147483647", "-2147483648", "-1"},
     {"2147483648", "-2147483649", "3000000000"}},
    {true, {"5", "5"}, {"5"}, {"4", "6", "55", "-5"}},
    {true, {"-3", "-2"}, {"-3", "-2"}, {"-1", "-4", "2", "0"}},
    {true, {">0", ""}, {"1", "10", "9007199254740993"}, {"0", "-1"}},
    {true, {"", "<0"}, {"-1", "-10"}, {"0", "-0", "1"}},
    {true, {"0.5", "3.5"}, {"1", "2", "3"}, {"0", "4"}},
    {true, {">1", "<3"}, {"2"}, {"1", "3"}},
    {true, {"95", "105"}, {"95", "99", "100", "105"}, {"94", "106", "9", "10", "1000"}},
    {true, {"1e3", "2E3"}, {"1000", "1999", "2000"}, {"999", "2001"}},
    {true,
     {"123456789012345678901234567890", ""},
     {"123456789012345678901234567890", "999999999999999999999999999999"},
     {"123456789012345678901234567889", "5"}},
    {false,
     {"0", "1"},
     {"0", "1", "0.0", "1.0", "0.5", "0.999999999999999", "1.000"},
     {"1.01", "-0", "-0.1", "2", "1.0000000000001", "-0.0"}},
    {false, {">0", "<1"}, {"0.5", "0.000000000000001"}, {"0", "0.0", "1", "1.0", "0.000"}},
    {false,
     {"-0.5", "0.25"},
     {"-0.5", "0", "0.25", "-0.25", "0.2500"},
     {"-0.51", "0.26", "-0", "-1"}},
    {false, {"99.5", ""}, {"99.5", "99.6", "100", "1000.1"}, {"99.4", "99", "0"}},
    {false, {"", "-1.5"}, {"-1.5", "-2", "-100.25"}, {"-1.4", "0", "1"}},
    {false, {"-1.7976931348623157e308", "1.7976931348623157e308"}, {"0", "-5.5"}, {}},
    {false, {"5e-324", ""}, {"1", "0.000000000000001"}, {"0"}},
    {true,
     {"", "", {"7"}},
     {"0", "7", "-14", "49", "700", "777777777777777"},
     {"1", "8", "-1", "7777777777777777"}},
    {true, {"1", "100", {"25"}}, {"25", "50", "75", "100"}, {"0", "5", "125"}},
    {true, {"1", "", {"1000000"}}, {"1000000", "25000000"}, {"0", "1", "1000001", "100000"}},
    {true, {"0", "", {"86400000"}}, {"0", "86400000", "172800000"}, {"86400001", "8640000"}},
    {true, {"", "", {"6", "4"}}, {"12", "0", "-24"}, {"6", "4"}},
    {true, {"", "", {"2.5"}}, {"5", "10", "0"}, {"2", "3"}},
    {true, {"", "", {"0.01"}}, {"1", "17"}, {"1.0"}},
    {false,
     {"", "", {"0.01"}},
     {"0.01", "1", "1.1", "-2.25", "1.10"},
     {"0.001", "1.234", "-0", "1.100"}},
    {false, {"", "", {"0.05"}}, {"0.05", "1", "1.1", "0.15", "2.50"}, {"0.01", "0.12"}},
    {false, {"", "", {"2.5"}}, {"2.5", "5", "7.5", "10", "0", "5.0"}, {"2", "2.4", "1"}},
    {false, {"", "", {"1e-3"}}, {"0.001", "1.5"}, {"0.0001"}},
    {false, {"0", "10", {"0.3"}}, {"0.3", "3", "9.9", "0"}, {"0.1", "10", "1"}},
    {false, {"", "", {"4"}}, {"4", "8"}, {"4.0", "2"}},
    {false, {"0.5", "1", {"0.25"}}, {"0.5", "0.75", "1", "1.00"}, {"0.25", "1.25", "0"}},
    {true, {"100", "200", {"65536"}}, {}, {}},
};

TEST(Number, KeepsToItsBounds) {
  for (const Row& row : bounded) {
    const GrammarPtr grammar = of(demand_of(row.integer, row.ask));
    if (row.yes.empty()) {
      EXPECT_FALSE(grammar);
      continue;
    }
    ASSERT_TRUE(grammar) << row.ask.low << " " << row.ask.high << " " << row.yes[0];
    for (const char* text : row.yes) {
      EXPECT_TRUE(matches(grammar, text)) << row.ask.low << " " << row.ask.high << ": " << text;
    }
    for (const char* text : row.no) {
      EXPECT_FALSE(matches(grammar, text)) << row.ask.low << " " << row.ask.high << ": " << text;
    }
  }
}

TEST(Number, RefusesEmptyRanges) {
  struct Empty {
    bool integer;
    Ask ask;
    const char* keyword;
  };
  const std::vector<Empty> rows = {
      {true, {"5", "3"}, "minimum"},
      {false, {"5", "4.9"}, "minimum"},
      {true, {">5", "<6"}, "minimum"},
      {true, {"0.1", "0.9"}, "minimum"},
      {false, {">5", "5"}, "minimum"},
      {true, {"1", "6", {"7"}}, "multipleOf"},
      {false, {">0", "<0.01", {"0.01"}}, "multipleOf"},
      {true, {"-3", "-1", {"4"}}, "multipleOf"},
      {true, {">0", "<100", {"10", "25", "4"}}, "multipleOf"},
  };
  for (const Empty& row : rows) {
    Builder builder;
    const auto rule = number_rule(builder, demand_of(row.integer, row.ask));
    ASSERT_FALSE(rule) << row.ask.low << " " << row.ask.high;
    EXPECT_EQ(rule.error().kind, Refusal::Kind::unsatisfiable);
    EXPECT_EQ(rule.error().keyword, row.keyword);
  }
  for (const Ask& ask :
       {Ask{"1e400", ""}, Ask{"", "-1e41"}, Ask{"", "", {"1000003"}}, Ask{"", "", {"1e-30"}}}) {
    Builder builder;
    const auto rule = number_rule(builder, demand_of(false, ask));
    ASSERT_FALSE(rule);
    EXPECT_EQ(rule.error().kind, Refusal::Kind::too_large);
  }
}

/// value x 10^places of a short decimal text, or nothing where it has more places.
std::optional<Wide> scaled(std::string_view text, int places) {
  Wide value = 0;
  bool point = false;
  for (const char letter : text) {
    if (letter == '.') {
      point = true;
    } else if (letter != '-') {
      if (point && places-- == 0) return std::nullopt;
      value = value * 10 + (letter - '0');
    }
  }
  while (places-- > 0)
    value *= 10;
  return text.starts_with('-') ? -value : value;
}

std::string random_decimal(std::mt19937& dice, std::size_t whole_max, std::size_t places_max) {
  std::string text = dice() % 2 == 0 ? "-" : "";
  const std::size_t whole = 1 + dice() % whole_max;
  for (std::size_t at = 0; at < whole; ++at) {
    const bool first = at == 0 && whole > 1;
    text += static_cast<char>((first ? '1' : '0') + dice() % (first ? 9 : 10));
  }
  const std::size_t places = dice() % (places_max + 1);
  if (places > 0) text += '.';
  for (std::size_t at = 0; at < places; ++at)
    text += static_cast<char>('0' + dice() % 10);
  return text;
}

TEST(Number, AgreesWithIntegerArithmetic) {
  std::mt19937 dice{7};
  const std::vector<std::string> steps = {"",   "",    "",     "7",     "0.05", "2.5",
                                          "12", "0.3", "1000", "0.125", "40"};
  for (int round = 0; round < 600; ++round) {
    NumberDemand demand;
    demand.integer = dice() % 3 == 0;
    const std::string low = random_decimal(dice, 4, 3);
    const std::string high = random_decimal(dice, 4, 3);
    const std::string step = steps[dice() % steps.size()];
    if (dice() % 5 != 0) demand.low = bound(low, dice() % 3 == 0);
    if (dice() % 5 != 0) demand.high = bound(high, dice() % 3 == 0);
    if (!step.empty()) demand.steps.push_back(Decimal::read(step));
    const auto fits = [&](const std::string& text) {
      const Wide value = *scaled(text, 6);
      if (demand.low && (demand.low->open ? value <= *scaled(low, 6) : value < *scaled(low, 6)))
        return false;
      if (demand.high && (demand.high->open ? value >= *scaled(high, 6) : value > *scaled(high, 6)))
        return false;
      if (!step.empty() && value % *scaled(step, 6) != 0) return false;
      if (text.starts_with('-') && value == 0) return false;
      return !demand.integer || text.find('.') == std::string::npos;
    };
    // Behind the point at most as many places as the steps have are written.
    const std::size_t point = step.find('.');
    const std::size_t places = step.empty()                 ? 6
                               : point == std::string::npos ? 0
                                                            : step.size() - point - 1;
    const GrammarPtr grammar = of(demand);
    for (int sample = 0; sample < 60; ++sample) {
      const std::string text = random_decimal(dice, 5, places);
      if (!grammar) {
        EXPECT_FALSE(fits(text)) << low << " " << high << " " << step << ": " << text;
      } else {
        EXPECT_EQ(matches(grammar, text), fits(text))
            << low << " " << high << " " << step << ": " << text;
      }
    }
    if (!grammar) continue;
    const Made out = made(grammar, 200, [&](std::size_t count) { return dice() % count; });
    ASSERT_TRUE(out.ended && !out.stuck) << low << " " << high << " " << step;
  }
}

}  // namespace
}  // namespace grammar

// Statements at the borders of months and years, and in odd time zones.
#include <stdlib.h>
#include <time.h>

#include <bill/document.hpp>

#include "house.hpp"

namespace bill::testing {
namespace {

constexpr std::int64_t usd = 1'000'000'000;

class Statements : public ::testing::Test {
 protected:
  House house;
};

TEST_F(Statements, add_up_and_follow_one_another) {
  const auto acme = house.tenant("acme");
  house.at("2028-01-15T08:00:00Z");
  house.pay(*acme, 5 * usd);
  house.use(*acme, "tiny", {{1'000}, {200}, {100}});  // 0.00008 + 0.00001 + 0.00004
  house.at("2028-02-10T00:00:00Z");
  house.pay(*acme, usd);
  house.use(*acme, "tiny", {{1'000}, {200}, {200}});
  house.use(*acme, "tiny", {{1'000}, {200}, {300}});
  house.pay(*acme, -usd / 2);
  const Statement january = house.statement(*acme, "2028-01");
  EXPECT_EQ(january.opening.value, 0);
  EXPECT_TRUE(january.over());
  EXPECT_EQ(january.closing.value, 5 * usd - 130'000);
  EXPECT_EQ(january.days.size(), 31U);
  EXPECT_EQ(january.days.at(14).charge.value, 130'000);
  const Statement february = house.statement(*acme, "2028-02");
  EXPECT_EQ(february.opening, january.closing);
  EXPECT_FALSE(february.over());
  ASSERT_EQ(february.models.size(), 1U);
  EXPECT_EQ(february.models[0].requests, 2U);
  EXPECT_EQ(february.models[0].classes[0].tokens.value, 1'600U);
  EXPECT_EQ(february.models[0].classes[0].amount.value, 160'000);
  EXPECT_EQ(february.models[0].classes[1].tokens.value, 400U);
  EXPECT_EQ(february.models[0].classes[2].amount.value, 200'000);
  EXPECT_EQ(february.models[0].rounding.value, 0);
  EXPECT_EQ(february.topped_up.value, usd / 2);
  EXPECT_EQ(february.closing, house.balance(*acme));
}

TEST_F(Statements, have_a_line_for_what_rounding_down_takes_off) {
  const auto acme = house.tenant("acme");
  house.at("2028-02-10T00:00:00Z");
  house.pay(*acme, usd);
  for (int i = 0; i < 5; ++i) {
    house.use(*acme, "odd", {{3}, {1}, {1}});  // 3.110 nano-units each, charged 3
  }
  const Statement statement = house.statement(*acme, "2028-02");
  ASSERT_EQ(statement.models.size(), 1U);
  const ModelLine& line = statement.models[0];
  EXPECT_EQ(line.charge.value, 15);
  EXPECT_EQ(line.classes[0].amount.value, 9);  // 9.99
  EXPECT_EQ(line.classes[1].amount.value, 1);  // 1.67
  EXPECT_EQ(line.classes[2].amount.value, 3);  // 3.89
  EXPECT_EQ(line.rounding.value, 15 - 13);
  EXPECT_EQ(statement.closing, house.balance(*acme));
}

TEST_F(Statements, show_each_price_list_by_itself) {
  const auto acme = house.tenant("acme");
  house.at("2028-02-10T00:00:00Z");
  house.pay(*acme, usd);
  house.use(*acme, "tiny", {{1'000'000}, {0}, {0}});
  house.publish("2028-02-11T00:00:00Z", R"("0.20","cached_input_per_mtok":"0.05")");
  house.use(*acme, "tiny", {{1'000'000}, {0}, {0}});
  const Statement statement = house.statement(*acme, "2028-02");
  ASSERT_EQ(statement.models.size(), 2U);
  EXPECT_EQ(statement.models[0].classes[0].price.value, 100'000'000);
  EXPECT_EQ(statement.models[1].classes[0].price.value, 200'000'000);
  EXPECT_EQ(statement.charged.value, 300'000'000);
}

struct Border {
  const char* before;  ///< The last moment of a month.
  const char* after;   ///< The first of the next.
  const char* month;
  const char* next_month;
  std::size_t days;
};

TEST_F(Statements, end_where_the_month_ends) {
  const auto acme = house.tenant("acme");
  house.at("2028-01-15T00:00:00Z");
  house.pay(*acme, usd);
  const Border table[] = {
      {"2028-02-29T23:59:59.999999999Z", "2028-03-01T00:00:00Z", "2028-02", "2028-03", 29},
      {"2028-04-30T23:59:59.999999999Z", "2028-05-01T00:00:00Z", "2028-04", "2028-05", 30},
      {"2028-12-31T23:59:59.999999999Z", "2029-01-01T00:00:00Z", "2028-12", "2029-01", 31},
      {"2029-02-28T23:59:59.999999999Z", "2029-03-01T00:00:00Z", "2029-02", "2029-03", 28},
      // Where clocks change in Europe and America.
      {"2029-03-31T23:59:59.999999999Z", "2029-04-01T00:00:00Z", "2029-03", "2029-04", 31},
      {"2029-10-31T23:59:59.999999999Z", "2029-11-01T00:00:00Z", "2029-10", "2029-11", 31},
  };
  for (const Border& border : table) {
    SCOPED_TRACE(border.month);
    house.at(border.before);
    house.use(*acme, "tiny", {{1'000}, {0}, {0}});
    house.pay(*acme, 7);
    house.at(border.after);
    house.use(*acme, "tiny", {{3'000}, {0}, {0}});
    house.pay(*acme, 9);
    const Statement month = house.statement(*acme, border.month);
    const Statement next = house.statement(*acme, border.next_month);
    EXPECT_EQ(month.days.size(), border.days);
    EXPECT_EQ(month.days.back().charge.value, 100'000);
    EXPECT_EQ(month.top_ups.back().amount.value, 7);
    EXPECT_EQ(next.days.front().charge.value, 300'000);
    EXPECT_EQ(next.top_ups.front().amount.value, 9);
    EXPECT_EQ(next.opening, month.closing);
    EXPECT_EQ(next.closing, house.balance(*acme));
  }
}

TEST_F(Statements, do_not_ask_the_hosts_time_zone) {
  const auto acme = house.tenant("acme");
  house.at("2028-01-15T00:00:00Z");
  house.pay(*acme, usd);
  house.at("2028-02-29T23:59:59.999999999Z");
  house.use(*acme, "tiny", {{1'000}, {10}, {0}});
  house.at("2028-03-26T01:30:00Z");  // an hour that clocks in Berlin skip
  house.use(*acme, "tiny", {{3'000}, {0}, {30}});
  std::string before;
  for (const char* zone : {"UTC", "Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin",
                           "America/St_Johns", "Asia/Kathmandu", "XYZ-24:59:59"}) {
    SCOPED_TRACE(zone);
    ::setenv("TZ", zone, 1);
    ::tzset();
    std::string all;
    for (const char* month : {"2028-02", "2028-03"}) {
      const Statement statement = house.statement(*acme, month);
      for (const Format format : {Format::text, Format::html, Format::json, Format::csv}) {
        all += write(statement, format).body;
      }
    }
    EXPECT_TRUE(before.empty() || before == all);
    before = all;
  }
  ::unsetenv("TZ");
  ::tzset();
}

TEST_F(Statements, keep_usage_of_a_clock_that_was_set_back) {
  const auto acme = house.tenant("acme");
  house.at("2028-02-20T00:00:00Z");
  house.pay(*acme, usd);
  house.use(*acme, "tiny", {{1'000}, {0}, {0}});
  house.at("2028-02-10T00:00:00Z");
  house.use(*acme, "tiny", {{1'000}, {0}, {0}});
  const Statement statement = house.statement(*acme, "2028-02");
  EXPECT_EQ(statement.days.size(), 20U);
  EXPECT_EQ(statement.closing, house.balance(*acme));
}

TEST_F(Statements, are_asked_for_by_month) {
  const base::UnixNs now = *notation::parse_time("2028-02-29T23:59:59Z");
  EXPECT_EQ(asked_month(std::nullopt, now)->from, *notation::parse_time("2028-02-01"));
  EXPECT_EQ(asked_month("2028-02", now)->to, *notation::parse_time("2028-03-01"));
  for (const char* bad : {"", "2028-03", "2028-13", "2028-00", "2028", "2028-2", "x"}) {
    EXPECT_FALSE(asked_month(bad, now)) << bad;
  }
}

}  // namespace
}  // namespace bill::testing

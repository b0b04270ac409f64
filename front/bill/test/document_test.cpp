// What people and programs see of a statement.
#include <vector>

#include <bill/csv.hpp>
#include <bill/document.hpp>
#include <boost/json.hpp>
#include <notation/money_text.hpp>

#include "csv_reader.hpp"
#include "house.hpp"

namespace bill::testing {
namespace {

/// Made by hand: names as nasty as a registry of the future could let through.
Statement nasty() {
  Statement statement;
  statement.tenant = R"(<script>alert("1")</script>)";
  statement.currency = "USD";
  statement.period = *notation::parse_month("2028-02");
  statement.as_of = statement.period.to;
  statement.opening = {1'500'000'000};
  statement.top_ups = {{statement.period.from, {2'000'000'000}},
                       {statement.period.from, {-250'000'000}}};
  statement.topped_up = {1'750'000'000};
  ModelLine line;
  line.model = "a,\"b\"\r\n&<i>";
  line.price_list = {3};
  line.requests = 1'234'567;
  line.classes = {ClassLine{TokenClass::input, {1'000}, {100'000'000}, {100'000}},
                  ClassLine{TokenClass::cached, {7}, {1}, {0}},
                  ClassLine{TokenClass::output, {0}, {400'000'000}, {0}}};
  line.charge = {100'001};
  line.rounding = {1};
  statement.models = {line};
  for (base::UnixNs day = statement.period.from; day < statement.period.to;
       day.value += 86'400'000'000'000) {
    statement.days.push_back({day, 0, {}, {}});
  }
  statement.days[28].charge = {100'001};
  statement.days[28].requests = 1'234'567;
  statement.charged = {100'001};
  statement.closing = {3'249'899'999};
  return statement;
}

TEST(Csv, quotes_what_must_be) {
  CsvWriter csv;
  csv.field("a").field("").field("b,c").field("d\"e").field("f\r\ng").field(" h ");
  csv.end_line();
  EXPECT_EQ(csv.take(), "a,,\"b,c\",\"d\"\"e\",\"f\r\ng\", h \r\n");
  EXPECT_EQ(csv.text(), "");
}

TEST(Documents, csv_is_a_table_that_adds_up) {
  const auto lines = read_csv(as_csv(nasty()));
  ASSERT_EQ(lines.size(), 1U + 1 + 2 + 4 + 1 + 1);
  std::int64_t sum = 0;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    ASSERT_EQ(lines[i].size(), lines[0].size());
    EXPECT_EQ(lines[i][9], "USD");
    if (i + 1 < lines.size()) {
      sum += notation::parse_signed_amount(lines[i][8]).value().value;
    }
  }
  EXPECT_EQ(lines.back()[0], "closing_balance");
  EXPECT_EQ(notation::parse_signed_amount(lines.back()[8]).value().value, sum);
  EXPECT_EQ(lines[3][0], "paid_out");
  EXPECT_EQ(lines[4][2], nasty().models[0].model);
}

TEST(Documents, html_is_one_page_without_scripts_or_anything_from_elsewhere) {
  const std::string html = as_html(nasty());
  for (const char* never : {"<script", "<i>", "http://", "https://", "src=", "url(", "@import",
                            "onload", "<link", "<img", "\r"}) {
    EXPECT_EQ(html.find(never), std::string::npos) << never;
  }
  EXPECT_NE(html.find("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;"), std::string::npos);
  EXPECT_NE(html.find("a,&quot;b&quot;"), std::string::npos);
  EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(html.find("size: A4"), std::string::npos);
  EXPECT_NE(html.find("2028-02-01 to 2028-02-29, UTC"), std::string::npos);
  EXPECT_NE(html.find("3.249899999"), std::string::npos);
  EXPECT_NE(html.find("The highest is 0.000100001 USD on 2028-02-29."), std::string::npos);
}

TEST(Documents, json_has_amounts_as_strings) {
  const boost::json::value value = boost::json::parse(as_json(nasty()));
  EXPECT_EQ(value.at("closing_balance").as_string(), "3.249899999");
  EXPECT_EQ(value.at_pointer("/top_ups/1/amount").as_string(), "-0.25");
  EXPECT_EQ(value.at_pointer("/usage/0/classes/0/amount").as_string(), "0.0001");
  EXPECT_EQ(value.at_pointer("/usage/0/model").as_string(), nasty().models[0].model);
  EXPECT_EQ(value.at_pointer("/days/28/day").as_string(), "2028-02-29");
}

TEST(Documents, text_aligns_the_points) {
  Statement statement = nasty();
  statement.tenant = "acme";
  statement.models[0].model = "tiny";
  EXPECT_EQ(as_text(statement),
            "Statement of acme, February 2028 (UTC), amounts in USD\n"
            "------------------------------------------------------------------------\n"
            "Opening balance, 2028-02-01T00:00:00Z                        1.50\n"
            "  Top-up, 2028-02-01T00:00:00Z                               2.00\n"
            "  Paid out, 2028-02-01T00:00:00Z                            -0.25\n"
            "Usage\n"
            "  tiny, 1,234,567 requests, price list 3                    -0.000100001\n"
            "    1,000 input tokens at 0.10 per million = 0.0001\n"
            "    7 cached input tokens at 0.000000001 per million = 0.00\n"
            "    each request rounded down: 0.000000001\n"
            "------------------------------------------------------------------------\n"
            "Closing balance, 2028-03-01T00:00:00Z                        3.249899999\n");
}

TEST(Documents, are_written_in_four_formats) {
  EXPECT_FALSE(parse_format("pdf"));
  EXPECT_FALSE(parse_format(""));
  const Document csv = write(nasty(), *parse_format("csv"));
  EXPECT_TRUE(csv.content_type.starts_with("text/csv"));
  EXPECT_EQ(write(nasty(), *parse_format("json")).content_type, "application/json");
  Statement empty;
  empty.period = *notation::parse_month("2028-02");
  empty.as_of = empty.period.to;
  EXPECT_NE(as_text(empty).find("No usage"), std::string::npos);
  EXPECT_NE(as_html(empty).find("No usage"), std::string::npos);
}

}  // namespace
}  // namespace bill::testing

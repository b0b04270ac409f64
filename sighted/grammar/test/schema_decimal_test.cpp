#include <gtest/gtest.h>

#include "schema_decimal.hpp"

namespace grammar {
namespace {

TEST(SchemaDecimal, HasOneSpellingForEachValue) {
  EXPECT_EQ(Decimal::read("1.0").text(), "1");
  EXPECT_EQ(Decimal::read("1e2").text(), "100");
  EXPECT_EQ(Decimal::read("-0.0").text(), "0");
  EXPECT_EQ(Decimal::read("12.50").text(), "125e-1");
  EXPECT_EQ(Decimal::read("1e999999999999").text(), "1e1000000000");
}

TEST(SchemaDecimal, ComparesExactly) {
  const auto order = [](const char* one, const char* other) {
    return compare(Decimal::read(one), Decimal::read(other));
  };
  EXPECT_GT(order("9223372036854775808", "9223372036854775807"), 0);
  EXPECT_EQ(order("0.1", "1e-1"), 0);
  EXPECT_LT(order("-2", "1"), 0);
  EXPECT_LT(order("-2", "-1.5"), 0);
  EXPECT_LT(order("0", "0.001"), 0);
  EXPECT_GT(order("0", "-0.001"), 0);
}

TEST(SchemaDecimal, CountsAreIntegersHoweverWritten) {
  EXPECT_EQ(Decimal::read("1.0").count(), 1U);
  EXPECT_EQ(Decimal::read("2e3").count(), 2000U);
  EXPECT_FALSE(Decimal::read("1.5").count());
  EXPECT_FALSE(Decimal::read("-1").count());
}

TEST(SchemaDecimal, KnowsMultiples) {
  const auto is = [](const char* value, const char* step) {
    return multiple(Decimal::read(value), Decimal::read(step));
  };
  EXPECT_EQ(is("0.3", "0.1"), true);
  EXPECT_EQ(is("25", "2.5"), true);
  EXPECT_EQ(is("26", "2.5"), false);
  EXPECT_EQ(is("0.05", "0.1"), false);
  EXPECT_EQ(is("1e300", "3"), false);
  EXPECT_FALSE(is("1e999999", "3"));
}

TEST(SchemaDecimal, FindsTheNextInteger) {
  const auto next = [](const char* value, bool above) {
    return next_integer(Decimal::read(value), above)->text();
  };
  EXPECT_EQ(next("0.5", false), "1");
  EXPECT_EQ(next("-0.5", false), "0");
  EXPECT_EQ(next("-1.5", true), "-1");
  EXPECT_EQ(next("-1", true), "0");
  EXPECT_EQ(next("9", true), "10");
  EXPECT_EQ(next("99.01", false), "100");
  EXPECT_EQ(next("-10", true), "-9");
}

}  // namespace
}  // namespace grammar

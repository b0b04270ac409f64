#include <notation/money_text.hpp>

#include <cstdint>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace {

using base::Nano;
using notation::MoneyError;

constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();

struct Right {
  const char* text;
  std::int64_t nano;
};

TEST(ParseAmount, PlainDecimals) {
  for (const Right& right : {Right{"0", 0}, Right{"5", 5'000'000'000}, Right{"5.00", 5'000'000'000},
                             Right{"0.15", 150'000'000}, Right{"0.000000001", 1},
                             Right{"9223372036.854775807", highest}}) {
    const auto amount = notation::parse_amount(right.text);
    ASSERT_TRUE(amount.ok()) << right.text;
    EXPECT_EQ(amount.value().value, right.nano) << right.text;
  }
}

struct Wrong {
  std::string text;
  MoneyError error;
};

TEST(ParseAmount, WhateverIsNotExactIsRefused) {
  const Wrong table[] = {
      {"", MoneyError::empty},
      {".", MoneyError::not_a_number},
      {"1.", MoneyError::not_a_number},
      {".5", MoneyError::not_a_number},
      {"01", MoneyError::not_a_number},
      {"+1", MoneyError::not_a_number},
      {"1e3", MoneyError::not_a_number},
      {"1E-3", MoneyError::not_a_number},
      {"0x10", MoneyError::not_a_number},
      {"NaN", MoneyError::not_a_number},
      {"nan", MoneyError::not_a_number},
      {"inf", MoneyError::not_a_number},
      {" 1", MoneyError::not_a_number},
      {"1 ", MoneyError::not_a_number},
      {"1,000", MoneyError::not_a_number},
      {"1.2.3", MoneyError::not_a_number},
      {std::string("1\0", 2), MoneyError::not_a_number},
      {"\xd9\xa1", MoneyError::not_a_number},
      {"--1", MoneyError::not_a_number},
      {"-", MoneyError::empty},
      {"-1", MoneyError::negative},
      {"-0", MoneyError::negative},
      {"0.0000000001", MoneyError::too_many_decimals},
      {"0.1000000000", MoneyError::too_many_decimals},
      {"9223372036.854775808", MoneyError::too_large},
      {"18446744073.709551616", MoneyError::too_large},
      {"18446744073709551616", MoneyError::too_large},
      {std::string(1000, '9'), MoneyError::too_large},
  };
  for (const Wrong& wrong : table) {
    const auto amount = notation::parse_amount(wrong.text);
    ASSERT_FALSE(amount.ok()) << wrong.text;
    EXPECT_EQ(amount.error(), wrong.error) << wrong.text;
  }
}

TEST(ParseSignedAmount, BothEnds) {
  EXPECT_EQ(notation::parse_signed_amount("-1.50").value().value, -1'500'000'000);
  EXPECT_EQ(notation::parse_signed_amount("-9223372036.854775808").value().value, lowest);
  EXPECT_EQ(notation::parse_signed_amount("-9223372036.854775809").error(), MoneyError::too_large);
  EXPECT_EQ(notation::parse_signed_amount("9223372036.854775808").error(), MoneyError::too_large);
  EXPECT_FALSE(notation::parse_signed_amount("--1").ok());
  EXPECT_FALSE(notation::parse_signed_amount("-").ok());
}

TEST(ParsePrice, UpToTheHighest) {
  EXPECT_EQ(notation::parse_price("0.15").value().value, 150'000'000);
  EXPECT_EQ(notation::parse_price("1000000").value(), price::highest_price);
  EXPECT_EQ(notation::parse_price("1000000.000000001").error(), MoneyError::too_large);
  EXPECT_EQ(notation::parse_price("-0.1").error(), MoneyError::negative);
}

TEST(ToText, AtLeastTwoDecimalsAndNeverMoreThanNeeded) {
  EXPECT_EQ(notation::to_text(Nano{0}), "0.00");
  EXPECT_EQ(notation::to_text(Nano{5'000'000'000}), "5.00");
  EXPECT_EQ(notation::to_text(Nano{-1}), "-0.000000001");
  EXPECT_EQ(notation::to_text(Nano{123'000}), "0.000123");
  EXPECT_EQ(notation::to_text(Nano{highest}), "9223372036.854775807");
  EXPECT_EQ(notation::to_text(Nano{lowest}), "-9223372036.854775808");
  EXPECT_EQ(notation::to_text(price::NanoPerMtok{150'000'000}), "0.15");
}

TEST(MoneyText, EveryAmountComesBackAsItWas) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200'000; ++i) {
    // All magnitudes, not only the huge ones.
    const auto amount = Nano{static_cast<std::int64_t>(random()) >> (random() % 64)};
    ASSERT_EQ(notation::parse_signed_amount(notation::to_text(amount)).value(), amount)
        << amount.value;
  }
}

TEST(MoneyText, RandomTextIsParsedExactlyOrRefused) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  constexpr std::string_view alphabet = "0123456789..-+e ";
  int parsed = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    for (std::size_t n = random() % 12; n > 0; --n) {
      text.push_back(alphabet[random() % alphabet.size()]);
    }
    const auto amount = notation::parse_signed_amount(text);
    if (!amount.ok()) {
      continue;
    }
    ++parsed;
    // What was accepted says the same as what is printed, up to zeros at its end.
    std::string printed = notation::to_text(amount.value());
    std::string given = text + (text.find('.') == std::string::npos ? ".0" : "");
    while (given.back() == '0')
      given.pop_back();
    while (printed.back() == '0')
      printed.pop_back();
    const bool minus_zero = amount.value().value == 0 && given.front() == '-';
    ASSERT_EQ(minus_zero ? given.substr(1) : given, printed);
  }
  EXPECT_GT(parsed, 1000);
}

}  // namespace

#include <notation/time_text.hpp>

#include <random>

#include <gtest/gtest.h>

namespace {

using base::UnixNs;

TEST(ParseTime, MomentsAndDays) {
  EXPECT_EQ(notation::parse_time("1970-01-01T00:00:00Z")->value, 0);
  EXPECT_EQ(notation::parse_time("1970-01-02")->value, 86'400'000'000'000);
  EXPECT_EQ(notation::parse_time("2001-09-09T01:46:40Z")->value, 1'000'000'000'000'000'000);
  EXPECT_EQ(notation::parse_time("2024-02-29T23:59:59.5Z")->value, 1'709'251'199'500'000'000);
  EXPECT_EQ(notation::parse_time("1970-01-01T00:00:00.000000001Z")->value, 1);
}

TEST(ParseTime, EverythingElseIsRefused) {
  for (const char* bad : {"",
                          "2026",
                          "2026-13-01",
                          "2026-00-01",
                          "2026-02-29",
                          "2026-01-32",
                          "1969-12-31",
                          "2262-01-01",
                          "2026-01-01T",
                          "2026-01-01T00:00:00",
                          "2026-01-01T24:00:00Z",
                          "2026-01-01T00:60:00Z",
                          "2026-01-01T00:00:60Z",
                          "2026-01-01T00:00:00+01:00",
                          "2026-01-01T00:00:00.Z",
                          "2026-01-01T00:00:00.1234567890Z",
                          "2026-01-01 00:00:00Z",
                          "-026-01-01",
                          "2026-01-01T00:00:00.-1Z",
                          "20260101T000000Z",
                          "2026/01/01",
                          "tomorrow"}) {
    EXPECT_FALSE(notation::parse_time(bad)) << bad;
  }
}

TEST(TimeText, EverySecondComesBackAsItWas) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 100'000; ++i) {
    const auto second = static_cast<std::int64_t>(random() % 9'214'646'400);
    const UnixNs time{second * 1'000'000'000};
    ASSERT_EQ(notation::parse_time(notation::to_text(time)), time) << second;
  }
}

TEST(TimeText, PartsOfASecondAreCut) {
  EXPECT_EQ(notation::to_text(UnixNs{1'999'999'999}), "1970-01-01T00:00:01Z");
}

TEST(Month, EndsWhereTheNextBegins) {
  const auto february = notation::parse_month("2024-02");
  EXPECT_EQ(notation::to_text(february->from), "2024-02-01T00:00:00Z");
  EXPECT_EQ(notation::to_text(february->to), "2024-03-01T00:00:00Z");
  const auto december = notation::parse_month("2026-12");
  EXPECT_EQ(notation::to_text(december->to), "2027-01-01T00:00:00Z");
  EXPECT_EQ(notation::month_text(december->from), "2026-12");
  for (const char* bad : {"", "2026", "2026-1", "2026-13", "2026-00", "2026-12-01", "abcd-ef"}) {
    EXPECT_FALSE(notation::parse_month(bad)) << bad;
  }
}

}  // namespace

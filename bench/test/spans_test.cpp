#include <gtest/gtest.h>

#include "spans.hpp"

namespace load {
namespace {

Spans of(std::initializer_list<std::int64_t> spans_ms) {
  Spans spans;
  for (const std::int64_t span_ms : spans_ms) {
    spans.add(span_ms * 1'000'000);
  }
  return spans;
}

TEST(spans, a_percentile_is_a_span_that_was_seen) {
  Spans spans = of({50, 10, 40, 20, 30});
  EXPECT_EQ(spans.at_ms(0), 10);
  EXPECT_EQ(spans.at_ms(0.2), 10);
  EXPECT_EQ(spans.at_ms(0.21), 20);
  EXPECT_EQ(spans.at_ms(0.5), 30);
  EXPECT_EQ(spans.at_ms(0.99), 50);
  EXPECT_EQ(spans.most_ms(), 50);
}

TEST(spans, one_in_a_hundred_shows_at_p99_only_when_there_are_more_than_one) {
  Spans spans;
  for (int i = 0; i < 99; ++i) {
    spans.add(1'000'000);
  }
  spans.add(500'000'000);
  EXPECT_EQ(spans.at_ms(0.99), 1);
  spans.add(500'000'000);
  EXPECT_EQ(spans.at_ms(0.99), 500);
}

TEST(spans, nothing_is_nothing) {
  Spans none;
  EXPECT_EQ(none.at_ms(0.5), 0);
  EXPECT_EQ(none.most_ms(), 0);
}

}  // namespace
}  // namespace load

// How one request is counted: what a late or a stuck server must not be able to hide.
#include <gtest/gtest.h>

#include "answer.hpp"

namespace load {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t second = 1'000 * ms;

/// A window of ten seconds that opened at 100 s.
struct Bench {
  Window window{100 * second, 110 * second};
  Plan plan;
  Tally tally;

  Answer told(std::int64_t meant_ns, std::int64_t in, std::int64_t out, std::int64_t cached = 0) {
    Answer answer(window, meant_ns);
    answer.tokens_in = in;
    answer.tokens_out = out;
    answer.tokens_cached = cached;
    return answer;
  }
};

TEST(answer, latency_begins_when_the_request_was_meant_to_go_out) {
  // Due at 101 s; the server was stuck, all connections were busy, it went out at 104 s and was
  // answered within 50 ms. Who was sent to this server waited 3.05 s: coordinated omission is to
  // say 50 ms.
  Bench bench;
  Answer answer = bench.told(101 * second, 10, 3);
  answer.text(104 * second + 50 * ms, bench.tally);
  answer.text(104 * second + 60 * ms, bench.tally);
  answer.text(104 * second + 80 * ms, bench.tally);
  answer.complete(104 * second + 81 * ms, bench.plan, bench.tally);
  EXPECT_EQ(bench.tally.first.at_ms(0.5), 3'050);
  EXPECT_EQ(bench.tally.whole.at_ms(0.5), 3'081);
  EXPECT_EQ(bench.tally.between.at_ms(1), 20) << "gaps between tokens are as they came";
  EXPECT_EQ(bench.tally.per_token.at_ms(0.5), 15) << "30 ms for the two tokens after the first";
}

TEST(answer, who_gets_nothing_is_not_left_out) {
  Bench bench;
  Answer(bench.window, 102 * second).cut(115 * second, bench.plan, Ask{}, bench.tally);
  EXPECT_EQ(bench.tally.unanswered, 1);
  EXPECT_EQ(bench.tally.unanswered_without_token, 1);
  EXPECT_EQ(bench.tally.first.at_ms(0.5), 13'000) << "at least so long";
  EXPECT_EQ(bench.tally.meant, 1);
  EXPECT_EQ(bench.tally.good, 0);
}

TEST(answer, a_stream_that_stands_still_to_the_end_counts_with_its_standstill) {
  Bench bench;
  Answer answer = bench.told(101 * second, -1, -1);
  answer.text(102 * second, bench.tally);
  answer.cut(112 * second, bench.plan, Ask{30, 100, 800, {}}, bench.tally);
  EXPECT_EQ(bench.tally.between.most_ms(), 10'000);
  EXPECT_EQ(bench.tally.tokens_out, 1) << "a chunk is taken for a token";
  EXPECT_EQ(bench.tally.tokens_in, 830) << "a word, too";
}

TEST(answer, only_what_touches_the_window_is_counted) {
  Bench bench;
  // Began long before; half of its chunks came within.
  Answer early = bench.told(90 * second, 40, 8);
  early.text(95 * second, bench.tally);
  early.text(98 * second, bench.tally);
  early.text(101 * second, bench.tally);
  early.text(102 * second, bench.tally);
  early.complete(103 * second, bench.plan, bench.tally);
  EXPECT_EQ(bench.tally.requests, 1) << "it ended within";
  EXPECT_EQ(bench.tally.tokens_out, 4);
  EXPECT_EQ(bench.tally.tokens_in, 0) << "its prompt was read before";
  EXPECT_EQ(bench.tally.first.size(), 0U);
  EXPECT_EQ(bench.tally.between.size(), 2U) << "98 to 101 reaches into the window";
  // Meant after the window.
  Answer late = bench.told(111 * second, 40, 1);
  late.text(112 * second, bench.tally);
  late.complete(112 * second, bench.plan, bench.tally);
  EXPECT_EQ(bench.tally.requests, 1);
  EXPECT_EQ(bench.tally.meant, 0);
  EXPECT_EQ(bench.tally.first.size(), 0U);
}

TEST(answer, good_is_what_kept_both_limits) {
  Bench bench;
  bench.plan.limits = {1'000, 50};
  const auto ask = [&bench](std::int64_t first_ms, std::int64_t gap_ms) {
    const std::int64_t meant_ns = 101 * second;
    Answer answer = bench.told(meant_ns, 10, 2);
    answer.text(meant_ns + first_ms * ms, bench.tally);
    answer.text(meant_ns + (first_ms + gap_ms) * ms, bench.tally);
    answer.complete(meant_ns + (first_ms + gap_ms) * ms, bench.plan, bench.tally);
  };
  ask(1'000, 50);
  EXPECT_EQ(bench.tally.good, 1);
  ask(1'001, 50);
  ask(1'000, 51);
  EXPECT_EQ(bench.tally.good, 1);
  Answer(bench.window, 101 * second).failed(102 * second, "status 429", bench.tally);
  EXPECT_EQ(bench.tally.meant, 4);
  EXPECT_EQ(bench.tally.error_count(), 1);
}

TEST(answer, service_is_priced_and_booked_in_the_second_it_came) {
  Bench bench;
  bench.plan.prices = {0.2, 0.1, 0.8};
  Answer answer = bench.told(100 * second, 100, 4, 50);
  answer.text(101 * second + 500 * ms, bench.tally);
  answer.text(101 * second + 600 * ms, bench.tally);
  answer.text(103 * second, bench.tally);
  answer.text(103 * second + 1, bench.tally);
  answer.complete(104 * second, bench.plan, bench.tally);
  ASSERT_EQ(bench.tally.service.size(), 4U);
  EXPECT_DOUBLE_EQ(bench.tally.service[1], 50 * 0.2 + 50 * 0.1 + 2 * 0.8);
  EXPECT_DOUBLE_EQ(bench.tally.service[3], 2 * 0.8);
  EXPECT_DOUBLE_EQ(bench.tally.served(), 18.2);
  EXPECT_EQ(bench.tally.tokens_cached, 50);
}

TEST(answer, without_a_stream_all_of_it_comes_at_the_end) {
  Bench bench;
  bench.plan.limits = {1'000, 0};
  Answer answer = bench.told(101 * second, 10, 5);
  answer.complete(102 * second + 1, bench.plan, bench.tally);
  EXPECT_EQ(bench.tally.tokens_in, 10);
  EXPECT_EQ(bench.tally.tokens_out, 5);
  EXPECT_EQ(bench.tally.good, 0) << "its first token was not seen within a second";
}

}  // namespace
}  // namespace load

#include "arrivals.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "request.hpp"

namespace load {
namespace {

class Trace : public testing::Test {
 protected:
  ~Trace() override { std::filesystem::remove(path_); }
  base::Result<base::Done, std::string> add(const std::string& text, const Replay& replay) {
    std::ofstream(path_) << text;
    return add_trace(plan_, path_, replay);
  }
  std::string path_ = std::filesystem::temp_directory_path() /
                      ("load_trace_" + std::to_string(::getpid()) + ".csv");
  Plan plan_;
};

TEST(by_chance, moments_are_in_order_within_the_time_and_as_many_as_the_rate_says) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const std::vector<std::int64_t> moments = by_chance(200, 100, seed);
    EXPECT_NEAR(static_cast<double>(moments.size()), 20'000, 5 * std::sqrt(20'000)) << seed;
    EXPECT_TRUE(std::ranges::is_sorted(moments));
    EXPECT_GE(moments.front(), 0);
    EXPECT_LT(moments.back(), 100'000'000'000);
  }
}

TEST(by_chance, gaps_are_as_uneven_as_chance_and_no_evener) {
  // Of a Poisson process the gaps' standard deviation is their mean.
  const std::vector<std::int64_t> moments = by_chance(1'000, 20, 7);
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 1; i < moments.size(); ++i) {
    const double gap = static_cast<double>(moments[i] - moments[i - 1]) / 1e6;
    sum += gap;
    squares += gap * gap;
  }
  const double count = static_cast<double>(moments.size() - 1);
  const double mean = sum / count;
  EXPECT_NEAR(mean, 1, 0.05);
  EXPECT_NEAR(std::sqrt(squares / count - mean * mean), mean, 0.05);
}

TEST(by_chance, the_same_seed_gives_the_same_moments) {
  EXPECT_EQ(by_chance(50, 10, 4), by_chance(50, 10, 4));
  EXPECT_NE(by_chance(50, 10, 4), by_chance(50, 10, 5));
}

TEST(set_arrivals, only_open_groups_get_some_and_after_moves_them_into_the_window) {
  Plan plan;
  plan.warmup_s = 2;
  plan.measured_s = 10;
  plan.groups.resize(3);
  plan.groups[1].rate_per_s = 50;
  plan.groups[2].rate_per_s = 50;
  plan.groups[2].after_s = 4;
  set_arrivals(plan);
  EXPECT_TRUE(plan.groups[0].arrivals.empty());
  EXPECT_FALSE(plan.groups[0].open());
  EXPECT_LT(plan.groups[1].arrivals.front().at_ns, 2'000'000'000);
  EXPECT_GE(plan.groups[2].arrivals.front().at_ns, 6'000'000'000);
  EXPECT_LT(plan.groups[2].arrivals.back().at_ns, 12'000'000'000);
}

TEST_F(Trace, each_client_of_a_trace_is_a_tenant_with_its_own_moments_and_lengths) {
  Replay replay;
  replay.speed = 2;
  replay.shrink = 10;
  replay.seconds = 5;
  replay.keys = {"first", "second"};
  ASSERT_TRUE(add("req_time_s,client,prompt_tokens,output_tokens\n"
                  "0.0,a,100,20\n1.0,b,7,300\n4.0,a,256,1\n20.0,a,9,9\n",
                  replay)
                  .ok());
  ASSERT_EQ(plan_.groups.size(), 2U);
  const Group& a = plan_.groups[0];
  ASSERT_EQ(a.arrivals.size(), 2U) << "the one after five seconds is left out";
  EXPECT_TRUE(a.open());
  EXPECT_EQ(a.key, "first");
  EXPECT_EQ(plan_.groups[1].key, "second");
  EXPECT_EQ(a.arrivals[0].ask.words_in, 10);
  EXPECT_EQ(a.arrivals[0].ask.tokens_out, 2);
  EXPECT_EQ(a.arrivals[1].at_ns, 2'000'000'000);
  EXPECT_EQ(a.arrivals[1].ask.words_in, 26);
  EXPECT_EQ(a.arrivals[1].ask.tokens_out, 1) << "a request has one token at least";
  EXPECT_EQ(plan_.groups[1].arrivals[0].ask.words_in, 1);
}

TEST_F(Trace, prompts_of_equal_blocks_begin_with_equal_words) {
  Replay replay;
  replay.shrink = 64;
  ASSERT_TRUE(add(R"({"timestamp": 0, "input_length": 1024, "output_length": 64, )"
                  R"("hash_ids": [4, 5]})"
                  "\n"
                  R"({"timestamp": 10, "input_length": 1024, "output_length": 64, )"
                  R"("hash_ids": [4, 6]})"
                  "\n",
                  replay)
                  .ok());
  ASSERT_EQ(plan_.block_words, 8);
  std::mt19937_64 random(1);
  const std::string one = prompt_of(plan_, plan_.groups[0].arrivals[0].ask, random);
  const std::string two = prompt_of(plan_, plan_.groups[0].arrivals[1].ask, random);
  EXPECT_EQ(std::ranges::count(one, ' '), 15);
  std::size_t eighth = 0;
  for (int word = 0; word < 8; ++word) {
    eighth = one.find(' ', eighth + 1);
  }
  EXPECT_EQ(one.substr(0, eighth), two.substr(0, eighth));
  EXPECT_NE(one, two);
}

TEST_F(Trace, what_is_no_trace_is_refused) {
  EXPECT_FALSE(add("nonsense\n1,2\n", {}).ok());
  EXPECT_FALSE(add("req_time_s,client,prompt_tokens,output_tokens\n0.0,a,many,20\n", {}).ok());
  EXPECT_FALSE(add_trace(plan_, "/no/such/file", {}).ok());
  EXPECT_TRUE(plan_.groups.empty());
}

TEST(prompt, shared_words_are_the_same_for_all_and_the_rest_is_not) {
  Plan plan;
  std::mt19937_64 one(1);
  std::mt19937_64 two(2);
  const Ask ask{5, 1, 20, {}};
  const std::string a = prompt_of(plan, ask, one);
  const std::string b = prompt_of(plan, ask, two);
  const auto same = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  EXPECT_GE(std::ranges::count(a.substr(0, same), ' '), 20);
  EXPECT_NE(a, b);
  plan.seed = 2;
  std::mt19937_64 again(1);
  EXPECT_NE(prompt_of(plan, ask, again).substr(0, 20), a.substr(0, 20))
      << "another run has other words, or a server that was not restarted knew them";
}

}  // namespace
}  // namespace load

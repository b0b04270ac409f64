// What a simulation must show: every token asked for is served once, VTC and we stay together where
// first come first served drifts apart, and the same run gives the same numbers.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>

#include <simulate/report.hpp>

namespace simulate {
namespace {

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

Options a10g() {
  Options options;
  options.machine = *machine("a10g");
  return options;
}

constexpr Policy all[] = {Policy::fcfs, Policy::vtc, Policy::ours};

TEST(simulate, every_token_is_served_once_whatever_the_policy) {
  const Load load = overload(0.5);
  const Options options = a10g();
  for (const Policy policy : all) {
    const Outcome outcome = run(load, policy, options);
    EXPECT_EQ(outcome.requests.size(), load.requests.size()) << name(policy);
    EXPECT_EQ(outcome.refused, 0U);
    for (std::size_t tenant = 0; tenant < load.tenants.size(); ++tenant) {
      EXPECT_EQ(sum(outcome.service[tenant]), sum(outcome.asked[tenant])) << name(policy);
    }
    for (const Served& served : outcome.requests) {
      EXPECT_LT(served.asked_s, served.first_s);
      EXPECT_LT(served.first_s, served.done_s);
    }
  }
}

TEST(simulate, the_shape_of_the_papers_figure_3) {
  const Load load = overload(2);
  const Options options = a10g();
  const auto fcfs = accumulated_difference(run(load, Policy::fcfs, options));
  const auto vtc = accumulated_difference(run(load, Policy::vtc, options));
  const auto ours = accumulated_difference(run(load, Policy::ours, options));
  ASSERT_GT(fcfs.size(), 100U);
  // Without end: in the second half as much again as in the first.
  EXPECT_GT(fcfs.back(), 1.7 * fcfs[fcfs.size() / 2]);
  EXPECT_GT(fcfs.back(), 40'000);
  // Flat: within the papers' bound, 2 * 2 * 10,000 KV tokens; and ours within its own.
  EXPECT_LT(quantile(vtc, 1), 40'000);
  EXPECT_LT(quantile(ours, 1), 2 * 2 * (1'024 + 512 + 256));
}

TEST(simulate, a_light_tenant_does_not_wait_for_a_heavy_one) {
  Options options;
  options.machine = *machine("cpu");
  options.machine.lanes = 16;  // All of them taken by the heavy one.
  const Outcome alone = run(light_heavy(0.5, true), Policy::ours, options);
  const Outcome beside = run(light_heavy(0.5, false), Policy::ours, options);
  const Outcome fcfs = run(light_heavy(0.5, false), Policy::fcfs, options);
  const double wait_alone = quantile(first_token_s(alone, 0), 0.5);
  EXPECT_LT(quantile(first_token_s(beside, 0), 0.5), 2 * wait_alone);
  EXPECT_GT(quantile(first_token_s(fcfs, 0), 0.5), 10 * wait_alone);
}

TEST(simulate, the_same_run_gives_the_same_numbers) {
  const Load load = many(50, 0.5, 300, 7);
  Options options = a10g();
  options.engines = 3;
  const auto numbers = [&] {
    return boost::json::serialize(to_json(load, options, {run(load, Policy::ours, options)}));
  };
  EXPECT_EQ(numbers(), numbers());
  EXPECT_EQ(many(50, 0.5, 300, 7).requests.size(), load.requests.size());
  EXPECT_NE(many(50, 0.5, 300, 8).requests.size(), load.requests.size());
}

TEST(simulate, what_can_never_fit_is_refused_and_counted) {
  Load load{"large", {"one"}, {{0, 0, 9'000, 2'000, false}, {0, 0, 10, 10, false}}, 1};
  const Options options = a10g();
  for (const Policy policy : all) {
    const Outcome outcome = run(load, policy, options);
    EXPECT_EQ(outcome.refused, 1U);
    EXPECT_EQ(outcome.requests.size(), 1U);
  }
}

class Traces : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / name;
    std::ofstream(path) << text;
    return path.string();
  }
  Load load{"trace", {}, {}, 0};
};

TEST_F(Traces, of_three_kinds_are_read) {
  const std::string clients = write("clients.csv",
                                    "req_time_s,client,prompt_tokens,output_tokens\n"
                                    "0.0,13,13,199\n0.5,2,36,137\n1.5,13,456,156\n");
  const std::string one = write("one.csv",
                                "TIMESTAMP,ContextTokens,GeneratedTokens\n"
                                "2023-11-16 23:59:59.5000000,4808,10\n"
                                "2023-11-17 00:00:01.0000000,3180,8\r\n");
  const std::string lines = write(
      "lines.jsonl",
      "{\"timestamp\": 0, \"input_length\": 6758, \"output_length\": 500, \"hash_ids\": [0]}\n"
      "{\"timestamp\": 3000, \"input_length\": 7, \"output_length\": 0, \"hash_ids\": []}\n");
  for (const std::string& path : {clients, one, lines}) {
    const auto added = add_trace(load, path, 2);
    EXPECT_TRUE(added.ok()) << added.error();
  }
  EXPECT_EQ(load.tenants, (std::vector<std::string>{"client 13", "client 2", "one", "lines"}));
  ASSERT_EQ(load.requests.size(), 7U);
  EXPECT_EQ(load.requests.back().at_s, 1.5) << "twice as fast";
  EXPECT_EQ(load.requests.back().output, 1U) << "at least a token";
  EXPECT_EQ(load.requests[4].at_s, 0.75);
}

TEST_F(Traces, that_are_none_are_told_in_a_line) {
  EXPECT_FALSE(add_trace(load, "/nowhere/at/all.csv", 1).ok());
  EXPECT_FALSE(add_trace(load, write("empty.csv", ""), 1).ok());
  EXPECT_FALSE(add_trace(load, write("other.csv", "a,b,c\n1,2,3\n"), 1).ok());
  const auto torn = add_trace(load,
                              write("torn.csv",
                                    "req_time_s,client,prompt_tokens,output_tokens\n"
                                    "0.0,13,13,199\n0.5,2,36\n"),
                              1);
  ASSERT_FALSE(torn.ok());
  EXPECT_NE(torn.error().find("request 2"), std::string::npos);
}

TEST_F(Traces, from_production_show_the_papers_shape) {
  const char* folder = std::getenv("MAINS_TRACES");  // NOLINT(concurrency-mt-unsafe)
  const std::string path =
      std::string(folder == nullptr ? "" : folder) + "/vtc_arena_real_trace.csv";
  if (folder == nullptr || !std::filesystem::exists(path)) {
    GTEST_SKIP() << "no traces: set MAINS_TRACES to the folder of vtc_arena_real_trace.csv";
  }
  ASSERT_TRUE(add_trace(load, path, 1).ok());
  const Options options = a10g();
  const auto fcfs = windowed_difference(run(load, Policy::fcfs, options));
  const auto vtc = windowed_difference(run(load, Policy::vtc, options));
  const auto ours = windowed_difference(run(load, Policy::ours, options));
  EXPECT_LT(quantile(vtc, 1), 0.7 * quantile(fcfs, 1));
  EXPECT_LT(sum(vtc), 0.7 * sum(fcfs));
  EXPECT_LT(quantile(ours, 1), quantile(vtc, 1));
  EXPECT_LT(sum(ours), sum(vtc));
}

TEST(report, quantiles_of_little) {
  EXPECT_EQ(quantile({}, 0.5), 0);
  EXPECT_EQ(quantile({3}, 0.99), 3);
  EXPECT_EQ(quantile({3, 1, 2, 4}, 0.5), 3);
  EXPECT_EQ(quantile({3, 1, 2, 4}, 1), 4);
}

TEST(report, differences_by_hand) {
  Outcome outcome;
  outcome.service = {{10, 0, 0}, {4, 0, 12}};
  outcome.asked = {{10, 0, 0}, {40, 0, 1}};
  EXPECT_EQ(accumulated_difference(outcome), (std::vector<double>{6, 6, 6}));
  // All in the window: 10 and 16 served, 10 and 41 asked. The first lacks nothing it asked for.
  EXPECT_EQ(windowed_difference(outcome)[50], 0);
  outcome.asked[0] = {13, 0, 0};
  EXPECT_EQ(windowed_difference(outcome)[50], 3.0 / 60);
}

TEST(report, a_chart_has_its_lines_and_escapes_its_words) {
  const std::string svg = chart("a < b & c", "x", "y", 1, {{"one", {0, 5, 2}}, {"two", {}}});
  EXPECT_EQ(svg.find("<svg"), 0U);
  EXPECT_NE(svg.find("a &lt; b &amp; c"), std::string::npos);
  EXPECT_NE(svg.find("points=\"70.0,"), std::string::npos);
  EXPECT_NE(svg.rfind("</svg>"), std::string::npos);
}

TEST(report, a_peak_between_the_points_drawn_is_not_lost) {
  std::vector<double> values(10'000);
  values[7'777] = 1'000;
  const std::string svg = chart("t", "x", "y", 1, {{"peak", values}});
  EXPECT_LT(svg.size(), 8'000U);
  EXPECT_NE(svg.find(",50.0 "), std::string::npos) << "the top of the frame";
}

}  // namespace
}  // namespace simulate

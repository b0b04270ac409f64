// Many worlds, each of its own seed. Whatever happens in them, the books are right.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include <sim/world.hpp>

namespace sim {
namespace {

/// MAINS_SEED runs one world again; MAINS_SIM_WORLDS says how many there are.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string shown(const Report& report) {
  const Sums& sums = report.sums;
  return std::to_string(report.commands) + " commands, " + std::to_string(sums.commits) +
         " commits, " + std::to_string(sums.settled) + " settled, " + std::to_string(sums.voided) +
         " voided, " + std::to_string(sums.leaves) + " leaves, " + std::to_string(sums.top_ups) +
         " top-ups, " + std::to_string(sums.pruned) + " receipts pruned, " +
         std::to_string(report.refused) + " refused, " + std::to_string(report.unavailable) +
         " unavailable, " + std::to_string(report.crashes) + " crashes, " +
         std::to_string(report.lost_replies) + " lost replies; given away " +
         std::to_string(sums.given_away) + " of " + std::to_string(sums.held_at_crashes) +
         " nano-units held at crashes, " + std::to_string(sums.output_given_away) + " of " +
         std::to_string(sums.output_charged) + " tokens";
}

/// `usual` worlds of consecutive seeds, or the one that MAINS_SEED names.
void expect_nothing_wrong(Report (*live)(const Options&), Options options, std::uint64_t usual) {
  const std::uint64_t worlds = from_environment("MAINS_SIM_WORLDS", usual);
  const bool one = std::getenv("MAINS_SEED") != nullptr;
  const std::uint64_t first = from_environment("MAINS_SEED", std::random_device{}());
  Report all;
  for (std::uint64_t i = 0; i < (one ? 1 : worlds); ++i) {
    options.seed = first + i;
    options.servers = 1 + static_cast<std::uint32_t>(options.seed % 3);
    const Report report = live(options);
    ASSERT_FALSE(report.wrong.has_value()) << *report.wrong << "\nMAINS_SEED=" << options.seed
                                           << " runs this world again; it had " << shown(report);
    all += report;
  }
  std::cout << "seeds from " << first << ": " << shown(all) << "\n";
  EXPECT_GT(all.sums.settled, 0U);
  EXPECT_LE(all.sums.given_away, all.sums.held_at_crashes);
}

#ifdef NDEBUG
constexpr std::uint64_t part = 1;
#else
constexpr std::uint64_t part = 20;
#endif

TEST(MoneyPath, LosesNothingInAnyWorld) {
  expect_nothing_wrong(run, {}, 100 / part);
}

TEST(WholeHouse, LosesNothingInAnyWorld) {
  Options options;
  options.commands = 1'000;
  expect_nothing_wrong(run_house, options, 40 / part);
}

TEST(WholeHouse, OfTheSameSeedIsTheSame) {
  Options options;
  options.seed = 7;
  options.commands = 200;
  EXPECT_EQ(shown(run_house(options)), shown(run_house(options)));
}

TEST(MoneyPath, OfTheSameSeedIsTheSame) {
  Options options;
  options.seed = 7;
  options.commands = 2'000;
  EXPECT_EQ(shown(run(options)), shown(run(options)));
}

}  // namespace
}  // namespace sim

#include <price/price.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace price {
namespace {

__extension__ using Wide = __int128;

std::string name_of(Error error) {
  switch (error) {
    case Error::overflow: return "overflow";
    case Error::bad_usage: return "bad_usage";
    case Error::bad_price: return "bad_price";
  }
  return "?";
}

std::string shown(const base::Result<base::Nano, Error>& charge) {
  return charge ? std::to_string(charge->value) : name_of(charge.error());
}

terms::Usage usage_of(std::uint32_t input, std::uint32_t cached, std::uint32_t output) {
  return {{input}, {cached}, {output}};
}

TEST(Charge, Table) {
  std::ifstream table(MAINS_ROOM_DIR "/test/charge.table");
  ASSERT_TRUE(table.good());
  std::string line;
  int rows = 0;
  while (std::getline(table, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::uint32_t input = 0;
    std::uint32_t cached = 0;
    std::uint32_t output = 0;
    Prices prices;
    std::string expected;
    words >> input >> cached >> output >> prices.input.value >> prices.cached.value >>
        prices.output.value >> expected;
    ASSERT_FALSE(words.fail()) << line;
    EXPECT_EQ(shown(charge(usage_of(input, cached, output), prices)), expected) << line;
    ++rows;
  }
  EXPECT_GT(rows, 10);
}

/// The formula of the price page, in 128 bits, nothing else.
std::int64_t naive(std::uint32_t input, std::uint32_t cached, std::uint32_t output,
                   const Prices& prices) {
  const Wide sum = (Wide{input} - cached) * prices.input.value +
                   Wide{cached} * prices.cached.value + Wide{output} * prices.output.value;
  return static_cast<std::int64_t>(sum / 1'000'000);
}

TEST(Charge, EverySmallCase) {
  const std::vector<std::int64_t> price{0, 1, 333'333, 500'000, 999'999, 1'000'000, 2'500'001};
  for (std::uint32_t input = 0; input <= 4; ++input) {
    for (std::uint32_t cached = 0; cached <= input; ++cached) {
      for (std::uint32_t output = 0; output <= 4; ++output) {
        for (const std::int64_t a : price) {
          for (const std::int64_t b : price) {
            for (const std::int64_t c : price) {
              const Prices prices{{a}, {b}, {c}};
              ASSERT_EQ(charge(usage_of(input, cached, output), prices).value().value,
                        naive(input, cached, output, prices));
            }
          }
        }
      }
    }
  }
}

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  /// Any size is as likely as any other, so that both ends are visited.
  std::uint64_t up_to(std::uint64_t max) {
    const std::uint64_t bits = random_() % 64;
    const std::uint64_t value = random_() >> bits;
    return max == std::numeric_limits<std::uint64_t>::max() ? value : value % (max + 1);
  }
  std::uint32_t tokens(std::uint32_t max = std::numeric_limits<std::uint32_t>::max()) {
    return static_cast<std::uint32_t>(up_to(max));
  }
  Prices prices() {
    const auto one = [this] {
      return NanoPerMtok{
          static_cast<std::int64_t>(up_to(static_cast<std::uint64_t>(highest_price.value)))};
    };
    return {one(), one(), one()};
  }

 private:
  std::mt19937_64 random_;
};

class Properties : public ::testing::Test {
 protected:
  const std::uint64_t seed_ = std::random_device{}();
  Dice dice_{seed_};
};

TEST_F(Properties, ChargeIsTheFormula) {
  for (int i = 0; i < 100'000; ++i) {
    const std::uint32_t input = dice_.tokens();
    const std::uint32_t cached = dice_.tokens(input);
    const std::uint32_t output = dice_.tokens();
    const Prices prices = dice_.prices();
    ASSERT_EQ(charge(usage_of(input, cached, output), prices).value().value,
              naive(input, cached, output, prices))
        << "seed " << seed_;
  }
}

TEST_F(Properties, NoUsageWithinTheHoldCostsMoreThanTheHold) {
  for (int i = 0; i < 100'000; ++i) {
    const std::uint32_t input = dice_.tokens();
    const std::uint32_t output = dice_.tokens();
    const Prices prices = dice_.prices();
    const auto hold = highest_charge({input}, {output}, prices);
    const std::uint32_t used_input = dice_.tokens(input);
    const auto used =
        charge(usage_of(used_input, dice_.tokens(used_input), dice_.tokens(output)), prices);
    ASSERT_LE(used.value().value, hold.value().value) << "seed " << seed_;
  }
}

TEST_F(Properties, WhatIsAffordableIsTheMostThatIs) {
  for (int i = 0; i < 100'000; ++i) {
    const base::Nano funds{
        static_cast<std::int64_t>(dice_.up_to(std::numeric_limits<std::int64_t>::max()))};
    const base::Tokens input{dice_.tokens()};
    const base::Tokens output_max{dice_.tokens()};
    const Prices prices = dice_.prices();
    const Affordable affordable = affordable_output(funds, input, output_max, prices);
    ASSERT_EQ(affordable.input_fits, highest_charge(input, {0}, prices).value() <= funds)
        << "seed " << seed_;
    ASSERT_LE(affordable.output, output_max);
    if (!affordable.input_fits) continue;
    ASSERT_LE(highest_charge(input, affordable.output, prices).value(), funds) << "seed " << seed_;
    if (affordable.output < output_max) {
      const base::Tokens one_more{affordable.output.value + 1};
      ASSERT_GT(highest_charge(input, one_more, prices).value(), funds) << "seed " << seed_;
    }
  }
}

TEST(Affordable, OfNothing) {
  const Prices prices{{1'000'000}, {0}, {1'000'000}};
  EXPECT_FALSE(affordable_output({0}, {1}, {10}, prices).input_fits);
  EXPECT_FALSE(affordable_output({-1}, {0}, {10}, prices).input_fits);
  EXPECT_TRUE(affordable_output({1}, {1}, {10}, prices).input_fits);
  EXPECT_EQ(affordable_output({1}, {1}, {10}, prices).output.value, 0U);
  EXPECT_FALSE(affordable_output({1}, {1}, {10}, {{-1}, {0}, {0}}).input_fits);
}

TEST(Affordable, AFreeModelAtNoBalance) {
  const Affordable all = affordable_output({0}, {1'000}, {500}, {});
  EXPECT_TRUE(all.input_fits);
  EXPECT_EQ(all.output.value, 500U);
}

}  // namespace
}  // namespace price

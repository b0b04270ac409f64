// Schemas at random, hostile ones among them. MAINS_SCHEMA_TRIALS sets how many.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <vector>

#include "schema_property.hpp"

namespace grammar {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double slow = 40;
constexpr std::size_t trials_usual = 2'000;
#else
constexpr double slow = 4;  // other programs use the machine too
constexpr std::size_t trials_usual = 20'000;
#endif

TEST(SchemaRandom, IsBoundedAndWhatItMakesConforms) {
  const char* wanted = std::getenv("MAINS_SCHEMA_TRIALS");
  const std::size_t trials = wanted == nullptr ? trials_usual : std::strtoul(wanted, nullptr, 10);
  std::mt19937 dice(10);
  std::size_t compiled = 0;
  std::size_t whole = 0;
  double accept_ms = 0;
  double refuse_ms = 0;
  for (std::size_t trial = 0; trial < trials; ++trial) {
    std::vector<std::uint8_t> bytes(20 + dice() % 300);
    for (auto& byte : bytes) {
      byte = static_cast<std::uint8_t>(dice());
    }
    const SchemaTrial made = try_schema(bytes, slow, trial % 3 == 0);
    compiled += made.compiled ? 1 : 0;
    whole += made.text_whole ? 1 : 0;
    accept_ms = std::max(accept_ms, made.accept_ms);
    refuse_ms = std::max(refuse_ms, made.refuse_ms);
    ASSERT_EQ(made.fault, "") << "trial " << trial << ": " << made.schema;
  }
  // Most of what is made must be sound, or this would test little.
  EXPECT_GT(compiled, trials / 5);
  EXPECT_GT(whole, compiled / 6);
  std::printf("%zu of %zu compiled, %zu texts; accepted in at most %.1f ms, refused in %.1f ms\n",
              compiled, trials, whole, accept_ms, refuse_ms);
}

}  // namespace
}  // namespace grammar

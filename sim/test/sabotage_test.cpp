// The auditor is only worth something if it sees what is broken: each sabotage is caught, by name.
#include <gtest/gtest.h>

#include <sim/world.hpp>

namespace sim {
namespace {

constexpr const char* open_or_not = "an open hold is not the same as a request that has not ended";

struct Broken {
  Sabotage sabotage;
  const char* finding;  ///< What the auditor must say.
};

class Caught : public ::testing::TestWithParam<Broken> {};

TEST_P(Caught, ByTheAuditor) {
  Options options;
  options.seed = 11;
  options.sabotage = GetParam().sabotage;
  const Report report = run(options);
  ASSERT_TRUE(report.wrong.has_value()) << "nobody saw it";
  EXPECT_EQ(*report.wrong, GetParam().finding);
}

INSTANTIATE_TEST_SUITE_P(
    Sabotage, Caught,
    ::testing::Values(
        Broken{Sabotage::charge_twice, "a receipt tells a wrong balance"},
        Broken{Sabotage::release_lost,
               "what was posted at the end of a request is not its hold and its receipt"},
        Broken{Sabotage::hold_kept, open_or_not},
        Broken{Sabotage::hold_too_small, "a hold is not what was posted for it"},
        Broken{Sabotage::receipt_lost, open_or_not},
        Broken{Sabotage::sequence_skipped, "receipts are not numbered one by one"},
        Broken{Sabotage::chain_cut, "a receipt does not point at the one before it"},
        Broken{Sabotage::void_lost, open_or_not},
        Broken{Sabotage::balance_shifted, "a tenant's stored balance is not what was posted"},
        Broken{Sabotage::leaf_lost, "a receipt has no entry in the log"},
        Broken{Sabotage::leaf_twice, "the log is not numbered one by one"},
        Broken{Sabotage::leaf_of_another, "an entry of the log is not its receipt's"},
        Broken{Sabotage::goes_too_far, "a receipt goes before its time"},
        Broken{Sabotage::goes_in_silence, "the stored mark is not what was written"},
        Broken{Sabotage::comes_back, "what is kept is not what the mark leaves"},
        Broken{Sabotage::mark_of_less, "a mark is not the sum of what went"},
        Broken{Sabotage::mark_of_another, "a mark does not name the last that went"},
        Broken{Sabotage::bills_more, "something is charged that was not decoded"},
        Broken{Sabotage::bills_less, "something was decoded and is not charged"},
        Broken{Sabotage::gives_more, "a settlement is refused, reason 13"},
        Broken{Sabotage::serves_unpaid, "a settlement is refused, reason 8"},
        Broken{Sabotage::forgets_to_end, "something was delivered and is not charged"},
        Broken{Sabotage::answers_early, "a bill is told that is not in the books"},
        Broken{Sabotage::voids_the_served, "something was delivered and is not charged"},
        Broken{Sabotage::ends_others, "something was delivered and is not charged"},
        Broken{Sabotage::keeps_too_short, "a receipt goes before its time"}),
    [](const auto& test) {
      return "kind_" + std::to_string(static_cast<int>(test.param.sabotage));
    });

}  // namespace
}  // namespace sim

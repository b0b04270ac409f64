// Books beside a naive model, on every store, with and without faults. A failure prints the seed.
#include "model.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include <store/faulty.hpp>

#include "house.hpp"
#include "traffic.hpp"

namespace settle::testing {
namespace {

class Beside : public ::testing::TestWithParam<Kind> {
 protected:
  void expect_same_state(Model& model) {
    std::int64_t sum = 0;
    for (const auto& [owner, amount] : model.available) {
      ASSERT_EQ(house_.available(owner), amount);
      ASSERT_EQ(house_.held(owner), model.held[owner]);
      sum += amount + model.held[owner];
    }
    const ledger::Totals totals = house_.reader().totals().value();
    ASSERT_EQ(totals.revenue.value, model.revenue);
    ASSERT_EQ(totals.outside.value, -sum - model.revenue);
    ASSERT_EQ(totals.open_holds, model.open());
  }
  [[nodiscard]] static int rounds() { return GetParam() == Kind::memory ? 2'000 : 60; }

  House house_{GetParam()};
  const std::uint64_t seed_ = std::random_device{}();
};

TEST_P(Beside, TheModelAnswersTheSame) {
  SCOPED_TRACE(::testing::Message() << "seed " << seed_);
  Traffic traffic(seed_);
  Books books(house_.journal());
  Model model;
  for (int round = 0; round < rounds(); ++round) {
    const std::vector<Command> batch = traffic.batch(40);
    const std::vector<Outcome> outcomes = books.apply(batch);
    ASSERT_EQ(outcomes.size(), batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Outcome expected =
          std::visit([&model](const auto& command) { return model.apply(command); }, batch[i]);
      ASSERT_EQ(shown(outcomes[i]), shown(expected)) << "batch " << round << ", command " << i;
    }
    ASSERT_NO_FATAL_FAILURE(expect_same_state(model));
    if (round % 50 == 0) {
      ASSERT_EQ(house_.wrong(), "");
    }
  }
  EXPECT_EQ(house_.wrong(), "");
}

TEST_P(Beside, AFailedBatchNeverHappened) {
  SCOPED_TRACE(::testing::Message() << "seed " << seed_);
  Traffic traffic(seed_);
  Model model;
  std::uint64_t failures = 0;
  for (int round = 0; round < rounds(); ++round) {
    const std::vector<Command> batch = traffic.batch(20);
    // One call fails, any of the first hundred; then the same again, until it goes through.
    const auto point = static_cast<store::FaultPoint>(1 + traffic.below(4));
    const std::uint64_t longest = point == store::FaultPoint::read    ? 100
                                  : point == store::FaultPoint::write ? 60
                                                                      : 1;
    store::OneFault fault(point, 1 + traffic.below(longest), store::Fault::fails);
    const auto journal = store::make_faulty(house_.journal(), fault);
    Books books(*journal);
    std::vector<Outcome> outcomes = books.apply(batch);
    if (fault.happened()) {
      failures += 1;
      for (const Outcome& outcome : outcomes)
        ASSERT_EQ(shown(outcome), "store_unavailable");
      ASSERT_NO_FATAL_FAILURE(expect_same_state(model));
      outcomes = books.apply(batch);
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const Outcome expected =
          std::visit([&model](const auto& command) { return model.apply(command); }, batch[i]);
      ASSERT_EQ(shown(outcomes[i]), shown(expected)) << "batch " << round << ", command " << i;
    }
    ASSERT_NO_FATAL_FAILURE(expect_same_state(model));
  }
  EXPECT_GT(failures, 0U);
  EXPECT_EQ(house_.wrong(), "");
}

/// A hall as it is: a hold that was not answered is forgotten (its client got an error), an end is
/// repeated until it is done. The store fails at random, and lies about commits.
TEST_P(Beside, NothingIsLostOrLeftOpenWhateverTheStoreSays) {
  SCOPED_TRACE(::testing::Message() << "seed " << seed_);
  Traffic traffic(seed_);
  store::SeededFaults faults(seed_, GetParam() == Kind::memory ? 10 : 20);
  const auto journal = store::make_faulty(house_.journal(), faults);
  Books books(*journal);
  std::set<terms::RequestId> open;
  std::vector<Command> ends;
  std::int64_t charged = 0;
  for (int round = 0; round < rounds(); ++round) {
    std::vector<Command> batch = ends;
    for (std::uint64_t i = traffic.below(10) + 1; i > 0; --i) {
      batch.push_back(traffic.below(8) == 0 ? traffic.top_up() : Command{traffic.ask()});
    }
    const std::vector<Outcome> outcomes = books.apply(batch);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (const auto* held = std::get_if<Held>(&outcomes[i])) {
        ASSERT_GE(held->amount.value, 0);
        open.insert(std::get<Hold>(batch[i]).request);
      } else if (const auto* settled = std::get_if<Settled>(&outcomes[i])) {
        charged += settled->charge.value;
      }
    }
    if (const auto* refused = std::get_if<Refused>(&outcomes.front());
        refused == nullptr || refused->why != Refusal::store_unavailable) {
      ends.clear();
    }
    while (!open.empty() && traffic.below(4) != 0) {
      const terms::RequestId request = *open.begin();
      open.erase(open.begin());
      Settle end = settle(request.low, 1, traffic.now());
      end.usage.input = {0};
      ends.push_back(traffic.below(3) == 0 ? Command{undo(request.low, traffic.now())}
                                           : Command{end});
    }
  }
  // The store is well again: what is still to be said is said, and nothing is left over.
  std::vector<Outcome> outcomes;
  do {
    ends.push_back(traffic.top_up());
    outcomes = books.apply(ends);
  } while (shown(outcomes.front()) == "store_unavailable");
  for (const Outcome& outcome : outcomes) {
    if (const auto* settled = std::get_if<Settled>(&outcome)) charged += settled->charge.value;
  }
  const ledger::Totals totals = house_.reader().totals().value();
  EXPECT_EQ(totals.open_holds, open.size()) << "holds that nobody knows of";
  EXPECT_EQ(totals.revenue.value, charged) << "charges that nobody was told";
  EXPECT_EQ(house_.wrong(), "");
}

INSTANTIATE_TEST_SUITE_P(Stores, Beside, ::testing::Values(Kind::memory, Kind::sqlite),
                         [](const auto& test) { return name_of(test.param); });

}  // namespace
}  // namespace settle::testing

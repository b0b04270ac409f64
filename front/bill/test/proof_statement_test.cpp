// Books, statements made from them, and the customer's own check: what the one writes the other
// must believe.
#include <bill/proof_statement.hpp>

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <limits>
#include <map>
#include <random>
#include <sstream>
#include <variant>

#include <note/checkpoint.hpp>
#include <receipt/digest.hpp>
#include <receipt/tree.hpp>
#include <settle/books.hpp>
#include <signing/key.hpp>
#include <store/memory.hpp>
#include <verify/verify.hpp>

#include "house.hpp"

namespace bill {
namespace {

using testing::HandClock;
using testing::SeededRandom;

/// The log's leaves as the ledger keeps them.
class Leaves final : public receipt::TileSource {
 public:
  explicit Leaves(ledger::Reader& reader) {
    const auto rows = reader.leaves(0, std::numeric_limits<std::uint32_t>::max());
    for (const ledger::LeafRow& row : rows.value()) {
      hashes.push_back(row.kind == ledger::LeafKind::document
                           ? row.value
                           : receipt::leaf_hash(receipt::to_bytes(row.value)));
    }
  }
  base::Result<std::vector<terms::Digest>, receipt::ProofError> read(
      const receipt::Tile& tile) override {
    std::vector<terms::Digest> level = hashes;
    for (std::uint32_t i = 0; i < tile.level; ++i) {
      std::vector<terms::Digest> above;
      for (std::size_t at = 0; at + 256 <= level.size(); at += 256) {
        above.push_back(receipt::root_of_full_tile(std::span(level).subspan(at, 256)));
      }
      level = std::move(above);
    }
    const auto first = static_cast<std::ptrdiff_t>(tile.index * 256);
    return std::vector(level.begin() + first, level.begin() + first + tile.width);
  }
  std::vector<terms::Digest> hashes;
};

class Proved : public ::testing::Test {
 protected:
  Proved() {
    std::string name = (std::filesystem::temp_directory_path() / "mains-proved-XXXXXX").string();
    dir = ::mkdtemp(name.data());
    registry = registry::Registry::open(dir, clock, random).value();
    at("2028-01-01T00:00:00Z");
    publish("0.10");
    mine = made("mine");
    theirs = made("theirs");
  }
  ~Proved() override { std::filesystem::remove_all(dir); }

  void at(std::string_view time) { clock.time = *notation::parse_time(time); }
  void later(std::int64_t seconds) { clock.time.value += seconds * 1'000'000'000; }
  settle::Outcome apply(const settle::Command& command) { return books.apply({&command, 1}).at(0); }

  registry::TenantPtr made(std::string_view name) {
    auto tenant = registry->create_tenant(name).value();
    (void)registry->create_key(tenant->id, "default", {});
    return tenant;
  }
  void publish(const std::string& input_price) {
    const auto draft = registry::parse_price_document(
        R"({"currency":"USD","models":[{"model":"tiny","input_per_mtok":")" + input_price +
        R"(","cached_input_per_mtok":"0.05","output_per_mtok":"0.40"}]})");
    const auto list = registry->publish(draft.value());
    ASSERT_TRUE(list.ok());
    const std::string& text = list.value()->canonical;
    const std::vector<std::uint8_t> entry(text.begin(), text.end());
    ASSERT_TRUE(std::holds_alternative<settle::Published>(
        apply(settle::Publish{receipt::leaf_hash(entry)})));
  }
  void pay(std::int64_t amount) {
    ASSERT_TRUE(std::holds_alternative<settle::Credited>(
        apply(settle::Credit{{7, ++last}, mine->id, {amount}, clock.time})));
  }
  void use(const registry::Tenant& tenant, terms::Usage usage) {
    const terms::ModelId model = *registry->model_id("tiny");
    const auto offer = registry->prices(model, clock.time);
    settle::Hold hold{};
    hold.request = {9, ++last};
    hold.tenant = tenant.id;
    hold.account = tenant.account;
    hold.key = registry->keys(tenant.id).front()->id;
    hold.model = model;
    hold.price_list = offer->list;
    hold.price_list_hash = offer->list_hash;
    hold.prices = offer->prices;
    hold.now = clock.time;
    hold.input = usage.input;
    hold.output_max = usage.output;
    hold.output_asked = 1;
    ASSERT_TRUE(std::holds_alternative<settle::Held>(apply(hold)));
    settle::Settle settled{};
    settled.salt = {{last, 2, 3, 4}};
    settled.request = hold.request;
    settled.now = clock.time;
    settled.usage = usage;
    ASSERT_TRUE(std::holds_alternative<settle::Settled>(apply(settled)));
  }
  [[nodiscard]] LogView log(std::uint64_t without = 0) {
    auto leaves = std::make_unique<Leaves>(*memory.reader);
    LogView view;
    view.size = leaves->hashes.size() - without;
    const std::string text = note::to_text(note::Checkpoint{
        "example.com/log", view.size, receipt::ProofBuilder(*leaves, view.size).root().value()});
    view.checkpoint = note::to_text(note::Note{text, {note::sign(text, "example.com/log", key)}});
    view.tiles = std::move(leaves);
    return view;
  }
  [[nodiscard]] Source source() { return {*registry, *memory.reader, clock}; }

  /// The statement as it is sent; a fault where there is none.
  base::Result<std::string, ProofFault> statement(std::string_view month, LogView view,
                                                  std::optional<std::uint64_t> since = {}) {
    auto begun = ProofStatement::begin(source(), *mine, *notation::parse_month(month),
                                       std::move(view), since);
    if (!begun.ok()) {
      return base::Fail{begun.error()};
    }
    std::string text;
    while (true) {
      auto piece = begun.value()->next();
      if (!piece.ok() || piece.value().empty()) {
        return piece.ok() ? base::Result<std::string, ProofFault>(text) : piece;
      }
      text += piece.value();
    }
  }
  [[nodiscard]] verify::Trust trust() const {
    return {{{"example.com/log", note::KeyType::ed25519, key.public_key()}}, {}, 0, {}, nullptr};
  }
  /// What the customer's own check says of it.
  verify::Proved checked(std::string_view month) {
    const auto text = statement(month, log());
    EXPECT_TRUE(text.ok()) << month;
    std::istringstream file(text.ok() ? text.value() : "");
    auto proved = verify::check(file, trust());
    EXPECT_TRUE(proved.ok()) << month << " line " << proved.error().line << ": "
                             << proved.error().what;
    return proved.ok() ? std::move(proved).value() : verify::Proved{};
  }

  std::filesystem::path dir;
  HandClock clock;
  SeededRandom random;
  store::MemoryStore memory = store::open_memory_store();
  settle::Books books{*memory.journal};
  std::unique_ptr<registry::Registry> registry;
  signing::Key key = signing::Key::of(signing::Seed{1});
  registry::TenantPtr mine;
  registry::TenantPtr theirs;
  std::uint64_t last = 0;
};

// Months of random traffic: each statement verifies, and each opens where the one before closed.
TEST_F(Proved, EveryMonthVerifiesAndMonthsMeet) {
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 dice(seed);
    const auto roll = [&](std::uint32_t sides) {
      return static_cast<std::uint32_t>(dice() % sides);
    };
    at("2028-0" + std::to_string(2 * seed) + "-01T00:00:00Z");
    pay(100'000'000);
    ASSERT_TRUE(std::holds_alternative<settle::Credited>(
        apply(settle::Credit{{7, ++last}, theirs->id, {5'000'000'000}, clock.time})));
    for (int i = 0; i < 120; ++i) {
      later(roll(40'000));
      switch (roll(6)) {
        case 0: pay(1 + roll(1'000'000)); break;
        case 1: use(*theirs, {{1 + roll(100)}, {0}, {roll(50)}}); break;
        case 2:
          if (roll(10) == 0) publish(roll(2) == 0 ? "0.10" : "0.12");
          break;
        default: use(*mine, {{5 + roll(1000)}, {roll(5)}, {roll(500)}}); break;
      }
    }
  }
  at("2028-09-01T00:00:00Z");
  std::uint64_t receipts = 0;
  verify::Standing before;
  for (const char* month :
       {"2028-01", "2028-02", "2028-03", "2028-04", "2028-05", "2028-06", "2028-07", "2028-08"}) {
    const verify::Proved proved = checked(month);
    EXPECT_EQ(proved.opening, before) << month;
    before = proved.closing;
    receipts += proved.receipts;
  }
  EXPECT_GT(receipts, 150U);
  EXPECT_EQ(before.sequence, receipts);
  const auto balance = memory.reader->balance(mine->id).value();
  EXPECT_EQ(before.balance.value, balance.available.value + balance.held.value);
}

// Receipts of before May go. Later months open where they did, and earlier ones are refused.
TEST_F(Proved, WhatIsNotKeptIsNotProvedAndWhatFollowsIs) {
  at("2028-02-10T00:00:00Z");
  pay(1'000'000'000);
  for (const char* day : {"2028-02-11T00:00:00Z", "2028-04-30T23:00:00Z", "2028-05-02T00:00:00Z",
                          "2028-07-02T00:00:00Z"}) {
    at(day);
    use(*mine, {{100}, {0}, {10}});
  }
  at("2028-09-01T00:00:00Z");
  std::map<std::string, verify::Proved> before;
  for (const char* month : {"2028-04", "2028-05", "2028-06", "2028-07", "2028-08"}) {
    before[month] = checked(month);
  }
  const auto prune = [&](std::string_view time) {
    return std::get<settle::Pruned>(apply(settle::Prune{mine->id, *notation::parse_time(time)}))
        .receipts;
  };
  EXPECT_EQ(prune("2028-05-01T00:00:00Z"), 2U);
  EXPECT_EQ(statement("2028-02", log()).error(), ProofFault::not_kept);
  EXPECT_EQ(statement("2028-04", log()).error(), ProofFault::not_kept);
  for (const char* month : {"2028-05", "2028-06", "2028-07", "2028-08"}) {
    const verify::Proved proved = checked(month);
    EXPECT_EQ(proved.opening, before[month].opening) << month;
    EXPECT_EQ(proved.closing, before[month].closing) << month;
  }
  EXPECT_EQ(prune("2028-08-01T00:00:00Z"), 2U);
  EXPECT_EQ(statement("2028-07", log()).error(), ProofFault::not_kept);
  EXPECT_EQ(checked("2028-08").opening, before["2028-08"].opening) << "from the mark alone";
  const auto bill = make_statement(source(), *mine, *notation::parse_month("2028-04"));
  EXPECT_EQ(bill->models.at(0).requests, 1U) << "the bill stays";
}

TEST_F(Proved, AMonthThatIsNotOverEndsUnderTheCheckpoint) {
  at("2028-02-10T00:00:00Z");
  pay(1'000'000'000);
  use(*mine, {{100}, {0}, {10}});
  later(5);
  use(*mine, {{100}, {0}, {10}});
  later(1);
  EXPECT_EQ(checked("2028-02").receipts, 2U);
  const auto text = statement("2028-02", log(1));
  ASSERT_TRUE(text.ok());
  std::istringstream file(text.value());
  const auto proved = verify::check(file, trust());
  ASSERT_TRUE(proved.ok()) << proved.error().what;
  EXPECT_EQ(proved.value().receipts, 1U);
  EXPECT_EQ(notation::to_text(proved.value().to), "2028-02-10T00:00:05Z");
  // A month that is over has all of it, or waits.
  at("2028-03-01T00:00:00Z");
  EXPECT_EQ(statement("2028-02", log(1)).error(), ProofFault::not_logged_yet);
  EXPECT_EQ(checked("2028-02").receipts, 2U);
}

TEST_F(Proved, ConsistencyWithWhatTheCustomerKept) {
  at("2028-02-10T00:00:00Z");
  pay(1'000'000'000);
  use(*mine, {{100}, {0}, {10}});
  later(1);
  verify::Trust kept = trust();
  kept.since = note::parse_checkpoint(note::parse(log().checkpoint).value().text).value();
  use(*mine, {{100}, {0}, {10}});
  later(1);
  const auto text = statement("2028-02", log(), kept.since->size);
  ASSERT_TRUE(text.ok());
  std::istringstream file(text.value());
  const auto proved = verify::check(file, kept);
  ASSERT_TRUE(proved.ok()) << proved.error().what;
  EXPECT_EQ(proved.value().since, kept.since->size);
  EXPECT_EQ(statement("2028-02", log(), 1000).error(), ProofFault::no_such_size);
}

// Two servers whose clocks differ: numbers and times of settlements do not run in one order.
TEST_F(Proved, ClocksThatDifferAtTheEndOfAMonth) {
  at("2028-02-29T23:59:50Z");
  pay(1'000'000'000);
  for (const std::int64_t step : {4, 7, -3, 5, -6, 4, 1}) {  // back and forth over midnight
    later(step);
    use(*mine, {{100}, {0}, {10}});
  }
  at("2028-04-01T00:00:00Z");
  const auto february = checked("2028-02");
  const auto march = checked("2028-03");
  EXPECT_EQ(february.receipts + march.receipts, 7U);
  EXPECT_EQ(february.receipts, 1U) << "the second was settled in March";
  EXPECT_EQ(february.closing, march.opening);
}

}  // namespace
}  // namespace bill

#include "grant.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include "shown.hpp"

namespace settle {
namespace {

std::string shown(const std::variant<Grant, NeedsTokens, Refused>& answer) {
  if (const auto* granted = std::get_if<Grant>(&answer)) {
    return "output=" + std::to_string(granted->output.value) +
           " amount=" + std::to_string(granted->amount.value);
  }
  if (const auto* needs = std::get_if<NeedsTokens>(&answer)) {
    return "needs=" + std::to_string(needs->tokens);
  }
  return testing::shown(std::get<Refused>(answer).why);
}

struct Row {
  ledger::Room room;
  Hold hold{};
  std::string expected;
};

template <class Number>
Number number_or(std::istream& words, Number otherwise) {
  std::string word;
  words >> word;
  return word == "-" ? otherwise : static_cast<Number>(std::stoll(word));
}

Row parse(const std::string& line) {
  std::istringstream words(line);
  Row row;
  row.hold.request = {1, 1};
  row.hold.tenant = {7};
  row.hold.account = {7, 7};
  row.hold.price_list_hash = {{1, 2, 3, 4}};
  row.hold.key = {8};
  row.hold.model = {4};
  std::string parallel;
  std::string asked;
  std::string answer;
  words >> row.room.available.value;
  row.room.cap_left = {number_or(words, std::numeric_limits<std::int64_t>::max())};
  words >> parallel >> row.room.requests_wait.value;
  row.room.tokens_left = number_or(words, std::numeric_limits<std::uint64_t>::max());
  row.hold.limits.tokens_per_minute = number_or<std::uint64_t>(words, 0);
  words >> row.hold.prices.input.value >> row.hold.prices.output.value >> row.hold.input.value >>
      row.hold.output_max.value >> row.hold.choices >> asked;
  row.hold.prices.input.value *= 1'000'000;
  row.hold.prices.output.value *= 1'000'000;
  row.room.parallel_full = parallel == "full";
  row.hold.output_asked = asked == "asked" ? 1 : 0;
  EXPECT_FALSE(words.fail()) << line;
  while (words >> answer) {
    row.expected += (row.expected.empty() ? "" : " ") + answer;
  }
  return row;
}

TEST(Grant, Table) {
  std::ifstream table(MAINS_ROOM_DIR "/test/grant.table");
  ASSERT_TRUE(table.good());
  std::string line;
  int rows = 0;
  while (std::getline(table, line)) {
    if (line.empty() || line[0] == '#') continue;
    const Row row = parse(line);
    EXPECT_EQ(shown(grant(row.hold, row.room)), row.expected) << line;
    ++rows;
  }
  EXPECT_GT(rows, 30);
}

TEST(Grant, NeedsEveryId) {
  Hold good{};
  good.request = {1, 1};
  good.tenant = {7};
  good.account = {7, 7};
  good.price_list_hash = {{1, 2, 3, 4}};
  good.key = {8};
  good.model = {4};
  EXPECT_EQ(shown(grant(good, {})), "output=0 amount=0");
  Hold bad = good;
  bad.request = {};
  EXPECT_EQ(shown(grant(bad, {})), "bad_command");
  bad = good;
  bad.tenant = {};
  EXPECT_EQ(shown(grant(bad, {})), "bad_command");
  bad = good;
  bad.account = {};
  EXPECT_EQ(shown(grant(bad, {})), "bad_command");
  bad = good;
  bad.price_list_hash = {};
  EXPECT_EQ(shown(grant(bad, {})), "bad_command");
  bad = good;
  bad.key = {};
  EXPECT_EQ(shown(grant(bad, {})), "bad_command");
  bad = good;
  bad.model = {};
  EXPECT_EQ(shown(grant(bad, {})), "bad_command");
}

}  // namespace
}  // namespace settle

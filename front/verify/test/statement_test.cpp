#include <gtest/gtest.h>

#include "statement_check.hpp"
#include "world.hpp"

namespace verify {
namespace {

using test::Account;
using test::joined;
using test::Log;
using test::refusal;
using test::trust_in;

/// Five receipts and two top-ups among other people's leaves.
class Statement : public testing::Test {
 protected:
  Statement() {
    others();
    mine.publish(std::string(test::price_list));
    mine.top_up(5 * test::s);
    mine.charge(1000, 10, 100);
    others();
    mine.charge(7, 0, 1);
    mine.charge(123'456, 100'000, 4096);
    mine.top_up(1);
    mine.top_up(-2);
    mine.charge(1, 1, 0);
    others();
    mine.charge(50, 0, 50);
    lines = mine.statement();
  }
  void others() {
    for (int i = 0; i < 37; ++i) {
      log.add(test::bytes_of("entry of thirty-two random bytes" + std::to_string(++other)));
    }
  }
  [[nodiscard]] std::string with(std::size_t line, std::string_view from,
                                 std::string_view to) const {
    auto changed = lines;
    const std::size_t at = changed[line].find(from);
    EXPECT_NE(at, std::string::npos) << from;
    changed[line].replace(at, from.size(), to);
    return joined(changed);
  }

  Log log;
  int other = 0;
  Account mine{log, 77};
  std::vector<std::string> lines;
  Trust trust = trust_in(log);
};

TEST_F(Statement, SaysWhatItProved) {
  const auto proved = test::check_text(joined(lines), trust);
  ASSERT_TRUE(proved.ok()) << proved.error().line << ": " << proved.error().what;
  EXPECT_EQ(proved.value().receipts, 5U);
  EXPECT_EQ(proved.value().first, 1U);
  EXPECT_EQ(proved.value().last, 5U);
  EXPECT_EQ(proved.value().price_lists, 1U);
  EXPECT_EQ(proved.value().top_ups.value, 5 * test::s - 1);
  EXPECT_EQ(proved.value().closing.balance.value, mine.balance);
  EXPECT_EQ(proved.value().what,
            "5 receipts of account 000000000000004d000000000000004e (1..5) from "
            "2026-11-01T00:00:00Z to 2026-12-01T00:00:00Z, charges 0.013724475 USD, top-ups "
            "4.999999999 USD, balance 0.00 USD -> 4.986275524 USD, price lists 1; all included in "
            "the log example.com/log of size 117");
}

TEST_F(Statement, NoBitCanBeFlipped) {
  StatementCheck before(trust);
  for (std::size_t number = 0; number < lines.size(); ++number) {
    std::string line = lines[number];
    for (std::size_t bit = 0; bit < 8 * line.size(); ++bit) {
      char& byte = line[bit / 8];
      byte = static_cast<char>(byte ^ (1 << (bit % 8)));
      StatementCheck check = before;
      EXPECT_FALSE(check.take(line).ok())
          << "line " << number + 1 << ", bit " << bit % 8 << " of byte " << bit / 8;
      byte = static_cast<char>(byte ^ (1 << (bit % 8)));
    }
    ASSERT_TRUE(before.take(line).ok());
  }
  // The newlines between them.
  const std::string text = joined(lines);
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      EXPECT_NE(refusal(changed, trust), "") << "newline at " << at;
    }
  }
}

TEST_F(Statement, NoLineCanBeLeftOutRepeatedOrSwapped) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto changed = lines;
    changed.erase(changed.begin() + static_cast<long>(i));
    EXPECT_NE(refusal(joined(changed), trust), "") << "without line " << i + 1;
    changed = lines;
    changed.insert(changed.begin() + static_cast<long>(i), lines[i]);
    EXPECT_NE(refusal(joined(changed), trust), "") << "line " << i + 1 << " twice";
    for (std::size_t j = i + 1; j < lines.size(); ++j) {
      changed = lines;
      std::swap(changed[i], changed[j]);
      // Price lists and top-ups that follow each other say the same in either order.
      const auto free = [&](std::size_t at) {
        return lines[at].ends_with("\"top_up\"}") || lines[at].ends_with("\"price_list\"}");
      };
      const bool same = j == i + 1 && free(i) && free(j);
      EXPECT_EQ(refusal(joined(changed), trust) == "", same) << i + 1 << " and " << j + 1;
    }
  }
  for (std::size_t size = 0; size < joined(lines).size(); size += 13) {
    EXPECT_NE(refusal(joined(lines).substr(0, size), trust), "") << "cut at " << size;
  }
  EXPECT_NE(refusal(joined(lines) + "\n", trust), "");
}

TEST_F(Statement, NoLineOfAnotherStatementFits) {
  Log elsewhere;
  Account stranger(elsewhere, 77);
  stranger.publish(std::string(test::price_list));
  stranger.top_up(5 * test::s);
  stranger.charge(1000, 10, 100);
  const auto invented = stranger.statement();
  for (const std::string& line : invented) {
    for (std::size_t i = 0; i <= lines.size(); ++i) {
      auto changed = lines;
      changed.insert(changed.begin() + static_cast<long>(i), line);
      EXPECT_NE(refusal(joined(changed), trust), "");
      if (i < lines.size()) {
        changed = lines;
        changed[i] = line;
        // The same top-up in both is no invention.
        EXPECT_EQ(refusal(joined(changed), trust) == "", line == lines[i]);
      }
    }
  }
}

TEST_F(Statement, OneSpellingOnly) {
  EXPECT_NE(refusal(with(3, "\"leaf\":", "\"leaf\": "), trust), "") << "a space";
  EXPECT_NE(refusal(with(3, "{\"leaf\":", "{\"extra\":1,\"leaf\":"), trust), "");
  EXPECT_NE(refusal(with(3, "\"key\":3", "\"key\":3,\"key\":3"), trust), "") << "twice";
  EXPECT_NE(refusal(with(3, "\"key\":3", "\"key\":03"), trust), "");
  EXPECT_NE(refusal(with(3, "\"key\":3", "\"key\":3.0"), trust), "");
  EXPECT_NE(refusal(with(3, "\"key\":3", "\"key\":\"3\""), trust), "");
  EXPECT_NE(refusal(with(3, "\"key\":3", "\"key\":99999999999999999999"), trust), "");
  EXPECT_NE(refusal(with(3, "\"input_tokens\":1000", "\"input_tokens\":4294968296"), trust), "");
  EXPECT_NE(refusal(with(3, "\"charge_nano\":\"", "\"charge_nano\":\"-"), trust), "");
  EXPECT_NE(refusal(with(1, "\\\"currency\\\"", "\\u0022currency\\u0022"), trust), "");
  std::string crlf = joined(lines);
  crlf.replace(crlf.find('\n'), 1, "\r\n");
  EXPECT_NE(refusal(crlf, trust), "");
}

TEST_F(Statement, NamesTheLineAndWhatIsWrong) {
  EXPECT_EQ(refusal(with(3, "\"cached_tokens\":10,", "\"cached_tokens\":11,"), trust),
            "4: receipt 1: it is not leaf 38 of the log: something in it, its salt, its leaf or "
            "its proof was changed");
  EXPECT_EQ(refusal(with(2, "\"time_ns\":\"1", "\"time_ns\":\"2"), trust),
            "3: sum is not the SHA-256 of this line with its sum empty: a digit of the line was "
            "changed");
  auto changed = lines;
  changed.erase(changed.begin() + 4);
  EXPECT_EQ(refusal(joined(changed), trust),
            "5: receipt 3: its number is 3, but 2 is next: a receipt is missing or too many");
  changed = lines;
  changed.pop_back();
  EXPECT_EQ(refusal(joined(changed), trust),
            "11: the statement does not end: its last line is missing");
}

/// A receipt that is in the log and is a lie all the same.
class Lie : public Statement {
 protected:
  template <class Change>
  std::string told(const Change& change) {
    Account account(log, 5);
    account.publish(std::string(test::price_list));
    account.top_up(5 * test::s);
    account.charge(1000, 10, 100);
    auto last = std::get<ReceiptLine>(account.lines.back()).receipt;
    change(last);
    account.lines.pop_back();
    account.append(last);
    account.balance = last.balance_after.value;
    account.sequence = last.sequence;
    return refusal(joined(account.statement()), trust);
  }
};

TEST_F(Lie, TheLogHelpsNoLie) {
  EXPECT_EQ(told([](auto&) {}), "");
  EXPECT_EQ(told([](ledger::Receipt& it) { it.charge.value += 1; }),
            "4: receipt 1: charge_nano is 209251, but its tokens and prices make 209250");
  EXPECT_EQ(told([](ledger::Receipt& it) { it.balance_after.value -= 1; }),
            "4: balance_after_nano is 4999790749, but the lines before make 4999790750");
  EXPECT_EQ(told([](ledger::Receipt& it) { it.credited.value -= 1; }),
            "4: credited_nano is 4999999999, but the lines before make 5000000000");
  EXPECT_EQ(told([](ledger::Receipt& it) { it.sequence = 2; }),
            "4: receipt 2: its number is 2, but 1 is next: a receipt is missing or too many");
  EXPECT_EQ(told([](ledger::Receipt& it) { it.previous = it.output; }),
            "4: receipt 1: previous_sha256 is not the SHA-256 of the receipt before");
  EXPECT_EQ(told([](ledger::Receipt& it) {
              it.prices.output.value += 10'000'000'000;
              const auto more = price::charge(it.usage, it.prices).value();
              it.balance_after.value -= more.value - it.charge.value;
              it.charge = more;
            }),
            "4: receipt 1: its prices are not those of the price list");
  EXPECT_EQ(told([](ledger::Receipt& it) { it.model = {5}; }),
            "4: receipt 1: the price list has no price for model 5");
  EXPECT_EQ(told([](ledger::Receipt& it) { it.price_list = {2}; }),
            "4: receipt 1: price list 2 is not in the statement before it");
  EXPECT_EQ(told([](ledger::Receipt& it) { it.price_list_hash = it.output; }),
            "4: receipt 1: price_list_sha256 is not that of the price list");
  EXPECT_EQ(told([](ledger::Receipt& it) { it.held_at = {test::november_ns / 2}; }),
            "4: receipt 1: its price list was not valid yet");
  EXPECT_EQ(told([](ledger::Receipt& it) { it.time = {test::december_ns + 3601 * test::s}; }),
            "4: receipt 1: it was settled outside the statement's period");
  EXPECT_EQ(told([](ledger::Receipt& it) {
              it.account = {1, 2};
            }),
            "4: receipt 1: it is of account 00000000000000010000000000000002, not of the "
            "statement's");
  EXPECT_EQ(told([](ledger::Receipt& it) { it.usage.cached = {1001}; }),
            "4: receipt 1: more tokens are cached than there were");
}

TEST_F(Statement, TheKeyMustBeTheLogs) {
  Log other_log;
  other_log.key = signing::Key::of(signing::Seed{9});
  EXPECT_EQ(refusal(joined(lines), trust_in(other_log)),
            "1: the checkpoint: it is not signed by the key that was given");
  // After a rotation the customer has both keys; one of them has signed.
  Trust both = trust_in(other_log);
  both.log_keys.push_back(log.verifier());
  EXPECT_EQ(refusal(joined(lines), both), "");
  Trust renamed = trust;
  renamed.log_keys[0].name = "example.com/other";
  EXPECT_NE(refusal(joined(lines), renamed), "");
}

TEST_F(Statement, WitnessesAreCounted) {
  log.witnesses = {"w1.example", "w2.example"};
  mine.charge(1, 0, 1);
  const std::string text = joined(mine.statement());
  EXPECT_EQ(refusal(text, trust), "") << "nobody asked for witnesses";
  trust.witnesses = {log.witness_verifier("w1.example"), log.witness_verifier("w2.example"),
                     log.witness_verifier("w3.example")};
  trust.quorum = 2;
  const auto proved = test::check_text(text, trust);
  ASSERT_TRUE(proved.ok());
  EXPECT_EQ(proved.value().head.witnesses.size(), 2U);
  EXPECT_NE(proved.value().what.find("cosigned by w1.example, w2.example"), std::string::npos);
  trust.quorum = 3;
  EXPECT_NE(refusal(text, trust).find("of 2 of the witnesses given, and 3 are needed"),
            std::string::npos);
}

TEST_F(Statement, TheLogHasOnlyGrown) {
  const note::Checkpoint before = log.checkpoint(100);
  trust.since = before;
  EXPECT_NE(refusal(joined(lines), trust).find("&since=100"), std::string::npos);
  mine.charge(1, 0, 1);
  const std::string text = joined(mine.statement(100));
  const auto proved = test::check_text(text, trust);
  ASSERT_TRUE(proved.ok()) << proved.error().what;
  EXPECT_EQ(proved.value().since, 100U);
  trust.since->root.words[0] ^= 1U;
  EXPECT_NE(refusal(text, trust).find("is NOT the beginning"), std::string::npos);
  trust.since = before;
  trust.since->size = 1000;
  EXPECT_NE(refusal(text, trust).find("has shrunk"), std::string::npos);
  trust.since = before;
  trust.since->origin = "example.com/other";
  EXPECT_NE(refusal(text, trust), "");
  // From tiles, where the statement has no proof.
  trust.since = before;
  trust.tiles = &log;
  EXPECT_EQ(refusal(joined(lines), trust), "");
}

TEST_F(Statement, WithoutReceipts) {
  Account quiet(log, 3);
  EXPECT_EQ(refusal(joined(quiet.statement()), trust), "");
}

TEST_F(Statement, TheNextMonthGoesOn) {
  mine.charge(10, 0, 10);
  const auto next = mine.statement();
  const auto proved = test::check_text(joined(next), trust);
  ASSERT_TRUE(proved.ok()) << proved.error().what;
  EXPECT_EQ(proved.value().first, 6U);
}

}  // namespace
}  // namespace verify

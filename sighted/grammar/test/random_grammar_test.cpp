// Random small grammars, against a recognizer that tries everything; and masks against asking
// piece by piece.
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <grammar/gbnf.hpp>
#include <grammar/matcher.hpp>

#include "naive.hpp"

namespace grammar {
namespace {

Verdict stands(Matcher matcher, std::string_view text) {
  const Verdict verdict = matcher.accept(text);
  return verdict == Verdict::yes && !matcher.may_end() ? Verdict::no : verdict;
}

/// Where something was accepted, it must be possible to go on or to end.
void expect_no_dead_end(Matcher matcher, const std::string& text) {
  if (matcher.accept(text) != Verdict::yes) {
    return;
  }
  const bool goes_on = matcher.allows("a") != Verdict::no || matcher.allows("b") != Verdict::no;
  EXPECT_TRUE(goes_on || matcher.may_end()) << text;
  EXPECT_EQ(matcher.must_end(), !goes_on) << text;
}

TEST(RandomGrammar, MatchesWhatTheNaiveRecognizerDoes) {
  const auto texts = naive::all_texts(7);
  std::mt19937 dice(20261130);
  std::map<std::string, int> outcomes;
  for (int round = 0; round < 1500; ++round) {
    const auto trees = naive::random_grammar(dice);
    const std::string text = naive::gbnf(trees);
    const auto parsed = parse_gbnf(text);
    if (!parsed) {
      const Refusal& refusal = parsed.error();
      ++outcomes[refusal.keyword];
      if (refusal.kind == Refusal::Kind::unsatisfiable) {
        for (const auto& each : texts) {
          ASSERT_FALSE(naive::matches(trees, each)) << text << "\n" << each;
        }
      } else {
        ASSERT_EQ(refusal.keyword, "left recursion") << text;
      }
      continue;
    }
    ++outcomes["taken"];
    const Matcher begin(parsed.value().grammar);
    for (const auto& each : texts) {
      const Verdict verdict = stands(begin, each);
      ++outcomes[verdict == Verdict::too_costly ? "too costly" : "tried"];
      if (verdict != Verdict::too_costly) {
        ASSERT_EQ(verdict == Verdict::yes, naive::matches(trees, each)) << text << "\n" << each;
        expect_no_dead_end(begin, each);
      }
    }
    ASSERT_FALSE(::testing::Test::HasFailure()) << text;
  }
  EXPECT_GT(outcomes["taken"], 800);
  EXPECT_GT(outcomes["left recursion"], 50);
  EXPECT_GT(outcomes[""], 50);
  // A grammar that can be read in thousands of ways is given up, not read wrongly.
  EXPECT_LT(outcomes["too costly"] * 100, outcomes["tried"]);
}

TEST(RandomGrammar, AMaskSaysWhatAskingForEachPieceSays) {
  std::vector<std::string> pieces = naive::all_texts(6);
  for (std::size_t i = 0; i < pieces.size(); i += 5) {
    pieces[i] += "c";
  }
  const VocabularyTrie trie(pieces);
  std::mt19937 dice(7);
  int taken = 0;
  for (int round = 0; round < 300; ++round) {
    const std::string text = naive::gbnf(naive::random_grammar(dice));
    const auto parsed = parse_gbnf(text);
    if (!parsed) {
      continue;
    }
    Matcher matcher(parsed.value().grammar);
    std::vector<bool> allowed;
    for (int step = 0; step < 4; ++step) {
      Work plenty{100 * mask_work};
      const Verdict verdict = matcher.mask(trie, allowed, plenty);
      if (verdict == Verdict::too_costly) {
        break;
      }
      std::vector<std::string> next;
      for (std::size_t token = 0; token < pieces.size(); ++token) {
        const bool fits = !pieces[token].empty() && matcher.allows(pieces[token]) == Verdict::yes;
        ASSERT_EQ(allowed[token], fits) << text << "\n" << pieces[token];
        if (fits) {
          next.push_back(pieces[token]);
        }
      }
      ASSERT_EQ(verdict == Verdict::yes, !next.empty());
      if (next.empty()) {
        break;
      }
      ASSERT_EQ(matcher.accept(next[dice() % next.size()]), Verdict::yes);
    }
    ++taken;
  }
  EXPECT_GT(taken, 150);
}

}  // namespace
}  // namespace grammar

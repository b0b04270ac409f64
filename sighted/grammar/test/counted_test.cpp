// Counts: code points, passes and remainders, against what plain counting says.
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <grammar/builder.hpp>
#include <grammar/gbnf.hpp>
#include <grammar/matcher.hpp>

namespace grammar {
namespace {

bool stands(Matcher matcher, std::string_view text) {
  return matcher.accept(text) == Verdict::yes && matcher.may_end();
}

/// A quoted string of `min` to `max` characters: raw ones but quotes, or \n, \" and \uXXXX.
RuleId counted_string(Builder& b, std::uint32_t min, std::uint32_t max) {
  const RuleId inside = b.rule();
  const StateId again = b.begin(inside);
  const Range special[] = {{0, 0x1F}, {'"', '"'}, {'\\', '\\'}};
  b.code_points_except(again, special, again, Effect::counts_one);
  const StateId escaped = b.state();
  b.bytes(again, '\\', '\\', escaped, Effect::counts_one);
  b.bytes(escaped, 'n', 'n', again);
  b.bytes(escaped, '"', '"', again);
  StateId digit = b.state();
  b.bytes(escaped, 'u', 'u', digit);
  for (int i = 0; i < 4; ++i) {
    const StateId next = i == 3 ? again : b.state();
    b.bytes(digit, '0', '9', next);
    b.bytes(digit, 'a', 'f', next);
    digit = next;
  }
  b.epsilon(again, b.end(inside));
  const RuleId text = b.rule();
  const StateId open = b.state();
  const StateId shut = b.state();
  b.literal(b.begin(text), "\"", open);
  b.length(open, inside, min, max, shut);
  b.literal(shut, "\"", b.end(text));
  return text;
}

GrammarPtr string_grammar(std::uint32_t min, std::uint32_t max) {
  Builder b;
  return b.build(counted_string(b, min, max)).value();
}

TEST(Counted, AStringHasSoManyCharacters) {
  const char* const characters[] = {"a",   "\xC3\xA9", "\xE4\xB8\x80", "\xF0\x9F\x98\x80",
                                    "\\n", "\\\"",     "\\u00e9"};
  std::mt19937 dice(3);
  for (const auto& [min, max] :
       {std::pair{0U, 3U}, {2U, 2U}, {3U, 8U}, {4U, unbounded}, {0U, unbounded}, {0U, 0U}}) {
    const GrammarPtr grammar = string_grammar(min, max);
    for (std::uint32_t length = 0; length < 12; ++length) {
      for (int round = 0; round < 20; ++round) {
        std::string text = "\"";
        for (std::uint32_t i = 0; i < length; ++i) {
          text += characters[dice() % 7];
        }
        EXPECT_EQ(stands(Matcher(grammar), text + '"'), length >= min && length <= max) << text;
        EXPECT_EQ(Matcher(grammar).allows(text) == Verdict::yes, length <= max) << text;
      }
    }
  }
}

TEST(Counted, AMaskKnowsHowManyCharactersAreLeft) {
  std::vector<std::string> pieces = {"\"",       "\\",       "a",     "ab",   "abc\"",
                                     "abcdefgh", "\xC3\xA9", "\xC3",  "\xA9", "\xC3\xA9\xC3\xA9\"",
                                     "n",        "\\n\\n",   "\"x",   "\x01", "u00",
                                     "a\\",      "abcd",     "a\xC3", "\xFF", "abcdefghij\"",
                                     ""};
  // Enough of others for everything that is done for large vocabularies.
  std::mt19937 dice(4);
  while (pieces.size() < 3000) {
    std::string piece;
    for (std::size_t i = 1 + dice() % 14; i > 0; --i) {
      piece += dice() % 200 == 0 ? '"' : static_cast<char>('a' + dice() % 26);
    }
    pieces.push_back(dice() % 20 == 0 ? piece + "\xE4\xB8\x80\\n" : piece);
  }
  const VocabularyTrie trie(pieces);
  VocabularyTrie::Below string_bytes{{0xFFFFFFFF'00000000, ~std::uint64_t{0}}, true};
  string_bytes.ascii['"' / 64] &= ~(std::uint64_t{1} << ('"' % 64));
  string_bytes.ascii['\\' / 64] &= ~(std::uint64_t{1} << ('\\' % 64));
  ASSERT_NE(trie.rest(string_bytes), nullptr) << "what is known of strings is used here";
  std::vector<GrammarPtr> grammars;
  for (const auto& [min, max] : {std::pair{0U, 3U},
                                 {20U, 20U},
                                 {20U, 21U},
                                 {9U, 40U},
                                 {30U, unbounded},
                                 {0U, unbounded},
                                 {3U, 100'000U},
                                 {1U, 8U}}) {
    grammars.push_back(string_grammar(min, max));
  }
  const char* const texts[] = {
      R"(root ::= "\"" ([^"\\\x00-\x1F] | "\\" ["n]){2,20} "\"")",
      R"(root ::= "\"" [^"\\]{0,9} "\"" | "\"" [a-z]{0,30} "!")",
      R"(root ::= "\"" [a-z\u0080-\uFFFF]{1,9} [a-z\u00E9] "\"")",
      R"(root ::= "\"" [a-z\u00E9\\0-9]{1,12} [0-9a-z]* "\"")",
      R"(root ::= "\"" ([a-z\u00E9] [a-z]?){1,12} "\"")",
      R"(root ::= ("\"" [^"]{3,8} "\""?){1,5})",
      R"(root ::= "\"" ([^"]{0,5} | [^b-z"]{0,9}) "\"")",
  };
  for (const char* const text : texts) {
    const auto parsed = parse_gbnf(text);
    ASSERT_TRUE(parsed.ok()) << text;
    grammars.push_back(parsed.value().grammar);
  }
  for (std::size_t number = 0; number < grammars.size(); ++number) {
    Matcher matcher(grammars[number]);
    std::vector<bool> allowed;
    for (std::string_view next = "\"aa\xC3\xA9\\u00e9zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
         !next.empty(); next.remove_prefix(1)) {
      ASSERT_NE(matcher.mask(trie, allowed), Verdict::too_costly);
      for (std::size_t token = 0; token < pieces.size(); ++token) {
        ASSERT_EQ(allowed[token],
                  !pieces[token].empty() && matcher.allows(pieces[token]) == Verdict::yes)
            << pieces[token] << " of grammar " << number << " before " << next;
      }
      if (matcher.accept(next.substr(0, 1)) != Verdict::yes) {
        break;
      }
    }
  }
}

TEST(Counted, ACountThatNoTextHasIsFoundWhenBuilding) {
  const auto build = [](std::uint32_t min, std::uint32_t max) {
    Builder b;
    const RuleId threes = b.rule();  // 0, 3, 6 ... characters.
    b.literal(b.begin(threes), "abc", b.begin(threes), Effect::counts_one);
    b.epsilon(b.begin(threes), b.end(threes));
    const RuleId root = b.rule();
    b.length(b.begin(root), threes, min, max, b.end(root));
    return b.build(root);
  };
  EXPECT_EQ(build(4, 5).error().kind, Refusal::Kind::unsatisfiable);
  EXPECT_EQ(build(99'998, 99'998).error().kind, Refusal::Kind::unsatisfiable);
  EXPECT_TRUE(build(99'999, 99'999).ok());
  const GrammarPtr six = build(4, 8).value();
  EXPECT_TRUE(stands(Matcher(six), "abcabc"));
  EXPECT_FALSE(stands(Matcher(six), "abc"));
  EXPECT_EQ(Matcher(six).allows("abcabca"), Verdict::no);  // It could not come to an end.
  EXPECT_TRUE(stands(Matcher(build(4, unbounded).value()), "abcabcabc"));
}

TEST(Counted, AWordThatIsTooShortIsUnsatisfiable) {
  Builder b;
  const RuleId word = b.rule();
  b.literal(b.begin(word), "abc", b.end(word), Effect::counts_one);
  const RuleId root = b.rule();
  b.length(b.begin(root), word, 4, unbounded, b.end(root));
  EXPECT_EQ(b.build(root).error().kind, Refusal::Kind::unsatisfiable);
}

TEST(Counted, OneWayOfTwoMayBeImpossible) {
  Builder b;
  const RuleId words = b.rule();
  b.literal(b.begin(words), "ab", b.end(words), Effect::counts_one);
  b.literal(b.begin(words), "axyz", b.end(words), Effect::counts_one);
  const RuleId root = b.rule();
  b.length(b.begin(root), words, 3, 9, b.end(root));
  Matcher matcher(b.build(root).value());
  EXPECT_EQ(matcher.accept("a"), Verdict::yes);
  EXPECT_EQ(matcher.allows("b"), Verdict::no);
  EXPECT_EQ(matcher.allows("xyz"), Verdict::yes);
}

/// Digits, then perhaps a point and up to two more, as a multiple of `step` hundredths.
GrammarPtr multiple(std::uint32_t step) {
  Builder b;
  const RuleId number = b.rule();
  const StateId whole = b.begin(number);
  const StateId point = b.state();
  const StateId tenths = b.state();
  const StateId hundredths = b.state();
  const StateId digits = b.state();
  b.bytes(whole, '0', '9', digits, Effect::digit);
  b.bytes(digits, '0', '9', digits, Effect::digit);
  b.guard(digits, 100 % step, b.end(number));
  b.bytes(digits, '.', '.', point);
  b.bytes(point, '0', '9', tenths, Effect::digit);
  b.guard(tenths, 10 % step, b.end(number));
  b.bytes(tenths, '0', '9', hundredths, Effect::digit);
  b.guard(hundredths, 1, b.end(number));
  const RuleId root = b.rule();
  b.remainder(b.begin(root), number, step, b.end(root));
  return b.build(root).value();
}

TEST(Counted, MultiplesAreWhatDivisionSays) {
  for (const std::uint32_t step : {1U, 2U, 7U, 25U, 100U, 350U, 999U}) {
    const GrammarPtr grammar = multiple(step);
    for (std::uint32_t value = 0; value < 12'000; value += value < 2000 ? 1 : 37) {
      std::string text = std::to_string(value / 100);
      if (value % 100 != 0) {
        text += '.' + std::to_string(value % 100 / 10);
        text += value % 10 != 0 ? std::to_string(value % 10) : "";
      }
      ASSERT_EQ(stands(Matcher(grammar), text), value % step == 0) << text << " by " << step;
    }
  }
}

TEST(Counted, ADigitThatLeadsNowhereIsNotTaken) {
  // Two digits, a multiple of 25.
  Builder b;
  const RuleId two = b.rule();
  const StateId middle = b.state();
  const StateId last = b.state();
  b.bytes(b.begin(two), '0', '9', middle, Effect::digit);
  b.bytes(middle, '0', '9', last, Effect::digit);
  b.guard(last, 1, b.end(two));
  const RuleId root = b.rule();
  b.remainder(b.begin(root), two, 25, b.end(root));
  Matcher matcher(b.build(root).value());
  for (char digit = '0'; digit <= '9'; ++digit) {
    EXPECT_EQ(matcher.allows({&digit, 1}) == Verdict::yes,
              std::string("0257").find(digit) != std::string::npos)
        << digit;
  }
}

TEST(Counted, ARuleThatCallsOthersIsNotCounted) {
  Builder b;
  const RuleId inner = b.rule();
  b.literal(b.begin(inner), "a", b.end(inner), Effect::counts_one);
  const RuleId outer = b.rule();
  b.call(b.begin(outer), inner, b.end(outer));
  const RuleId root = b.rule();
  b.length(b.begin(root), outer, 1, 2, b.end(root));
  EXPECT_EQ(b.build(root).error().kind, Refusal::Kind::unsupported);
}

}  // namespace
}  // namespace grammar

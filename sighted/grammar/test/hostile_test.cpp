// What is meant to cost much, costs little or is given up; and always the same.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <grammar/gbnf.hpp>
#include <grammar/matcher.hpp>

namespace grammar {
namespace {

GrammarPtr compiled(const std::string& text) {
  return parse_gbnf(text).value().grammar;
}

struct Fed {
  std::size_t bytes = 0;           ///< So many were taken,
  Verdict verdict = Verdict::yes;  ///< and this was said to the next.
  std::uint64_t most_work = 0;
  std::size_t memory = 0;
};

/// Bytes of `text`, over and over, one a token.
Fed feed(const GrammarPtr& grammar, std::string_view text, std::size_t limit) {
  Fed fed;
  Matcher matcher(grammar);
  while (fed.bytes < limit) {
    Work work{token_work};
    fed.verdict = matcher.accept(text.substr(fed.bytes % text.size(), 1), work);
    fed.most_work = std::max(fed.most_work, token_work - work.left);
    fed.memory = std::max(fed.memory, matcher.bytes());
    if (fed.verdict != Verdict::yes) {
      break;
    }
    ++fed.bytes;
  }
  return fed;
}

constexpr std::size_t memory_limit = 16 * 1024 * 1024;

TEST(Hostile, WhatIsAmbiguousWithoutDifferenceCostsNothing) {
  for (const char* const text :
       {R"(root ::= (("a"|"a"){10})* "b"?)", R"(root ::= (("a"*)* ("a"*)* ("a" | "aa")*)*)",
        R"(root ::= (("a"* "a"*){3,9} "a"?)+)",
        R"(root ::= "a"{0,100000} "a"{0,100000} "a"{0,100000})", R"(root ::= "a"{1000}{1000})"}) {
    const Fed fed = feed(compiled(text), "a", 3000);
    EXPECT_EQ(fed.bytes, 3000U) << text;
    EXPECT_LT(fed.most_work, 1000U) << text;
    EXPECT_LT(fed.memory, memory_limit) << text;
  }
}

TEST(Hostile, WhatCanBeReadInTooManyWaysIsGivenUp) {
  const char* const texts[] = {
      R"(root ::= "a"{0,1000}{0,1000}{0,1000})",
      R"(root ::= (("a"?){50000}){1,50000})",
      "root ::= \"a\" root? root?\n",
      R"(root ::= ((("a"?){100} "a"){100} "a"){100})",
      "root ::= x x? | \"a\"\nx ::= \"a\" root? root?\n",
  };
  for (const char* const text : texts) {
    const GrammarPtr grammar = compiled(text);
    const Fed fed = feed(grammar, "a", 100'000);
    EXPECT_EQ(fed.verdict, Verdict::too_costly) << text;
    EXPECT_LE(fed.most_work, token_work) << text;
    EXPECT_LT(fed.memory, memory_limit) << text;
    EXPECT_EQ(feed(grammar, "a", 100'000).bytes, fed.bytes) << "the same every time";
  }
}

TEST(Hostile, ARefusedStepLeavesTheStateAsItWas) {
  Matcher matcher(compiled("root ::= \"ab\" \"c\"{1000}"));
  ASSERT_EQ(matcher.accept("a"), Verdict::yes);
  EXPECT_EQ(matcher.accept("x"), Verdict::no);
  EXPECT_EQ(matcher.accept("bx"), Verdict::no);
  Work little{3};
  EXPECT_EQ(matcher.accept("bcccccc", little), Verdict::too_costly);
  EXPECT_EQ(little.left, 0U);
  EXPECT_EQ(matcher.allows("a"), Verdict::no);
  EXPECT_EQ(matcher.accept("bccc"), Verdict::yes);
}

TEST(Hostile, ACopyGoesOnByItself) {
  Matcher one(compiled("root ::= \"a\"{2} | \"ab\""));
  ASSERT_EQ(one.accept("a"), Verdict::yes);
  Matcher other = one;
  EXPECT_EQ(one.accept("a"), Verdict::yes);
  EXPECT_EQ(other.accept("b"), Verdict::yes);
  EXPECT_TRUE(one.must_end());
  EXPECT_TRUE(other.must_end());
  other = one;
  EXPECT_TRUE(other.must_end());
}

TEST(Hostile, DepthWithoutEndStaysWithinItsMemory) {
  const Fed fed = feed(compiled(R"g(root ::= "(" root ")" | "x")g"), "(", 150'000);
  EXPECT_EQ(fed.bytes, 150'000U);
  EXPECT_LT(fed.memory, memory_limit);
}

TEST(Hostile, ALongAnswerIsForgottenBehindIt) {
  const GrammarPtr list = compiled(
      "root ::= \"[\" item (\",\" item){0,100000} \"]\"\nitem ::= \"\\\"\" [a-z]{1,9} \"\\\"\"");
  Matcher matcher(list);
  ASSERT_EQ(matcher.accept("[\"first\""), Verdict::yes);
  for (int i = 0; i < 60'000; ++i) {
    ASSERT_EQ(matcher.accept(",\"item\""), Verdict::yes) << i;
    ASSERT_LT(matcher.bytes(), memory_limit);
  }
  EXPECT_EQ(matcher.allows(",\"toolongaword"), Verdict::no);
  EXPECT_EQ(matcher.accept("]"), Verdict::yes);
  EXPECT_TRUE(matcher.must_end());
}

TEST(Hostile, AMaskIsGivenUpWithinItsWork) {
  std::vector<std::string> pieces;
  for (int i = 0; i < 40'000; ++i) {
    pieces.push_back(std::to_string(i * 7919LL));
  }
  const VocabularyTrie trie(pieces);
  Matcher matcher(compiled("root ::= x x? | [0-9]\nx ::= [0-9] root? root?\n"));
  std::vector<bool> allowed;
  Work work{mask_work};
  EXPECT_EQ(matcher.mask(trie, allowed, work), Verdict::too_costly);
  Matcher simple(compiled("root ::= [0-9]{1,20}"));
  Work little{1000};
  EXPECT_EQ(simple.mask(trie, allowed, little), Verdict::too_costly);
  EXPECT_EQ(little.left, 0U);
  EXPECT_EQ(simple.mask(trie, allowed), Verdict::yes);
  EXPECT_TRUE(allowed[1]);
}

/// What this thread has computed so far, in seconds: others on the machine do not count.
double computed_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

TEST(Hostile, AskingForMuchDoesNotFillTheMemory) {
  Matcher matcher(compiled("root ::= ([a-z]{1,900} [0-9]{1,900}){1,900}"));
  ASSERT_EQ(matcher.accept("ab1"), Verdict::yes);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = std::to_string(i * 7919LL);
    for (std::size_t at = 0; at < text.size(); at += 1 + static_cast<std::size_t>(i % 3)) {
      text[at] = static_cast<char>(text[at] - '0' + 'a');
    }
    ASSERT_EQ(matcher.allows(text + "abc12" + text), Verdict::yes) << text;
    ASSERT_LT(matcher.bytes(), memory_limit);
  }
  EXPECT_EQ(matcher.allows("2a."), Verdict::no);
}

/// The limit is far above what is needed, and far below what it would be without the bounds.
TEST(Hostile, LargeTextsAreTakenOrRefusedSoon) {
  const auto repeated = [](const std::string& part, std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) {
      text += part;
    }
    return text;
  };
  const std::string long_class =
      "root ::= [" + repeated("\\U00010000-\\U00010001\\u4E00", 900'000) + "]";
  std::string ranges = "root ::= [";
  for (std::uint32_t i = 0x20000; ranges.size() < 1'000'000; i += 3) {
    char text[16];
    std::snprintf(text, sizeof text, "\\U%08X", i % 0x10FFFF);
    ranges += text;
  }
  ranges += "]";
  std::string chain = "root ::= r0\n";
  for (int i = 0; chain.size() < 1'000'000; ++i) {
    chain += "r" + std::to_string(i) + " ::= r" + std::to_string(i + 1) + "? \"x\"?\n";
  }
  const std::string texts[] = {
      "root ::= \"" + repeated("a", 1'000'000) + "\"",
      "root ::= " + repeated("\"a\" ", 1'000'000),
      "root ::= " + repeated("x|", 1'000'000) + "\nx ::= \"a\"",
      "root ::= " + repeated("(a?){1000}", 1'000'000) + "\na ::= \"x\"*",
      "root ::= " + repeated("[a-z]{0,1000}", 1'000'000),
      "root ::= a" + repeated("*", 1'000'000) + "\na ::= \"x\"",
      "root ::= a" + repeated("{2}", 1'000'000) + "\na ::= \"x\"",
      repeated("root ::= \"a\"\n", 1'000'000),
      repeated("#", 1'000'000),
      repeated("(", 1'000'000),
      long_class,
      ranges,
      chain,
      "root ::= " + repeated("[^a\\u0100-\\u0200\\U00010000-\\U00010001]", 1'000'000),
  };
  for (const std::string& text : texts) {
    const double start_s = computed_s();
    const auto parsed = parse_gbnf(text);
    EXPECT_LT(computed_s() - start_s, 3) << text.substr(0, 40);
    if (parsed) {
      EXPECT_LT(parsed.value().grammar->bytes(), 64U * 1024 * 1024) << text.substr(0, 40);
      const Fed fed = feed(parsed.value().grammar, "a", 50);
      EXPECT_LE(fed.most_work, token_work) << text.substr(0, 40);
    } else {
      EXPECT_FALSE(parsed.error().keyword.empty()) << text.substr(0, 40);
    }
  }
}

TEST(Hostile, ABuilderTakesNothingBeyondItsBounds) {
  Builder b;
  const RuleId root = b.rule();
  for (int i = 0; i < 2'000'000 && !b.full(); ++i) {
    b.bytes(b.begin(root), 'a', 'a', b.end(root));
  }
  EXPECT_TRUE(b.full());
  const Refusal expected{Refusal::Kind::too_large, "", "edges", 400'000};
  EXPECT_EQ(b.build(root).error(), expected);
  Builder deep;
  const RuleId rule = deep.rule();
  deep.repeat(deep.begin(rule), rule, 100'001, unbounded, deep.end(rule));
  const Refusal count{Refusal::Kind::too_large, "", "repetitions", 100'000};
  EXPECT_EQ(deep.build(rule).error(), count);
}

}  // namespace
}  // namespace grammar

#include "literal.hpp"

#include <chrono>

#include <gtest/gtest.h>

#include "leaf_run.hpp"

namespace grammar {
namespace {

GrammarPtr of(const std::vector<std::string>& texts) {
  return leaf_grammar([&](Builder& builder) {
    return base::Result<RuleId, Refusal>{literal_rule(builder, texts)};
  });
}

TEST(Literal, WritesValuesTheirPlainestWay) {
  const GrammarPtr grammar =
      of({R"({"a" : [1.0,2e2 ,-0.50, -0],"\u0062\/":"\u00e4\ud83d\ude00\u000a\u0001\""})", "null",
          "true"});
  ASSERT_TRUE(grammar);
  EXPECT_TRUE(matches(grammar, "{\"a\":[1,200,-0.5,0],\"b/\":\"ä😀\\n\\u0001\\\"\"}"));
  EXPECT_TRUE(matches(grammar, "{\"a\": [1, 200, -0.5, 0], \"b/\": \"ä😀\\n\\u0001\\\"\"}"));
  EXPECT_TRUE(matches(grammar, "{\"a\":[1, 200,-0.5, 0],\"b/\": \"ä😀\\n\\u0001\\\"\"}"));
  EXPECT_FALSE(matches(grammar, "{\"a\":  [1,200,-0.5,0],\"b/\":\"ä😀\\n\\u0001\\\"\"}"));
  EXPECT_TRUE(matches(grammar, "null"));
  EXPECT_TRUE(matches(grammar, "true"));
  EXPECT_FALSE(matches(grammar, "false"));
  EXPECT_FALSE(matches(grammar, "nul"));
}

TEST(Literal, BlanksStayOutsideStrings) {
  const GrammarPtr grammar = of({R"(["a,b:c","d"])"});
  EXPECT_TRUE(matches(grammar, R"(["a,b:c", "d"])"));
  EXPECT_FALSE(matches(grammar, R"(["a, b:c","d"])"));
}

TEST(Literal, NumbersByValue) {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"0", "0"},
      {"-0.0", "0"},
      {"1.50", "1.5"},
      {"100", "100"},
      {"1e2", "100"},
      {"1e-2", "0.01"},
      {"123e-2", "1.23"},
      {"-1E+3", "-1000"},
      {"1e300", "1e300"},
      {"12.5e-300", "1.25e-299"},
      {"9223372036854775807", "9223372036854775807"}};
  for (const auto& [text, plain] : rows)
    EXPECT_EQ(number_text(Decimal::read(text)), plain);
}

TEST(Literal, ManyWordsShareTheirBeginnings) {
  std::vector<std::string> words;
  for (int at = 0; at < 2000; ++at)
    words.push_back("\"a_rather_long_shared_beginning_" + std::to_string(at) + "\"");
  Builder builder;
  const auto before = std::chrono::steady_clock::now();
  const RuleId rule = literal_rule(builder, words);
  EXPECT_LT(builder.edges(), 12000);
  const auto grammar = builder.build(rule);
  ASSERT_TRUE(grammar);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds{1});
  EXPECT_TRUE(matches(grammar.value(), words[1999]));
  EXPECT_TRUE(matches(grammar.value(), words[0]));
  EXPECT_FALSE(matches(grammar.value(), "\"a_rather_long_shared_beginning_2000\""));
}

TEST(Literal, NothingMatchesNoWords) {
  EXPECT_FALSE(of({}));
}

}  // namespace
}  // namespace grammar

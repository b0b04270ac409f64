// Patterns whose long repetitions may begin anywhere: what is written conforms, and is short enough
// to come to an end.
#include <algorithm>
#include <chrono>
#include <random>

#include <gtest/gtest.h>

#include "leaf_run.hpp"
#include "literal.hpp"
#include "machine.hpp"
#include "pattern.hpp"
#include "schema_run.hpp"

namespace grammar {
namespace {

/// Letters out of `set`, from min to max of them.
struct Segment {
  std::string set;
  std::size_t min = 0;
  std::size_t max = 0;
};

/// Whether the segments are found in a row, anywhere in the text. It shares nothing with the room:
/// the places that each segment may end at, one segment after the other.
bool found_in(const std::vector<Segment>& segments, const std::string& text) {
  std::vector<bool> places(text.size() + 1, true);
  for (const Segment& segment : segments) {
    std::vector<bool> ends(text.size() + 1);
    for (std::size_t from = 0; from <= text.size(); ++from) {
      if (!places[from]) continue;
      std::size_t run = 0;
      while (run < segment.max && from + run < text.size() &&
             segment.set.find(text[from + run]) != std::string::npos) {
        ++run;
      }
      for (std::size_t length = segment.min; length <= run; ++length)
        ends[from + length] = true;
    }
    places = std::move(ends);
  }
  return std::find(places.begin(), places.end(), true) != places.end();
}

std::string written(const std::vector<Segment>& segments) {
  std::string pattern;
  for (const Segment& segment : segments) {
    pattern += "[" + segment.set + "]{" + std::to_string(segment.min) + "," +
               std::to_string(segment.max) + "}";
  }
  return pattern;
}

base::Result<GrammarPtr, Refusal> grammar_of(const TextDemand& demand) {
  Builder builder;
  const base::Result<RuleId, Refusal> rule = text_rule(builder, demand);
  if (!rule) return base::Fail{rule.error()};
  return builder.build(rule.value());
}

/// A text made at random, one letter in ten anything, so that repetitions come to their end.
Made some_text(const GrammarPtr& grammar, std::mt19937& dice, const std::string& letters) {
  Matcher matcher{grammar};
  Made out;
  while (out.text.size() < 20000) {
    out.ended = matcher.must_end() || (matcher.may_end() && dice() % 8 == 0);
    if (out.ended) return out;
    std::string tried(1, letters[dice() % letters.size()]);
    if (dice() % 10 == 0) tried[0] = static_cast<char>('a' + dice() % 26);
    for (int offset = 0; matcher.accept(tried) != Verdict::yes; ++offset) {
      out.stuck = offset == 256;
      if (out.stuck) return out;
      tried[0] = static_cast<char>(offset);
    }
    out.text += tried;
  }
  return out;
}

TEST(Narrowed, RepetitionsWithinTheBoundAreAnswered) {
  const std::vector<std::string> patterns = {"[a-z]{1000}",
                                             "a{300}.*b{300}",
                                             "x{500}y",
                                             "\\w{1000}",
                                             "\\d{1000}$",
                                             "[^,]{1000},",
                                             "(?:ab|a){1000}",
                                             "a{300}|b{300}",
                                             "(a|b)*a(a|b){900}",
                                             "^.*[0-9]{1000}$",
                                             "foo[a-z]{500,1000}bar",
                                             "(?:[0-9a-f]{2}:){300}[0-9a-f]{2}",
                                             "a{1000}",
                                             ".{1000}",
                                             "\\s{500}\\S{500}"};
  for (const std::string& pattern : patterns) {
    TextDemand demand;
    demand.patterns = {pattern};
    const auto before = std::chrono::steady_clock::now();
    const base::Result<GrammarPtr, Refusal> grammar = grammar_of(demand);
    const std::chrono::duration<double, std::milli> took =
        std::chrono::steady_clock::now() - before;
    EXPECT_LT(took.count(), 1000) << pattern;
    EXPECT_TRUE(grammar) << pattern;
  }
}

TEST(Narrowed, WhatIsWrittenIsFound) {
  std::mt19937 dice{5};
  const std::vector<std::string> sets = {"ab", "abc", "b", "cd", "a", "0123456789"};
  std::size_t narrowed = 0;
  std::size_t ended = 0;
  for (int round = 0; round < 40; ++round) {
    std::vector<Segment> segments;
    std::string letters;
    for (std::size_t left = 1 + dice() % 3; left > 0; --left) {
      const std::size_t min = dice() % 3 == 0 ? 1 + dice() % 5 : 100 + dice() % 300;
      segments.push_back({sets[dice() % sets.size()], min, min + dice() % 3 * (dice() % 50)});
      letters += segments.back().set;
    }
    const std::string pattern = written(segments);
    TextDemand demand;
    demand.patterns = {pattern};
    const base::Result<TextSet, Refusal> set = TextSet::of(demand);
    ASSERT_TRUE(set) << pattern;
    narrowed += set->narrowed() ? 1 : 0;
    const base::Result<GrammarPtr, Refusal> grammar = grammar_of(demand);
    ASSERT_TRUE(grammar) << pattern;
    for (int sample = 0; sample < 3; ++sample) {
      // Following the pattern's own letters in their order, and at random.
      const Made text = some_text(*grammar, dice, sample == 0 ? "e" : letters);
      ASSERT_FALSE(text.stuck) << pattern;
      if (!text.ended) continue;
      ++ended;
      EXPECT_TRUE(found_in(segments, text.text)) << pattern << "\n" << text.text;
      EXPECT_TRUE(set->contains(text.text)) << pattern;
    }
    std::string shortest;
    for (const Segment& segment : segments)
      shortest += std::string(segment.min, segment.set.back());
    EXPECT_TRUE(set->contains("--" + shortest + "--")) << pattern;
    EXPECT_EQ(set->contains(shortest.substr(1)), found_in(segments, shortest.substr(1))) << pattern;
  }
  EXPECT_GT(narrowed, 10);
  EXPECT_GT(ended, 10);
}

TEST(Narrowed, ReachesTheEndByTheShortestWay) {
  TextDemand demand;
  demand.patterns = {"x{500}y"};
  demand.max_length = 501;
  const base::Result<GrammarPtr, Refusal> grammar = grammar_of(demand);
  ASSERT_TRUE(grammar);
  EXPECT_TRUE(matches(*grammar, std::string(500, 'x') + "y"));
  EXPECT_FALSE(matches(*grammar, std::string(499, 'x') + "y"));
  Matcher matcher{*grammar};
  EXPECT_EQ(matcher.accept("z"), Verdict::no) << "nothing but the match has room";
}

TEST(Narrowed, ASetStaysWhole) {
  TextDemand demand;
  demand.patterns = {"x{500}y"};
  const base::Result<TextSet, Refusal> set = TextSet::of(demand);
  ASSERT_TRUE(set && set->narrowed());
  for (std::size_t count = 498; count < 700; ++count) {
    EXPECT_EQ(set->contains(std::string(count, 'x') + "y"), count >= 500) << count;
  }
  MachineWork none{1};
  EXPECT_EQ(set->contains(std::string(600, 'x') + "y", none), std::nullopt);
}

TEST(Narrowed, SchemasWithSuchPatterns) {
  const std::string word(600, 'x');
  EXPECT_EQ(strictly(R"({"type":"string","pattern":"[a-z]{1000}"})"), "ok");
  EXPECT_EQ(strictly(R"({"type":"object","properties":{"a":{"pattern":"a{300}","type":"string"},
      "b":{"type":"string","pattern":"[ab]{300}c"}},"required":["a","b"]})"),
            "ok");
  EXPECT_EQ(strictly(R"({"type":"string","allOf":[{"pattern":"a{300}"},{"pattern":"b{300}"}]})"),
            "ok");
  EXPECT_EQ(strictly(R"({"type":"string","pattern":"x{500}y","maxLength":501})"), "ok");
  EXPECT_EQ(strictly(R"({"type":"string","pattern":"x{500}y","minLength":1000})"), "ok");
  EXPECT_EQ(strictly(R"({"type":"string","pattern":"[a-z]","minLength":1000})"), "ok");
  EXPECT_EQ(strictly(R"({"type":"string","pattern":"x{500}y","enum":["y",")" + word + "y\"]}"),
            "ok");
  EXPECT_EQ(strictly(R"({"type":"string","pattern":"x{500}y","maxLength":500})"),
            "too_large pattern (pattern (states)) 4000");
  EXPECT_EQ(strictly(R"({"type":"string","not":{"pattern":"[a-z]{1000}"}})"), "ok");
}

/// What a step's grammars may cost together is 220,000 operations; one of these is to fit alone.
TEST(Narrowed, ATokenFitsItsWork) {
  std::vector<std::string> pieces;
  for (int byte = 0; byte < 256; ++byte)
    pieces.emplace_back(1, static_cast<char>(byte));
  for (std::size_t at = 0; at < 26 * 26 * 26; ++at) {
    const auto letter = [&](std::size_t of) { return static_cast<char>('a' + of % 26); };
    pieces.push_back({letter(at), letter(at / 26), letter(at / 676)});
  }
  const VocabularyTrie trie(pieces);
  for (const char* schema :
       {R"({"type":"string","pattern":"[a-z]{1000}"})",
        R"({"type":"string","pattern":"[a-z]{500}[0-9]","maxLength":700})",
        R"({"type":"string","allOf":[{"pattern":"[a-m]{300}"},{"pattern":"[n-z]{300}"}]})",
        R"({"type":"string","pattern":"[a-z]{500}[0-9]","minLength":1000})"}) {
    const auto compiled = compile_schema(schema, SchemaMode::strict);
    ASSERT_EQ(outcome(compiled), "ok") << schema;
    Matcher matcher(compiled.value().grammar);
    ASSERT_EQ(matcher.accept("\""), Verdict::yes);
    std::uint64_t most = 0;
    for (int at = 0; at < 500; ++at) {
      if (at % 25 == 0) {
        std::vector<bool> allowed;
        Work work{220'000};
        ASSERT_EQ(matcher.mask(trie, allowed, work), Verdict::yes) << schema << " " << at;
        most = std::max(most, 220'000 - work.left);
      }
      ASSERT_EQ(matcher.accept("a"), Verdict::yes) << schema << " " << at;
    }
    RecordProperty("most", std::to_string(most));
  }
}

}  // namespace
}  // namespace grammar

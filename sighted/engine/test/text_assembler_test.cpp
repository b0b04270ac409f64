#include <gtest/gtest.h>

#include <algorithm>
#include <engine/text_assembler.hpp>
#include <random>
#include <string>
#include <vector>

namespace engine {
namespace {

/// All at once, the slow way: text up to the end of the stop string that is complete first.
std::string naive(const std::string& text, const std::vector<std::string>& stop, bool& stopped) {
  for (std::size_t end = 1; end <= text.size(); ++end) {
    const std::string_view head = std::string_view(text).substr(0, end);
    std::size_t longest = 0;
    for (const auto& each : stop) {
      if (head.ends_with(each)) {
        longest = std::max(longest, each.size());
      }
    }
    if (longest > 0) {
      stopped = true;
      return text.substr(0, end - longest);
    }
  }
  stopped = false;
  return text;
}

bool whole_characters(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto first = static_cast<unsigned char>(text[at]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if ((first >= 0x80 && first < 0xC2) || at + length > text.size()) {
      return false;
    }
    for (std::size_t i = 1; i < length; ++i) {
      if ((static_cast<unsigned char>(text[at + i]) & 0xC0U) != 0x80U) {
        return false;
      }
    }
    at += length;
  }
  return true;
}

std::string assemble(const std::vector<std::string>& pieces, std::vector<std::string> stop) {
  TextAssembler assembler(std::move(stop));
  std::string text;
  for (const auto& piece : pieces) {
    text += assembler.add(piece);
  }
  return text + assembler.finish();
}

TEST(TextAssembler, GivesPlainTextAtOnce) {
  TextAssembler assembler({});
  EXPECT_EQ(assembler.add("Hello"), "Hello");
  EXPECT_EQ(assembler.add(", world"), ", world");
  EXPECT_EQ(assembler.finish(), "");
}

TEST(TextAssembler, HoldsACharacterBackUntilItIsWhole) {
  TextAssembler assembler({});
  EXPECT_EQ(assembler.add("a\xF0\x9F"), "a");
  EXPECT_EQ(assembler.add("\x90"), "");
  EXPECT_EQ(assembler.add("\x88z"), "\xF0\x9F\x90\x88z");
}

TEST(TextAssembler, ReplacesWhatCanNeverBeText) {
  EXPECT_EQ(assemble({"a\xFFz"}, {}), "a\xEF\xBF\xBDz");
  EXPECT_EQ(assemble({"\xC0\xAF"}, {}), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(assemble({"\xED\xA0\x80"}, {}), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(assemble({"\xE2\x82", "x"}, {}), "\xEF\xBF\xBDx");
  EXPECT_EQ(assemble({"\xE2\x82"}, {}), "\xEF\xBF\xBD");
}

TEST(TextAssembler, CutsAStopStringThatSpansPieces) {
  TextAssembler assembler({"END"});
  EXPECT_EQ(assembler.add("the E"), "the ");
  EXPECT_EQ(assembler.add("N"), "");
  EXPECT_FALSE(assembler.stopped());
  EXPECT_EQ(assembler.add("D of it"), "");
  EXPECT_TRUE(assembler.stopped());
  EXPECT_EQ(assembler.add("more"), "");
  EXPECT_EQ(assembler.finish(), "");
}

TEST(TextAssembler, GivesBackWhatOnlyLookedLikeAStop) {
  TextAssembler assembler({"END"});
  EXPECT_EQ(assembler.add("EN"), "");
  EXPECT_EQ(assembler.add("tire"), "ENtire");
  EXPECT_EQ(assembler.add("EN"), "");
  EXPECT_EQ(assembler.finish(), "EN");
}

TEST(TextAssembler, TheStopThatIsCompleteFirstWins) {
  EXPECT_EQ(assemble({"xabcdx"}, {"abcd", "bc"}), "xa");
  EXPECT_EQ(assemble({"xabcx"}, {"bc", "abc"}), "x");
  EXPECT_EQ(assemble({"\n", "\n"}, {"\n\n"}), "");
}

TEST(TextAssembler, AnswersTheSameHoweverTheTextIsCut) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 dice(seed);
  const auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(dice);
  };
  const std::vector<std::string> letters{"a", "b", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x90\x88"};
  const auto word = [&](std::size_t length) {
    std::string made;
    for (std::size_t i = 0; i < length; ++i) {
      made += letters[below(letters.size())];
    }
    return made;
  };
  for (int round = 0; round < 3000; ++round) {
    const std::string text = word(below(40));
    std::vector<std::string> stop;
    for (std::size_t i = below(4); i > 0; --i) {
      stop.push_back(word(1 + below(4)));
    }
    bool stops = false;
    const std::string expected = naive(text, stop, stops);
    TextAssembler assembler(stop);
    std::string got;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = 1 + below(5);
      const std::string part = assembler.add(std::string_view(text).substr(at, length));
      ASSERT_TRUE(whole_characters(part));
      got += part;
      at += length;
    }
    ASSERT_EQ(assembler.stopped(), stops) << text;
    got += assembler.finish();
    ASSERT_EQ(got, expected);
  }
}

TEST(TextAssembler, RandomBytesComeOutAsText) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 dice(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (int i = 0; i < 30; ++i) {
      bytes += static_cast<char>(dice() % 4 == 0 ? dice() : 0x80 + dice() % 0x80);
    }
    TextAssembler whole({});
    std::string expected = whole.add(bytes);
    expected += whole.finish();
    ASSERT_TRUE(whole_characters(expected));
    TextAssembler split({});
    std::string got;
    for (const char byte : bytes) {
      got += split.add(std::string(1, byte));
    }
    ASSERT_EQ(got + split.finish(), expected);
  }
}

TEST(TextAssembler, AClientsStopStringsDoNotReachIntoACall) {
  const auto whole = [](std::vector<std::string> stops, const std::string& text, bool by_letter) {
    TextAssembler assembler(std::move(stops), 1, {"<tool_call>"});
    std::string said;
    if (by_letter) {
      for (const char letter : text) {
        said += assembler.add({&letter, 1});
      }
    } else {
      said += assembler.add(text);
    }
    said += assembler.finish();
    return said + (assembler.stopped() ? "|" + std::to_string(assembler.matched()) : "");
  };
  const std::string call = R"(<tool_call>{"name": "f"})";
  for (const bool by_letter : {false, true}) {
    for (const char* const stop : {"{", "<", "<tool_call>", "tool", "\"name\"", "}"}) {
      EXPECT_EQ(whole({stop}, call, by_letter), call) << stop;
      EXPECT_EQ(whole({stop}, "text " + call, by_letter), "text " + call) << stop;
    }
    EXPECT_EQ(whole({"x"}, "ax" + call, by_letter), "a|0") << "in front of the call";
    EXPECT_EQ(whole({"<"}, "a<b", by_letter), "a|0") << "no call after all";
    EXPECT_EQ(whole({"<"}, "a<", by_letter), "a|0") << "the end came";
    EXPECT_EQ(whole({"}", "END"}, call + "END", by_letter), call + "|1") << "the template's own";
  }
}

}  // namespace
}  // namespace engine

// Log probabilities are those of the content, and joined they are the content.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "content_logprobs.hpp"
#include "fixture.hpp"

namespace api {
namespace {

/// Adds the pieces, tells what is content (place and length), and returns the pieces listed.
std::vector<std::string> listed(const std::vector<std::string>& pieces,
                                const std::vector<std::pair<std::size_t, std::size_t>>& content) {
  ContentLogprobs tokens;
  for (const std::string& piece : pieces) {
    tokens.add({piece, -1.0F, {}});
  }
  std::vector<std::string> all;
  const auto take = [&](const std::vector<content::TokenLogprob>& some) {
    for (const auto& token : some) {
      all.push_back(token.piece);
    }
  };
  for (const auto& [at, bytes] : content) {
    take(tokens.told(at, bytes));
  }
  take(tokens.finish());
  return all;
}

using Pieces = std::vector<std::string>;

TEST(ContentLogprobs, ListsWhatIsContentAndNothingElse) {
  EXPECT_EQ(listed({"ab", "cd", "ef"}, {{0, 6}}), (Pieces{"ab", "cd", "ef"}));
  EXPECT_EQ(listed({"ab", "cd", "ef"}, {{0, 2}, {2, 1}, {3, 3}}), (Pieces{"ab", "cd", "ef"}));
  EXPECT_EQ(listed({"<think>", "x", "</think>", "ab", "<call>"}, {{16, 2}}), (Pieces{"ab"}));
  EXPECT_EQ(listed({"ab", "<call>", "cd"}, {{0, 2}, {8, 2}}), (Pieces{"ab", "cd"}));
  EXPECT_EQ(listed({"ab", "cd"}, {}), Pieces{});
}

TEST(ContentLogprobs, ATokenThatIsContentInPartIsListedWithThatPart) {
  EXPECT_EQ(listed({"ab", "cd"}, {{0, 3}}), (Pieces{"ab", "c"}));
  EXPECT_EQ(listed({"</think>", "\n\nab"}, {{10, 2}}), (Pieces{"ab"}));
  EXPECT_EQ(listed({"abcdef"}, {{2, 2}}), (Pieces{"cd"}));
  EXPECT_EQ(listed({"abcd", "ef"}, {{0, 2}, {3, 3}}), (Pieces{"ab", "ef"}));
}

TEST(ContentLogprobs, CharactersMayBeCutBetweenTokens) {
  EXPECT_EQ(listed({"\xE2\x82", "\xAC", "!"}, {{0, 4}}), (Pieces{"\xE2\x82", "\xAC", "!"}));
  EXPECT_EQ(listed({"a", "\xE2\x82"}, {{0, 4}}), (Pieces{"a", "\xE2\x82"}));
  // One byte that is no UTF-8 is three bytes of content.
  EXPECT_EQ(listed({"\xFF", "ab", "cd"}, {{0, 6}}), (Pieces{"\xFF", "ab", "c"}));
}

TEST(ContentLogprobs, TokensAreGivenAsSoonAsTheirTextIs) {
  ContentLogprobs tokens;
  tokens.add({"ab", -1.0F, {}});
  tokens.add({"cd", -1.0F, {}});
  EXPECT_EQ(tokens.told(0, 1).size(), 0U);
  EXPECT_EQ(tokens.told(1, 2).size(), 1U);
  EXPECT_EQ(tokens.told(3, 1).size(), 1U);
  EXPECT_EQ(tokens.end(), 4U);
}

/// The pieces of all log probabilities in a reply, joined; each of one letter or a few.
std::string joined(std::string_view body) {
  constexpr std::string_view start = R"({"token":")";
  constexpr std::string_view end = R"(","logprob":)";
  constexpr std::string_view alternatives = R"("top_logprobs":[])";
  std::string all;
  for (std::size_t at = body.find(start); at != std::string_view::npos; at = body.find(start, at)) {
    at += start.size();
    all += body.substr(at, body.find(end, at) - at);
  }
  EXPECT_NE(body.find(alternatives), std::string_view::npos);
  return all;
}

TEST(ContentLogprobs, ThoughtsAndStopStringsHaveNone) {
  engine::ScriptedOptions options;
  options.reply = "<think>hello</think>hello world";
  testing::House house(options);
  const std::string secret = house.tenant_key("one", 1'000'000'000);
  for (const std::string_view stream : {"false", "true"}) {
    const auto ask = [&](std::string_view more) {
      const std::string body =
          R"({"model":"test","messages":[{"role":"user","content":"hi"}],"logprobs":true)" +
          std::string(more) + R"(,"stream":)" + std::string(stream) + "}";
      const testing::Reply reply = house.call("POST", "/v1/chat/completions", body, secret);
      EXPECT_EQ(reply.status, 200U) << reply.body;
      return joined(reply.body);
    };
    EXPECT_EQ(ask(""), "hello world");
    EXPECT_EQ(ask(R"(,"stop":["o w"])"), "hell");
    EXPECT_EQ(ask(R"(,"stop":["nowhere"])"), "hello world");
  }
}

}  // namespace
}  // namespace api

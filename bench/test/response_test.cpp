#include "response.hpp"

#include <gtest/gtest.h>

namespace load {
namespace {

TEST(response, comes_in_any_pieces) {
  const std::string text =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\ndata:\r\n3\r\n {}\r\n0\r\n\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    Response response;
    response.begin();
    for (std::size_t from = 0; from < text.size(); from += piece) {
      response.feed(std::string_view(text).substr(from, piece));
    }
    EXPECT_EQ(response.state(), Response::State::done) << piece;
    EXPECT_EQ(response.status(), 200);
    EXPECT_EQ(response.body, "data: {}");
  }
}

TEST(response, usage_is_read_with_and_without_a_cache) {
  Answer answer;
  read_usage(R"(data: {"usage":{"prompt_tokens":830,"completion_tokens":32,)"
             R"("prompt_tokens_details":{"cached_tokens":800}}})",
             answer);
  EXPECT_EQ(answer.tokens_in, 830);
  EXPECT_EQ(answer.tokens_out, 32);
  EXPECT_EQ(answer.tokens_cached, 800);
  read_usage(R"(data: {"usage":{"prompt_tokens": 9,"completion_tokens": 1}})", answer);
  EXPECT_EQ(answer.tokens_in, 9);
  EXPECT_EQ(answer.tokens_cached, 0);
  read_usage(R"(data: {"choices":[],"usage":null})", answer);
  EXPECT_EQ(answer.tokens_in, 9) << "what says nothing changes nothing";
}

TEST(response, an_event_with_empty_text_is_no_token) {
  EXPECT_TRUE(carries_text(R"(data: {"choices":[{"delta":{"content":"a"}}]})"));
  EXPECT_TRUE(carries_text(R"(data: {"choices":[{"text": "a"}]})"));
  EXPECT_TRUE(carries_text(R"(data: {"choices":[{"delta":{"reasoning_content":"a"}}]})"));
  EXPECT_FALSE(carries_text(R"(data: {"choices":[{"delta":{"role":"assistant","content":""}}]})"));
  EXPECT_FALSE(carries_text(R"(data: {"choices":[{"delta":{"content":null}}]})"));
  EXPECT_FALSE(carries_text(R"(data: {"choices":[]})"));
}

}  // namespace
}  // namespace load

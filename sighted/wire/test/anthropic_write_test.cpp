#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <wire/anthropic_write.hpp>

namespace wire {
namespace {

namespace json = boost::json;
using terms::EndReason;

const ReplyHead head{"r1", "m", 1700000000};
const UsageNote usage{{{10}, {4}, {3}}, "0.000012", "12000", "USD"};

TEST(AnthropicWrite, Message) {
  Answer answer;
  answer.add({"Hello", "", {}, {}});
  EXPECT_EQ(json::parse(message(head, answer, usage)), json::parse(R"({
    "id": "msg_r1", "type": "message", "role": "assistant", "model": "m",
    "content": [{"type": "text", "text": "Hello"}],
    "stop_reason": "end_turn", "stop_sequence": null,
    "usage": {"input_tokens": 6, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 4,
      "output_tokens": 3, "cost": 0.000012, "cost_nano": "12000",
      "currency": "USD"},
    "receipt_id": "r1"})"));
}

TEST(AnthropicWrite, BlocksOfEveryKind) {
  Answer answer;
  answer.add({"I look.", "hm", {{0, "toolu_1", "f", "{\"a\": [1.50]}"}}, {}});
  answer.add({"", "", {{1, "", "g", "{\"cut off"}}, {}});
  answer.finish.called_tool = true;
  const std::string text = message(head, answer, usage);
  EXPECT_EQ(json::parse(text).at("content"), json::parse(R"([
    {"type": "thinking", "thinking": "hm", "signature": ""},
    {"type": "text", "text": "I look."},
    {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": [1.5]}},
    {"type": "tool_use", "id": "call_r1_0_1", "name": "g", "input": {}}])"));
  EXPECT_EQ(json::parse(text).at("stop_reason"), "tool_use");
}

TEST(AnthropicWrite, StopReasons) {
  Answer answer;
  answer.finish = {EndReason::stop, false, "END"};
  const auto stopped = json::parse(message(head, answer, usage));
  EXPECT_EQ(stopped.at("stop_reason"), "stop_sequence");
  EXPECT_EQ(stopped.at("stop_sequence"), "END");
  EXPECT_EQ(stopped.at("content"), json::array());
  EXPECT_EQ(stop_reason({EndReason::length, false, ""}), "max_tokens");
  EXPECT_EQ(stop_reason({EndReason::funds, true, "END"}), "max_tokens");
  EXPECT_EQ(stop_reason({EndReason::stop, true, ""}), "tool_use");
}

TEST(AnthropicWrite, CountAndErrors) {
  EXPECT_EQ(token_count(17), R"({"input_tokens":17})");
  const std::vector<std::pair<int, std::string>> types = {
      {400, "invalid_request_error"}, {401, "authentication_error"},
      {402, "billing_error"},         {403, "permission_error"},
      {404, "not_found_error"},       {413, "request_too_large"},
      {429, "rate_limit_error"},      {500, "api_error"},
      {503, "overloaded_error"},      {504, "timeout_error"}};
  for (const auto& [status, type] : types) {
    EXPECT_EQ(
        json::parse(anthropic_error({status, "No.", "x", "y"})),
        json::parse(R"({"type":"error","error":{"type":")" + type + R"(","message":"No."}})"));
  }
}

TEST(AnthropicWrite, WhyItStopped) {
  EXPECT_EQ(stop_reason({terms::EndReason::length, false, ""}), "max_tokens");
  EXPECT_EQ(stop_reason({terms::EndReason::length, false, "", true}),
            "model_context_window_exceeded");
  EXPECT_EQ(stop_reason({terms::EndReason::funds, false, "", true}), "max_tokens");
}

TEST(AnthropicWrite, ErrorsNameTheirRequest) {
  EXPECT_EQ(json::parse(anthropic_error({400, "No.", "", "", "0123"})),
            json::parse(R"({"type": "error", "request_id": "0123",
                            "error": {"type": "invalid_request_error", "message": "No."}})"));
}

}  // namespace
}  // namespace wire

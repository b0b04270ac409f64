#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <limits>

#include <wire/openai_write.hpp>

namespace wire {
namespace {

namespace json = boost::json;
using terms::EndReason;

const ReplyHead head{"r1", "m \"8k\"", 1700000000};
const UsageNote usage{{{10}, {4}, {3}}, "0.000012", "12000", "USD"};

TEST(OpenAiWrite, ChatCompletion) {
  Answer answer;
  answer.add({"Hel", "", {}, {}});
  answer.add({"lo", "", {}, {}});
  EXPECT_EQ(json::parse(chat_completion(head, {&answer, 1}, false, usage)), json::parse(R"({
    "id": "chatcmpl-r1", "object": "chat.completion", "created": 1700000000, "model": "m \"8k\"",
    "choices": [{"index": 0,
      "message": {"role": "assistant", "content": "Hello", "refusal": null},
      "logprobs": null, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13,
      "prompt_tokens_details": {"cached_tokens": 4}, "cost": 0.000012, "cost_nano": "12000",
      "currency": "USD"},
    "receipt_id": "r1"})"));
}

TEST(OpenAiWrite, ToolCallsReasoningAndSeveralChoices) {
  Answer caller;
  caller.add({"", "hm", {{0, "call_9", "f", ""}}, {}});
  caller.add({"", "", {{0, "", "", "{\"a\""}}, {}});
  caller.add({"", "", {{0, "", "", ":1}"}, {1, "", "g", "{}"}}, {}});
  caller.finish.called_tool = true;
  Answer cut;
  cut.finish.reason = EndReason::funds;
  const std::vector<Answer> answers{caller, cut};
  const auto choices = json::parse(chat_completion(head, answers, false, usage)).at("choices");
  EXPECT_EQ(choices, json::parse(R"([
    {"index": 0, "message": {"role": "assistant", "content": null, "refusal": null,
       "reasoning_content": "hm",
       "tool_calls": [
         {"id": "call_9", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}},
         {"id": "call_r1_0_1", "type": "function", "function": {"name": "g", "arguments": "{}"}}]},
     "logprobs": null, "finish_reason": "tool_calls"},
    {"index": 1, "message": {"role": "assistant", "content": "", "refusal": null},
     "logprobs": null, "finish_reason": "length"}])"));
}

TEST(OpenAiWrite, FinishReasons) {
  const auto reason = [](EndReason end, bool called) { return finish_reason({end, called, ""}); };
  EXPECT_EQ(reason(EndReason::stop, false), "stop");
  EXPECT_EQ(reason(EndReason::stop, true), "tool_calls");
  EXPECT_EQ(reason(EndReason::length, false), "length");
  EXPECT_EQ(reason(EndReason::length, true), "length");
  EXPECT_EQ(reason(EndReason::funds, false), "length");
  EXPECT_EQ(reason(EndReason::drain, false), "length");
}

Answer with_logprobs() {
  Answer answer;
  content::TokenLogprob whole{"Hi", -0.5F, {{"Hi", -0.5F}, {"Ho", -1.5F}}};
  content::TokenLogprob half{"\xC3", -std::numeric_limits<float>::infinity(), {}};
  content::TokenLogprob rest{"\xA9", 0.0F, {}};
  answer.add({"Hi\xC3\xA9", "", {}, {whole, half, rest}});
  return answer;
}

TEST(OpenAiWrite, ChatLogprobsWithTheirBytes) {
  const Answer answer = with_logprobs();
  const auto logprobs = json::parse(chat_completion(head, {&answer, 1}, true, usage))
                            .at("choices")
                            .at(0)
                            .at("logprobs");
  EXPECT_EQ(logprobs, json::parse(R"({"content": [
    {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": [
      {"token": "Hi", "logprob": -0.5, "bytes": [72, 105]},
      {"token": "Ho", "logprob": -1.5, "bytes": [72, 111]}]},
    {"token": "\ufffd", "logprob": -9999, "bytes": [195], "top_logprobs": []},
    {"token": "\ufffd", "logprob": 0, "bytes": [169], "top_logprobs": []}], "refusal": null})"));
}

TEST(OpenAiWrite, TextCompletionWithEchoAndLogprobs) {
  Answer answer = with_logprobs();
  answer.echo = "Öh ";
  answer.finish.reason = EndReason::length;
  EXPECT_EQ(json::parse(text_completion(head, {&answer, 1}, true, usage)), json::parse(R"({
    "id": "cmpl-r1", "object": "text_completion", "created": 1700000000, "model": "m \"8k\"",
    "choices": [{"index": 0, "text": "Öh Hié", "finish_reason": "length", "logprobs": {
      "tokens": ["Hi", "bytes:\\xc3", "bytes:\\xa9"],
      "token_logprobs": [-0.5, -9999, 0],
      "top_logprobs": [{"Hi": -0.5, "Ho": -1.5}, {}, {}],
      "text_offset": [3, 5, 6]}}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13,
      "prompt_tokens_details": {"cached_tokens": 4}, "cost": 0.000012, "cost_nano": "12000",
      "currency": "USD"},
    "receipt_id": "r1"})"));
}

TEST(OpenAiWrite, EmbeddingsAsNumbersAndAsBase64) {
  const std::vector<std::vector<float>> vectors{{1.0F, -0.5F}, {0.1F}};
  const UsageNote note{{{5}, {0}, {0}}, "", "", ""};
  EXPECT_EQ(json::parse(embeddings(head, vectors, true, note)), json::parse(R"({
    "object": "list", "model": "m \"8k\"",
    "data": [{"object": "embedding", "index": 0, "embedding": "AACAPwAAAL8="},
             {"object": "embedding", "index": 1, "embedding": "zczMPQ=="}],
    "usage": {"prompt_tokens": 5, "total_tokens": 5}, "receipt_id": "r1"})"));
  const auto numbers = json::parse(embeddings(head, vectors, false, note));
  EXPECT_EQ(numbers.at("data").at(0).at("embedding"), json::parse("[1,-0.5]"));
  EXPECT_FLOAT_EQ(numbers.at("data").at(1).at("embedding").at(0).to_number<float>(), 0.1F);
}

TEST(OpenAiWrite, TheCostIsANumberWithAllItsDigits) {
  const UsageNote note{
      {{5}, {0}, {0}}, "9007199254740993.123456789", "9007199254740993123456789", "USD"};
  for (const std::string& text :
       {chat_completion(head, {}, false, note), embeddings(head, {}, false, note)}) {
    EXPECT_NE(text.find(R"("cost":9007199254740993.123456789,)"), std::string::npos) << text;
    EXPECT_NE(text.find(R"("cost_nano":"9007199254740993123456789",)"), std::string::npos) << text;
  }
}

TEST(OpenAiWrite, ModelsHaveTheFieldsOfBothProtocols) {
  const std::string time = "2026-11-23T21:00:00Z";
  const std::vector<ModelEntry> models{{"a", 5, time, "mains", 8192}, {"b", 6, time, "mains", 0}};
  const std::string b = R"({"id": "b", "object": "model", "created": 6, "owned_by": "mains",
    "type": "model", "display_name": "b", "created_at": "2026-11-23T21:00:00Z"})";
  EXPECT_EQ(json::parse(models_list(models)), json::parse(R"({"object": "list", "data": [
    {"id": "a", "object": "model", "created": 5, "owned_by": "mains",
     "type": "model", "display_name": "a", "created_at": "2026-11-23T21:00:00Z",
     "context_length": 8192, "max_model_len": 8192},)" + b +
                                                          R"(],
    "has_more": false, "first_id": "a", "last_id": "b"})"));
  EXPECT_EQ(json::parse(model_object(models[1])), json::parse(b));
  EXPECT_EQ(json::parse(models_list({})), json::parse(R"({"object": "list", "data": [],
    "has_more": false, "first_id": null, "last_id": null})"));
}

TEST(OpenAiWrite, Errors) {
  EXPECT_EQ(json::parse(openai_error({402, "No funds.", "", "insufficient_quota"})),
            json::parse(R"({"error": {"message": "No funds.", "type": "insufficient_quota",
                            "param": null, "code": "insufficient_quota"}})"));
  const ParseError wrong{ErrorKind::wrong_type, "n", "'n' must be an integer, not a string."};
  EXPECT_EQ(json::parse(openai_error(ApiError::of(wrong))),
            json::parse(R"({"error": {"message": "'n' must be an integer, not a string.",
                            "type": "invalid_request_error", "param": "n",
                            "code": "invalid_type"}})"));
}

}  // namespace
}  // namespace wire

#include <gtest/gtest.h>

#include <map>
#include <random>

#include <wire/openai_stream.hpp>

#include "sse.hpp"

namespace wire {
namespace {

namespace json = boost::json;
using Form = OpenAiStream::Form;
using terms::EndReason;

const ReplyHead head{"r1", "m", 1700000000};
const UsageNote usage{{{10}, {4}, {3}}, "0.000012", "12000", "USD"};

json::value chunk(const std::string& choices, const std::string& more = "") {
  return json::parse(R"({"id":"chatcmpl-r1","object":"chat.completion.chunk","created":1700000000,)"
                     R"("model":"m","choices":)" +
                     choices + more + "}");
}

TEST(OpenAiStream, AChatFromRoleToDone) {
  OpenAiStream stream(head, {Form::chat, 1, false, false});
  auto events = events_of(stream.delta(0, {"Hel", "", {}, {}}));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].json,
            chunk(R"([{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,)"
                  R"("finish_reason":null}])"));
  EXPECT_EQ(events[1].json, chunk(R"([{"index":0,"delta":{"content":"Hel"},"logprobs":null,)"
                                  R"("finish_reason":null}])"));
  EXPECT_EQ(stream.delta(0, {}), "");
  events = events_of(stream.finish(0, {EndReason::stop, false, ""}));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].json,
            chunk(R"([{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}])",
                  R"(,"receipt_id":"r1")"));
  EXPECT_EQ(stream.finish(0, {EndReason::stop, false, ""}), "");
  EXPECT_EQ(stream.end(usage), "data: [DONE]\n\n");
}

TEST(OpenAiStream, UsageComesLastWhereAskedFor) {
  OpenAiStream stream(head, {Form::chat, 1, false, true});
  auto events = events_of(stream.finish(0, {EndReason::funds, false, ""}));
  ASSERT_EQ(events.size(), 2U);  // The role is told even of an empty answer.
  EXPECT_EQ(events[1].json,
            chunk(R"([{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}])",
                  R"(,"usage":null)"));
  events = events_of(stream.end(usage));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(
      events[0].json,
      chunk("[]",
            R"(,"usage":{"prompt_tokens":10,"completion_tokens":3,"total_tokens":13,)"
            R"("prompt_tokens_details":{"cached_tokens":4},"cost":0.000012,"cost_nano":"12000",)"
            R"("currency":"USD"},"receipt_id":"r1")"));
  EXPECT_EQ(events[1].data, "[DONE]");
}

TEST(OpenAiStream, ToolCallsTellTheirHeadOnce) {
  OpenAiStream stream(head, {Form::chat, 1, false, false});
  std::string bytes = stream.delta(0, {"", "hm", {{0, "call_9", "f", ""}}, {}});
  bytes += stream.delta(0, {"", "", {{0, "", "", "{}"}, {1, "", "g", "{"}}, {}});
  bytes += stream.delta(0, {"", "", {{1, "", "", "}"}}, {}});
  bytes += stream.finish(0, {EndReason::stop, true, ""});
  std::vector<json::value> deltas;
  for (const Event& event : events_of(bytes)) {
    deltas.push_back(event.json.at("choices").at(0).at("delta"));
  }
  ASSERT_EQ(deltas.size(), 5U);
  EXPECT_EQ(
      deltas[1],
      json::parse(
          R"({"reasoning_content":"hm","tool_calls":[{"index":0,"id":"call_9","type":"function",)"
          R"("function":{"name":"f","arguments":""}}]})"));
  EXPECT_EQ(deltas[2],
            json::parse(R"({"tool_calls":[{"index":0,"function":{"arguments":"{}"}},)"
                        R"({"index":1,"id":"call_r1_0_1",)"
                        R"("type":"function","function":{"name":"g","arguments":"{"}}]})"));
  EXPECT_EQ(deltas[3], json::parse(R"({"tool_calls":[{"index":1,"function":{"arguments":"}"}}]})"));
  EXPECT_EQ(events_of(bytes).back().json.at("choices").at(0).at("finish_reason"), "tool_calls");
}

TEST(OpenAiStream, LogprobsOfBothForms) {
  OpenAiStream chat(head, {Form::chat, 1, true, false});
  const content::ReplyDelta delta{"a", "", {}, {{"a", -0.25F, {}}}};
  auto events = events_of(chat.delta(0, delta));
  EXPECT_EQ(events[1].json.at("choices").at(0).at("logprobs"),
            json::parse(R"({"content":[{"token":"a","logprob":-0.25,"bytes":[97],)"
                        R"("top_logprobs":[]}],"refusal":null})"));
  OpenAiStream text(head, {Form::completion, 1, true, false});
  std::string bytes = text.echo(0, "Ö ");
  bytes += text.delta(0, delta);
  bytes += text.delta(0, delta);
  events = events_of(bytes);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].json.at("choices").at(0),
            json::parse(R"({"index":0,"text":"Ö ","logprobs":null,"finish_reason":null})"));
  EXPECT_EQ(events[2].json.at("choices").at(0).at("logprobs"),
            json::parse(R"({"tokens":["a"],"token_logprobs":[-0.25],"top_logprobs":[{}],)"
                        R"("text_offset":[3]})"));
  OpenAiStream unasked(head, {Form::chat, 1, false, false});
  EXPECT_TRUE(
      events_of(unasked.delta(0, delta))[1].json.at("choices").at(0).at("logprobs").is_null());
}

TEST(OpenAiStream, ErrorsInMidStream) {
  OpenAiStream stream(head, {});
  const auto events = events_of(stream.error({503, "Shutting down.", "", "unavailable"}));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].json,
            json::parse(R"({"error":{"message":"Shutting down.","type":"server_error",)"
                        R"("param":null,"code":"unavailable"}})"));
  EXPECT_EQ(OpenAiStream::keep_alive(), ": keep-alive\n\n");
}

// However choices interleave and texts are cut, the pieces of each make up what was sent, the role
// comes first and once, the finish last and once, and one chunk carries the receipt.
TEST(OpenAiStream, AnyInterleavingAddsUp) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto count = static_cast<std::uint32_t>(1 + random() % 5);
    const bool with_usage = random() % 2 == 0;
    OpenAiStream stream(head, {Form::chat, count, false, with_usage});
    std::vector<std::string> sent(count);
    std::vector<bool> finished(count);
    std::string bytes;
    for (std::uint32_t open = count; open > 0;) {
      const auto choice = static_cast<std::uint32_t>(random() % count);
      if (random() % 8 == 0) {
        bytes += stream.finish(choice, {EndReason::stop, false, ""});
        open -= finished[choice] ? 0 : 1;
        finished[choice] = true;
      } else {
        const std::string text = "\"" + std::to_string(random() % 100) + "\n\xC3\xA9";
        bytes += stream.delta(choice, {text, "", {}, {}});
        sent[choice] += finished[choice] ? "" : text;
      }
    }
    bytes += stream.end(usage);
    std::vector<std::string> got(count);
    std::map<std::size_t, int> roles;
    std::map<std::size_t, int> ends;
    int receipts = 0;
    for (const Event& event : events_of(bytes)) {
      if (event.data == "[DONE]") continue;
      receipts += event.json.as_object().contains("receipt_id") ? 1 : 0;
      for (const auto& part : event.json.at("choices").as_array()) {
        const auto choice = part.at("index").to_number<std::size_t>();
        const auto& delta = part.at("delta").as_object();
        ASSERT_EQ(ends[choice], 0);
        roles[choice] += delta.contains("role") ? 1 : 0;
        ASSERT_EQ(roles[choice], 1);
        if (const auto* text = delta.if_contains("content")) got[choice] += text->get_string();
        ends[choice] += part.at("finish_reason").is_null() ? 0 : 1;
      }
    }
    ASSERT_EQ(got, sent);
    ASSERT_EQ(ends.size(), count);
    ASSERT_EQ(receipts, 1);
  }
}

}  // namespace
}  // namespace wire

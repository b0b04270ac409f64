#include <gtest/gtest.h>

#include <random>

#include <wire/anthropic_stream.hpp>

#include "sse.hpp"

namespace wire {
namespace {

namespace json = boost::json;
using terms::EndReason;

const ReplyHead head{"r1", "m", 1700000000};
const UsageNote usage{{{10}, {4}, {3}}, "0.000012", "12000", "USD"};

std::vector<std::string> lines_of(const std::string& bytes) {
  std::vector<std::string> lines;
  for (const Event& event : events_of(bytes)) {
    EXPECT_EQ(event.json.at("type"), json::string(event.name));
    lines.push_back(event.data);
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(AnthropicStream, AMessageFromStartToStop) {
  AnthropicStream stream(head);
  EXPECT_EQ(lines_of(stream.start({{10}, {4}, {0}})),
            (Lines{R"({"type":"message_start","message":{"id":"msg_r1","type":"message",)"
                   R"("role":"assistant","model":"m","content":[],"stop_reason":null,)"
                   R"("stop_sequence":null,"usage":{"input_tokens":6,)"
                   R"("cache_creation_input_tokens":0,"cache_read_input_tokens":4,)"
                   R"("output_tokens":0}}})",
                   R"({"type":"ping"})"}));
  EXPECT_EQ(lines_of(stream.delta({"Hel", "", {}, {}})),
            (Lines{R"({"type":"content_block_start","index":0,"content_block":)"
                   R"({"type":"text","text":""}})",
                   R"({"type":"content_block_delta","index":0,"delta":)"
                   R"({"type":"text_delta","text":"Hel"}})"}));
  EXPECT_EQ(lines_of(stream.delta({"lo", "", {}, {}})),
            (Lines{R"({"type":"content_block_delta","index":0,"delta":)"
                   R"({"type":"text_delta","text":"lo"}})"}));
  EXPECT_EQ(stream.delta({"", "", {}, {{"x", 0, {}}}}), "");
  EXPECT_EQ(lines_of(stream.end({EndReason::stop, false, "END"}, usage)),
            (Lines{R"({"type":"content_block_stop","index":0})",
                   R"({"type":"message_delta","delta":{"stop_reason":"stop_sequence",)"
                   R"("stop_sequence":"END"},"usage":{"input_tokens":6,)"
                   R"("cache_creation_input_tokens":0,"cache_read_input_tokens":4,)"
                   R"("output_tokens":3,"cost":0.000012,"cost_nano":"12000","currency":"USD"},)"
                   R"("receipt_id":"r1"})",
                   R"({"type":"message_stop"})"}));
}

TEST(AnthropicStream, ThinkingThenTextThenTools) {
  AnthropicStream stream(head);
  std::string bytes = stream.delta({"", "hm", {}, {}});
  bytes += stream.delta({"I look.", "", {{0, "toolu_1", "f", ""}}, {}});
  bytes += stream.delta({"", "", {{0, "", "", "{\"a\""}}, {}});
  bytes += stream.delta({"", "", {{0, "", "", ":1}"}, {1, "", "g", "{}"}}, {}});
  bytes += stream.end({EndReason::stop, true, ""}, usage);
  const auto lines = lines_of(bytes);
  ASSERT_EQ(lines.size(), 15U);
  EXPECT_EQ(lines[0], R"({"type":"content_block_start","index":0,"content_block":)"
                      R"({"type":"thinking","thinking":"","signature":""}})");
  EXPECT_EQ(lines[1], R"({"type":"content_block_delta","index":0,"delta":)"
                      R"({"type":"thinking_delta","thinking":"hm"}})");
  EXPECT_EQ(lines[2], R"({"type":"content_block_stop","index":0})");
  EXPECT_EQ(lines[6], R"({"type":"content_block_start","index":2,"content_block":)"
                      R"({"type":"tool_use","id":"toolu_1","name":"f","input":{}}})");
  EXPECT_EQ(lines[7], R"({"type":"content_block_delta","index":2,"delta":)"
                      R"({"type":"input_json_delta","partial_json":"{\"a\""}})");
  EXPECT_EQ(lines[10], R"({"type":"content_block_start","index":3,"content_block":)"
                       R"({"type":"tool_use","id":"call_r1_0_1","name":"g","input":{}}})");
  EXPECT_NE(lines[13].find(R"("stop_reason":"tool_use")"), std::string::npos);
}

TEST(AnthropicStream, AnEmptyAnswerHasNoBlocks) {
  AnthropicStream stream(head);
  const auto lines = lines_of(stream.end({EndReason::length, false, ""}, usage));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_NE(lines[0].find(R"("stop_reason":"max_tokens")"), std::string::npos);
}

TEST(AnthropicStream, Errors) {
  AnthropicStream stream(head);
  EXPECT_EQ(stream.error({503, "Shutting down.", "", ""}),
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
            "\"message\":\"Shutting down.\"}}\n\n");
  EXPECT_EQ(events_of(AnthropicStream::keep_alive())[0].name, "ping");
}

// Whatever comes in whatever order: indexes count up, each block is started, filled with deltas of
// its own kind and stopped before the next, and no text is lost.
TEST(AnthropicStream, AnyDeltasGiveWellFormedBlocks) {
  for (std::uint32_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    AnthropicStream stream(head);
    std::string bytes = stream.start({});
    std::string text;
    std::string thought;
    std::string arguments;
    std::uint32_t tool = 0;
    for (std::size_t i = 0; i < random() % 40; ++i) {
      content::ReplyDelta delta;
      if (random() % 3 == 0) delta.text = std::to_string(random() % 100) + "\"\n";
      if (random() % 3 == 0) delta.reasoning = "\xC3\xA9" + std::to_string(random() % 100);
      if (random() % 4 == 0) {
        delta.tools.push_back({tool, "id" + std::to_string(tool), "f", "{}"});
        arguments += "{}";
        ++tool;
      }
      text += delta.text;
      thought += delta.reasoning;
      bytes += stream.delta(delta);
    }
    bytes += stream.end({}, usage);
    std::string open;
    std::int64_t next = 0;
    std::string got_text;
    std::string got_thought;
    std::string got_arguments;
    const auto events = events_of(bytes);
    for (const Event& event : events) {
      const json::object& fields = event.json.as_object();
      if (event.name == "content_block_start") {
        ASSERT_EQ(open, "");
        ASSERT_EQ(fields.at("index"), next);
        open = fields.at("content_block").at("type").as_string();
      } else if (event.name == "content_block_delta") {
        ASSERT_EQ(fields.at("index"), next);
        const json::object& delta = fields.at("delta").as_object();
        const std::string type(delta.at("type").as_string());
        ASSERT_EQ(type, open == "tool_use" ? "input_json_delta" : open + "_delta");
        if (open == "text") got_text += delta.at("text").as_string();
        if (open == "thinking") got_thought += delta.at("thinking").as_string();
        if (open == "tool_use") got_arguments += delta.at("partial_json").as_string();
      } else if (event.name == "content_block_stop") {
        ASSERT_NE(open, "");
        ASSERT_EQ(fields.at("index"), next++);
        open.clear();
      } else if (event.name == "message_delta") {
        ASSERT_EQ(open, "");
      }
    }
    ASSERT_EQ(events.front().name, "message_start");
    ASSERT_EQ(events.back().name, "message_stop");
    ASSERT_EQ(got_text, text);
    ASSERT_EQ(got_thought, thought);
    ASSERT_EQ(got_arguments, arguments);
  }
}

}  // namespace
}  // namespace wire

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include <wire/anthropic_parse.hpp>

namespace wire {
namespace {

using content::ToolChoice;

content::GenerationRequest request_of(std::string_view body) {
  auto result = parse_messages(body);
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
  return result.ok() ? std::move(result).value() : content::GenerationRequest{};
}

content::Chat chat_of(const std::string& fields) {
  return std::get<content::Chat>(
      request_of(R"({"model":"m","max_tokens":9,)" + fields + "}").prompt);
}

std::string story_of(const content::Chat& chat) {
  std::string story;
  for (const auto& message : chat.messages) {
    story += message.role + ':' + message.text + ';';
  }
  return story;
}

TEST(AnthropicParse, EveryField) {
  std::ifstream stream(MAINS_ROOM_DIR "/fuzz/corpus/messages_fuzz/everything.json");
  const auto request = request_of(std::string{std::istreambuf_iterator<char>(stream), {}});
  EXPECT_EQ(request.output_max, 100U);
  EXPECT_EQ(request.sampling.stop, std::vector<std::string>{"END"});
  EXPECT_EQ(request.sampling.temperature, 0.5F);
  EXPECT_EQ(request.sampling.top_p, 0.9F);
  EXPECT_EQ(request.sampling.top_k, 40);
  EXPECT_TRUE(request.stream);
  EXPECT_TRUE(request.stream_usage);
  const auto& chat = std::get<content::Chat>(request.prompt);
  EXPECT_EQ(chat.json_schema, R"({"type":"object"})");
  EXPECT_EQ(chat.tool_choice, ToolChoice::required);
  EXPECT_EQ(chat.forced_tool, "weather");
  EXPECT_FALSE(chat.parallel_tool_calls);
  EXPECT_TRUE(chat.continue_last);
  ASSERT_EQ(chat.tools.size(), 1U);
  EXPECT_EQ(chat.tools[0].parameters,
            R"({"type":"object","properties":{"city":{"type":"string"}}})");
  const auto& messages = chat.messages;
  ASSERT_EQ(messages.size(), 6U);
  EXPECT_EQ(messages[0].role, "system");
  EXPECT_EQ(messages[0].text, "be brief");
  EXPECT_EQ(messages[1].text, "weather in Ulm?");
  EXPECT_EQ(messages[2].reasoning, "hm");
  EXPECT_EQ(messages[2].text, "I look.");
  ASSERT_EQ(messages[2].tool_calls.size(), 1U);
  EXPECT_EQ(messages[2].tool_calls[0].id, "toolu_1");
  EXPECT_EQ(messages[2].tool_calls[0].arguments, R"({"city":"Ulm","days":1.5})");
  EXPECT_EQ(messages[3].role, "tool");
  EXPECT_EQ(messages[3].tool_call_id, "toolu_1");
  EXPECT_EQ(messages[3].tool_name, "weather");
  EXPECT_EQ(messages[3].text, "rain");
  EXPECT_EQ(messages[4].role, "user");
  EXPECT_EQ(messages[4].text, "and?");
  EXPECT_EQ(messages[5].role, "assistant");
  EXPECT_EQ(messages[5].text, "It");
}

TEST(AnthropicParse, Defaults) {
  const auto chat = chat_of(R"("messages":[{"role":"user","content":"Hi"}])");
  ASSERT_EQ(chat.messages.size(), 1U);
  EXPECT_FALSE(chat.continue_last);
  EXPECT_TRUE(chat.parallel_tool_calls);
  EXPECT_EQ(chat.tool_choice, ToolChoice::automatic);
  EXPECT_EQ(chat.json_schema, "");
}

TEST(AnthropicParse, SystemAsText) {
  const auto chat = chat_of(R"("system":"s","messages":[{"role":"user","content":"Hi"}])");
  ASSERT_EQ(chat.messages.size(), 2U);
  EXPECT_EQ(chat.messages[0].text, "s");
}

TEST(AnthropicParse, ResultsKeepTheirPlaceAmongTexts) {
  const auto chat =
      chat_of(R"("messages":[{"role":"user","content":[{"type":"text","text":"a"},)"
              R"({"type":"tool_result","tool_use_id":"1","content":"b"},)"
              R"({"type":"tool_result","tool_use_id":"2","is_error":true,"content":"c"},)"
              R"({"type":"tool_result","tool_use_id":"3","is_error":true},)"
              R"({"type":"text","text":"d"},{"type":"text","text":"e"}]}])");
  std::string story;
  for (const auto& message : chat.messages) {
    story += message.role + ':' + message.text + ';';
  }
  EXPECT_EQ(story, "user:a;tool:b;tool:Error: c;tool:Error;user:d\ne;");
}

TEST(AnthropicParse, OnlyAResultMakesNoEmptyUserMessage) {
  const auto chat = chat_of(
      R"("messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"1"}]}])");
  ASSERT_EQ(chat.messages.size(), 1U);
  EXPECT_EQ(chat.messages[0].role, "tool");
}

TEST(AnthropicParse, SystemTurnsKeepTheirPlace) {
  const auto chat = chat_of(
      R"("system":"a","messages":[{"role":"user","content":"b"},{"role":"system","content":"c"},)"
      R"({"role":"assistant","content":"d"},{"role":"developer","content":[{"type":"text",)"
      R"("text":"e"},{"type":"text","text":"f"}]},{"role":"system","content":""}])");
  EXPECT_EQ(story_of(chat), "system:a;user:b;system:c;assistant:d;system:e\nf;");
  EXPECT_FALSE(chat.continue_last);
}

TEST(AnthropicParse, AnEmptyLastTurnIsNotThere) {
  for (const std::string content : {R"("")", "[]", R"([{"type":"text","text":""}])", "null",
                                    R"([{"type":"redacted_thinking","data":"zq"}])",
                                    R"([{"type":"thinking","thinking":"","signature":""}])"}) {
    const auto chat = chat_of(R"("messages":[{"role":"user","content":"a"},)"
                              R"({"role":"assistant","content":)" +
                              content + "}]");
    EXPECT_EQ(story_of(chat), "user:a;") << content;
    EXPECT_FALSE(chat.continue_last) << content;
  }
}

TEST(AnthropicParse, DocumentsAndSearchResultsAreText) {
  const auto chat = chat_of(
      R"("messages":[{"role":"user","content":[{"type":"document","title":"T","context":"C",)"
      R"("source":{"type":"text","media_type":"text/plain","data":"d"},)"
      R"("citations":{"enabled":false}},{"type":"document","source":{"type":"content",)"
      R"("content":[{"type":"text","text":"e"}]}},{"type":"document","source":{"type":"content",)"
      R"("content":"f"}},{"type":"search_result","title":"g","source":"h","content":)"
      R"([{"type":"text","text":"i"}]}]},{"role":"user","content":[{"type":"tool_result",)"
      R"("tool_use_id":"1","content":[{"type":"text","text":"j"},{"type":"document","source":)"
      R"({"type":"text","data":"k"}},{"type":"search_result","content":[]},)"
      R"({"type":"tool_reference","tool_name":"l"}]}]}])");
  EXPECT_EQ(story_of(chat), "user:T\nC\nd\ne\nf\ng\nh\ni;tool:j\nk\nl;");
}

TEST(AnthropicParse, Thinking) {
  using content::Thinking;
  const auto wish = [](const std::string& fields) {
    return chat_of(R"("messages":[{"role":"user","content":"x"}])" + fields).thinking;
  };
  EXPECT_EQ(wish("").thinking, Thinking::avoid);
  EXPECT_EQ(wish(R"(,"thinking":null)").thinking, Thinking::avoid);
  EXPECT_EQ(wish(R"(,"thinking":{"type":"disabled"})").thinking, Thinking::forbid);
  EXPECT_EQ(wish(R"(,"thinking":{"type":"adaptive"})").thinking, Thinking::welcome);
  const auto budget = wish(R"(,"thinking":{"type":"enabled","budget_tokens":1024})");
  EXPECT_EQ(budget.thinking, Thinking::demand);
  EXPECT_EQ(budget.tokens_max, 1024U);
  EXPECT_EQ(budget.field, "thinking");
  const auto effort = wish(R"(,"output_config":{"effort":"max"})");
  EXPECT_EQ(effort.thinking, Thinking::avoid);
  EXPECT_EQ(effort.effort, "high");
}

TEST(AnthropicParse, ToolChoices) {
  const auto choice = [](const std::string& text) {
    return chat_of(R"("messages":[{"role":"user","content":"x"}],"tools":[{"name":"t",)"
                   R"("type":"custom","input_schema":{}}],"tool_choice":)" +
                   text);
  };
  EXPECT_EQ(choice(R"({"type":"auto"})").tool_choice, ToolChoice::automatic);
  EXPECT_EQ(choice(R"({"type":"any"})").tool_choice, ToolChoice::required);
  EXPECT_EQ(choice(R"({"type":"any"})").forced_tool, "");
  EXPECT_EQ(choice(R"({"type":"none"})").tool_choice, ToolChoice::none);
  EXPECT_EQ(choice(R"({"type":"tool","name":"t"})").forced_tool, "t");
  EXPECT_FALSE(choice(R"({"type":"auto","disable_parallel_tool_use":true})").parallel_tool_calls);
}

TEST(AnthropicParse, CountingNeedsNoLimit) {
  const auto result =
      parse_count_tokens(R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.value().output_max, std::nullopt);
}

}  // namespace
}  // namespace wire

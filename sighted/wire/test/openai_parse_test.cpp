#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include <wire/json.hpp>
#include <wire/openai_parse.hpp>

namespace wire {
namespace {

using content::ToolChoice;

std::string seed(const std::string& name) {
  std::ifstream stream(MAINS_ROOM_DIR "/fuzz/corpus/" + name);
  return {std::istreambuf_iterator<char>(stream), {}};
}

content::GenerationRequest chat_request(std::string_view body) {
  auto result = parse_chat(body);
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
  return result.ok() ? std::move(result).value() : content::GenerationRequest{};
}

content::GenerationRequest with(const std::string& more) {
  return chat_request(R"({"model":"m","messages":[{"role":"user","content":"Hi"}],)" + more + "}");
}

const content::Chat& chat_of(const content::GenerationRequest& request) {
  return std::get<content::Chat>(request.prompt);
}

TEST(OpenAiParse, AMinimalChatHasTheProtocolsDefaults) {
  const auto request = chat_request(seed("chat_fuzz/minimal.json"));
  EXPECT_EQ(request.model, "m");
  ASSERT_EQ(chat_of(request).messages.size(), 1U);
  EXPECT_EQ(chat_of(request).messages[0].role, "user");
  EXPECT_EQ(chat_of(request).messages[0].text, "Hi");
  EXPECT_EQ(request.sampling.temperature, 1.0F);
  EXPECT_EQ(request.sampling.top_p, 1.0F);
  EXPECT_EQ(request.sampling.top_logprobs, -1);
  EXPECT_EQ(request.sampling.seed, std::nullopt);
  EXPECT_EQ(request.choices, 1U);
  EXPECT_EQ(request.output_max, std::nullopt);
  EXPECT_FALSE(request.stream);
  EXPECT_FALSE(chat_of(request).continue_last);
}

TEST(OpenAiParse, NullIsTheSameAsAbsent) {
  const auto request = chat_request(seed("chat_fuzz/nulls.json"));
  EXPECT_TRUE(request.sampling.stop.empty());
  EXPECT_EQ(request.output_max, std::nullopt);
  EXPECT_EQ(request.choices, 1U);
}

TEST(OpenAiParse, MessagesOfEveryRole) {
  const auto request = chat_request(seed("chat_fuzz/everything.json"));
  const auto& messages = chat_of(request).messages;
  ASSERT_EQ(messages.size(), 6U);
  EXPECT_EQ(messages[0].role, "system");  // developer
  EXPECT_EQ(messages[0].text, "be brief");
  EXPECT_EQ(messages[1].role, "system");
  EXPECT_EQ(messages[1].text, "and kind");
  EXPECT_EQ(messages[2].text, "weather in Ulm?\nand Ülm?");
  EXPECT_EQ(messages[3].role, "assistant");
  EXPECT_EQ(messages[3].text, "");
  EXPECT_EQ(messages[3].reasoning, "hm");
  ASSERT_EQ(messages[3].tool_calls.size(), 1U);
  EXPECT_EQ(messages[3].tool_calls[0].id, "call_1");
  EXPECT_EQ(messages[3].tool_calls[0].name, "weather");
  EXPECT_EQ(messages[3].tool_calls[0].arguments, R"({"city":"Ulm"})");
  EXPECT_EQ(messages[4].role, "tool");
  EXPECT_EQ(messages[4].tool_call_id, "call_1");
  EXPECT_EQ(messages[4].tool_name, "weather");
  EXPECT_EQ(messages[4].text, "rain");
  EXPECT_EQ(messages[5].text, "Rain.");
}

TEST(OpenAiParse, EveryOtherFieldOfAChat) {
  const auto request = chat_request(seed("chat_fuzz/everything.json"));
  const auto& chat = chat_of(request);
  ASSERT_EQ(chat.tools.size(), 1U);
  EXPECT_EQ(chat.tools[0].name, "weather");
  EXPECT_EQ(chat.tools[0].description, "tells");
  EXPECT_EQ(chat.tools[0].parameters, R"({"type":"object","properties":{"city":{"type":"string"},)"
                                      R"("n":{"type":"number","minimum":-1.5,"maximum":1000.0}}})");
  EXPECT_EQ(chat.tool_choice, ToolChoice::required);
  EXPECT_EQ(chat.forced_tool, "weather");
  EXPECT_FALSE(chat.parallel_tool_calls);
  EXPECT_EQ(chat.json_schema, R"({"type":"object"})");
  EXPECT_EQ(request.output_max, 7U);  // max_completion_tokens wins
  EXPECT_EQ(request.choices, 2U);
  EXPECT_TRUE(request.stream);
  EXPECT_TRUE(request.stream_usage);
  const auto& sampling = request.sampling;
  EXPECT_EQ(sampling.stop, (std::vector<std::string>{"\n", "END"}));
  EXPECT_EQ(sampling.temperature, 0.5F);
  EXPECT_EQ(sampling.top_p, 0.9F);
  EXPECT_EQ(sampling.presence_penalty, -1.0F);
  EXPECT_EQ(sampling.frequency_penalty, 1.0F);
  ASSERT_EQ(sampling.logit_bias.size(), 2U);
  EXPECT_EQ(sampling.logit_bias[0], (std::pair<content::TokenId, float>{5, -100.0F}));
  EXPECT_EQ(sampling.logit_bias[1], (std::pair<content::TokenId, float>{6, 2.5F}));
  EXPECT_EQ(sampling.top_logprobs, 3);
  EXPECT_TRUE(sampling.seed.has_value());
  EXPECT_EQ(sampling.top_k, 40);
  EXPECT_EQ(sampling.min_p, 0.05F);
  EXPECT_EQ(sampling.repeat_penalty, 1.1F);
  EXPECT_TRUE(sampling.ignore_eos);
}

TEST(OpenAiParse, SeedsAreFoldedAndSmallOnesKept) {
  EXPECT_EQ(with(R"("seed":42)").sampling.seed, 42U);
  EXPECT_EQ(with(R"("seed":0)").sampling.seed, 0U);
  EXPECT_NE(with(R"("seed":4294967296)").sampling.seed, with(R"("seed":0)").sampling.seed);
  EXPECT_TRUE(with(R"("seed":-9223372036854775808)").sampling.seed.has_value());
}

TEST(OpenAiParse, ToolChoices) {
  const std::string tools = R"("tools":[{"type":"function","function":{"name":"a"}},)"
                            R"({"type":"function","function":{"name":"b"}}],)";
  EXPECT_EQ(chat_of(with(tools + R"("n":1)")).tool_choice, ToolChoice::automatic);
  EXPECT_TRUE(chat_of(with(tools + R"("n":1)")).parallel_tool_calls);
  EXPECT_EQ(chat_of(with(tools + R"("tool_choice":"auto")")).tool_choice, ToolChoice::automatic);
  EXPECT_EQ(chat_of(with(tools + R"("tool_choice":"none")")).tool_choice, ToolChoice::none);
  const auto required = with(tools + R"("tool_choice":"required")");
  EXPECT_EQ(chat_of(required).tool_choice, ToolChoice::required);
  EXPECT_EQ(chat_of(required).forced_tool, "");
  EXPECT_EQ(chat_of(required).tools[0].parameters, R"({"type":"object","properties":{}})");
  const auto allowed = chat_request(seed("chat_fuzz/allowed_tools.json"));
  EXPECT_EQ(chat_of(allowed).tool_choice, ToolChoice::required);
  ASSERT_EQ(chat_of(allowed).tools.size(), 1U);
  EXPECT_EQ(chat_of(allowed).tools[0].name, "b");
}

TEST(OpenAiParse, ResponseFormats) {
  const auto schema = [](const std::string& format) {
    return chat_of(with(R"("response_format":)" + format)).json_schema;
  };
  EXPECT_EQ(schema(R"({"type":"text"})"), "");
  EXPECT_EQ(schema(R"({"type":"json_object"})"), "{}");
  EXPECT_EQ(schema(R"({"type":"json_schema","json_schema":{"name":"x"}})"), "{}");
  EXPECT_EQ(schema(R"({"type":"json_schema","json_schema":{"schema":{"b":1,"a":2}}})"),
            R"({"b":1,"a":2})");
}

TEST(OpenAiParse, SmallDifferences) {
  EXPECT_EQ(with(R"("stop":"x")").sampling.stop, std::vector<std::string>{"x"});
  EXPECT_TRUE(with(R"("stop":[])").sampling.stop.empty());
  EXPECT_EQ(with(R"("logprobs":true)").sampling.top_logprobs, 0);
  EXPECT_EQ(with(R"("logprobs":false,"top_logprobs":0)").sampling.top_logprobs, -1);
  EXPECT_EQ(with(R"("max_tokens":2147483647)").output_max, 2147483647U);
  EXPECT_EQ(with(R"("temperature":0)").sampling.temperature, 0.0F);
  EXPECT_EQ(with(R"("n":128)").choices, 128U);
  EXPECT_FALSE(with(R"("stream_options":{"include_usage":true})").stream_usage);
  EXPECT_TRUE(with(R"("service_tier":"auto","store":false,"reasoning_effort":"low","zz":[1])")
                  .sampling.stop.empty());
}

TEST(OpenAiParse, OtherServersNamesForTheSame) {
  EXPECT_EQ(with(R"("repetition_penalty":1.2)").sampling.repeat_penalty, 1.2F);
  EXPECT_EQ(with(R"("random_seed":42)").sampling.seed, 42U);
  EXPECT_EQ(with(R"("n_predict":9)").output_max, 9U);
  EXPECT_EQ(with(R"("n_predict":-1)").output_max, std::nullopt);
  EXPECT_EQ(with(R"("n_predict":9,"max_tokens":8)").output_max, 8U);
  EXPECT_EQ(with(R"("top_k":-1)").sampling.top_k, 0);
  const std::string tools =
      R"("tools":[{"type":"function","function":{"name":"a","strict":true}}],)";
  const auto any = with(tools + R"("tool_choice":"any")");
  EXPECT_EQ(chat_of(any).tool_choice, ToolChoice::required);
  EXPECT_TRUE(chat_of(any).tools[0].strict);
}

TEST(OpenAiParse, TheLastMessageIsContinuedAsVllmSaysIt) {
  const auto body = [](const std::string& role, const std::string& more) {
    return parse_chat(R"({"model":"m","messages":[{"role":"user","content":"x"},{"role":")" + role +
                      R"(","content":"It"}],)" + more + "}");
  };
  const auto good =
      body("assistant", R"("continue_final_message":true,"add_generation_prompt":false)");
  ASSERT_TRUE(good.ok()) << good.error().message;
  EXPECT_TRUE(chat_of(good.value()).continue_last);
  EXPECT_TRUE(body("assistant", R"("continue_final_message":false)").ok());
  EXPECT_EQ(body("user", R"("continue_final_message":true)").error().param,
            "continue_final_message");
  EXPECT_EQ(body("assistant", R"("continue_final_message":true,"add_generation_prompt":true)")
                .error()
                .param,
            "continue_final_message");
  EXPECT_EQ(body("user", R"("add_generation_prompt":false)").error().param,
            "add_generation_prompt");
}

TEST(OpenAiParse, Thinking) {
  using content::Thinking;
  const auto wish = [](const std::string& fields) {
    return std::get<content::Chat>(with(fields).prompt).thinking;
  };
  EXPECT_EQ(wish(R"("n":1)").thinking, Thinking::unsaid);
  EXPECT_EQ(wish(R"("reasoning_effort":"none")").thinking, Thinking::forbid);
  EXPECT_EQ(wish(R"("reasoning_effort":"none")").field, "reasoning_effort");
  EXPECT_EQ(wish(R"("think":true)").thinking, Thinking::demand);
  EXPECT_EQ(wish(R"("think":"high")").thinking, Thinking::demand);
  EXPECT_EQ(wish(R"("think":"high")").effort, "high");
  EXPECT_EQ(wish(R"("think":false)").thinking, Thinking::forbid);
  EXPECT_EQ(wish(R"("reasoning":{"enabled":true})").thinking, Thinking::demand);
  EXPECT_EQ(wish(R"("reasoning":{"max_tokens":50})").thinking, Thinking::demand);
  EXPECT_EQ(wish(R"("reasoning":{"effort":"low","max_tokens":50})").thinking, Thinking::demand);
  EXPECT_EQ(wish(R"("reasoning":{"enabled":false,"max_tokens":50})").thinking, Thinking::forbid);
  EXPECT_EQ(wish(R"("thinking_budget":50)").thinking, Thinking::unsaid);
  EXPECT_EQ(wish(R"("reasoning_effort":"minimal")").thinking, Thinking::welcome);
  EXPECT_EQ(wish(R"("reasoning_effort":"minimal")").effort, "low");
  EXPECT_EQ(wish(R"("reasoning_effort":"medium")").effort, "medium");
  EXPECT_EQ(wish(R"("reasoning":{"effort":"high","max_tokens":7})").tokens_max, 7U);
  EXPECT_EQ(wish(R"("reasoning":{"enabled":false})").thinking, Thinking::forbid);
  EXPECT_EQ(wish(R"("enable_thinking":true)").thinking, Thinking::demand);
  EXPECT_EQ(wish(R"("thinking":{"type":"disabled"})").thinking, Thinking::forbid);
  EXPECT_EQ(wish(R"("thinking_budget":0)").tokens_max, 0U);
  EXPECT_EQ(wish(R"("chat_template_kwargs":{"enable_thinking":false})").thinking, Thinking::forbid);
  EXPECT_EQ(wish(R"("chat_template_kwargs":{"thinking":true})").thinking, Thinking::demand);
  EXPECT_EQ(wish(R"("chat_template_kwargs":{"thinking":true})").field,
            "chat_template_kwargs.thinking");
  EXPECT_EQ(wish(R"("chat_template_kwargs":{"enable_thinking":true})").field,
            "chat_template_kwargs.enable_thinking");
  EXPECT_EQ(wish(R"("reasoning_effort":"low","enable_thinking":true)").field, "enable_thinking");
  const auto request = with(R"("chat_template_kwargs":{"date":"\u003c","deep":{"a":[1]}})");
  const auto& values = std::get<content::Chat>(request.prompt).template_values;
  ASSERT_EQ(values.size(), 2U);
  EXPECT_EQ(values[0].second, R"("<")");
  EXPECT_EQ(values[1].second, R"({"a":[1]})");
}

TEST(OpenAiParse, HistoryAsAgentsSendIt) {
  const auto chat = std::get<content::Chat>(
      chat_request(R"({"model":"m","messages":[{"role":"user","content":"a"},)"
                   R"({"role":"assistant","content":null,"reasoning_content":"b"},)"
                   R"({"role":"assistant","content":null},{"role":"developer","content":"c"},)"
                   R"({"role":"assistant","tool_calls":[{"id":"1","type":"function","function":)"
                   R"({"name":"f","arguments":"{\"x\": \"cut"}},{"function":{"name":"g"}}]},)"
                   R"({"role":"tool","tool_call_id":"1","content":null}]})")
          .prompt);
  ASSERT_EQ(chat.messages.size(), 6U);
  EXPECT_EQ(chat.messages[1].reasoning, "b");
  EXPECT_EQ(chat.messages[3].role, "system");
  EXPECT_EQ(chat.messages[4].tool_calls[0].arguments, R"({"x": "cut)");
  EXPECT_EQ(chat.messages[4].tool_calls[1].name, "g");
  EXPECT_EQ(chat.messages[5].tool_name, "f");
}

TEST(OpenAiParse, IntegersMayHaveAFraction) {
  EXPECT_EQ(with(R"("max_tokens":100.0)").output_max, 100U);
  EXPECT_EQ(with(R"("max_completion_tokens":1e2)").output_max, 100U);
  EXPECT_EQ(with(R"("n":2.0)").choices, 2U);
  EXPECT_EQ(with(R"("top_k":40.0)").sampling.top_k, 40);
  EXPECT_EQ(with(R"("seed":42.0)").sampling.seed, 42U);
  EXPECT_EQ(with(R"("seed":-7.0)").sampling.seed, with(R"("seed":-7)").sampling.seed);
  EXPECT_EQ(with(R"("logprobs":true,"top_logprobs":3.0)").sampling.top_logprobs, 3);
  const auto ids = parse_completion(R"({"model":"m","prompt":[1.0,2],"logprobs":2.0})");
  ASSERT_TRUE(ids.ok()) << ids.error().message;
  EXPECT_EQ(std::get<std::vector<content::RawPrompt>>(ids->prompt).front(),
            content::RawPrompt(content::TokenIds{1, 2}));
  for (const std::string field : {"max_tokens", "n", "top_k", "seed"}) {
    const auto half = parse_chat(R"({"model":"m","messages":[{"role":"user","content":"x"}],")" +
                                 field + R"(":100.5})");
    EXPECT_EQ(half.error().kind, ErrorKind::wrong_type) << field;
    EXPECT_EQ(half.error().param, field);
  }
}

TEST(OpenAiParse, AByteOrderMarkIsSkipped) {
  const std::string mark(byte_order_mark);
  EXPECT_TRUE(parse_any(mark + R"({"model":"m","prompt":"x"})").ok());
  EXPECT_TRUE(parse_chat(mark + seed("chat_fuzz/minimal.json")).ok());
  EXPECT_FALSE(parse_any(mark + mark + R"({"model":"m","prompt":"x"})").ok());
  EXPECT_FALSE(parse_any(mark).ok());
}

TEST(OpenAiParse, CompletionPromptsOfEveryShape) {
  const auto prompts = [](const std::string& prompt) {
    auto result = parse_completion(R"({"model":"m","prompt":)" + prompt + "}");
    EXPECT_TRUE(result.ok()) << prompt;
    return std::get<std::vector<content::RawPrompt>>(std::move(result).value().prompt);
  };
  using Prompts = std::vector<content::RawPrompt>;
  EXPECT_EQ(prompts(R"("once")"), (Prompts{"once"}));
  EXPECT_EQ(prompts(R"("")"), (Prompts{""}));
  EXPECT_EQ(prompts(R"(["once","upon"])"), (Prompts{"once", "upon"}));
  EXPECT_EQ(prompts("[1,2,3]"), (Prompts{content::TokenIds{1, 2, 3}}));
  EXPECT_EQ(prompts("[[1,2],[3]]"), (Prompts{content::TokenIds{1, 2}, content::TokenIds{3}}));
  EXPECT_EQ(prompts("[0,2147483647]"), (Prompts{content::TokenIds{0, 2147483647}}));
}

TEST(OpenAiParse, CompletionFields) {
  const auto result = parse_completion(seed("completion_fuzz/everything.json"));
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_FALSE(result.value().echo);
  EXPECT_TRUE(parse_completion(R"({"model":"m","prompt":"x","echo":true})").value().echo);
  EXPECT_EQ(result.value().choices, 2U);
  EXPECT_EQ(result.value().sampling.top_logprobs, 5);
  EXPECT_EQ(result.value().output_max, 16U);
  EXPECT_EQ(result.value().sampling.temperature, 0.0F);
  EXPECT_TRUE(parse_completion(R"({"model":"m","prompt":"x","suffix":""})").ok());
  std::string many = "[";
  for (int i = 0; i < 128; ++i) {
    many += i == 0 ? "\"x\"" : ",\"x\"";
  }
  EXPECT_TRUE(parse_completion(R"({"model":"m","prompt":)" + many + "]}").ok());
  EXPECT_EQ(parse_completion(R"({"model":"m","prompt":)" + many + ",\"x\"]}").error().param,
            "prompt");
}

TEST(OpenAiParse, EmbeddingFields) {
  const auto texts = parse_embedding(seed("embedding_fuzz/texts.json"));
  ASSERT_TRUE(texts.ok());
  EXPECT_TRUE(texts.value().base64);
  EXPECT_EQ(texts.value().inputs.size(), 2U);
  const auto tokens = parse_embedding(seed("embedding_fuzz/tokens.json"));
  ASSERT_TRUE(tokens.ok());
  EXPECT_FALSE(tokens.value().base64);
  EXPECT_EQ(std::get<content::TokenIds>(tokens.value().inputs[0]), (content::TokenIds{1, 2}));
}

TEST(OpenAiParse, AnyTellsTheBodiesApart) {
  const auto chat = parse_any(seed("chat_fuzz/minimal.json"));
  ASSERT_TRUE(chat.ok());
  EXPECT_TRUE(std::holds_alternative<content::Chat>(
      std::get<content::GenerationRequest>(chat.value()).prompt));
  EXPECT_TRUE(std::holds_alternative<content::GenerationRequest>(
      parse_any(R"({"model":"m","prompt":"x"})").value()));
  EXPECT_TRUE(std::holds_alternative<content::EmbeddingRequest>(
      parse_any(R"({"model":"m","input":"x"})").value()));
}

TEST(OpenAiParse, ATenMegabytePromptIsReadWhole) {
  const std::string text(10'000'000, 'a');
  const auto request =
      chat_request(R"({"model":"m","messages":[{"role":"user","content":")" + text + R"("}]})");
  EXPECT_EQ(chat_of(request).messages[0].text.size(), text.size());
}

TEST(OpenAiParse, ALargeBoundOfTheAnswerIsNoMistake) {
  for (const char* const field : {"max_tokens", "max_completion_tokens", "n_predict"}) {
    for (const char* const number : {"2147483648", "4294967296", "9007199254740992", "1e12"}) {
      const auto request = with('"' + std::string(field) + "\":" + number);
      EXPECT_EQ(request.output_max, 2147483647U) << field << number;
    }
  }
}

}  // namespace
}  // namespace wire

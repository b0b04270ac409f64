// The many ways to say what the answer must look like, and what is ignored because it is harmless.
#include <gtest/gtest.h>

#include <string>

#include <wire/anthropic_parse.hpp>
#include <wire/openai_parse.hpp>

namespace wire {
namespace {

const std::string hello = R"("messages":[{"role":"user","content":"x"}])";

content::Chat chat_with(const std::string& more) {
  auto result = parse_chat(R"({"model":"m",)" + hello + "," + more + "}");
  EXPECT_TRUE(result.ok()) << more << ' ' << (result.ok() ? "" : result.error().message);
  return result.ok() ? std::get<content::Chat>(std::move(result)->prompt) : content::Chat{};
}

content::Chat message_with(const std::string& more) {
  auto result = parse_messages(R"({"model":"m","max_tokens":9,)" + hello + "," + more + "}");
  EXPECT_TRUE(result.ok()) << more << ' ' << (result.ok() ? "" : result.error().message);
  return result.ok() ? std::get<content::Chat>(std::move(result)->prompt) : content::Chat{};
}

TEST(Constraints, ASchemaUnderEachNameIsTheSame) {
  const std::string schema = R"({"type":"object","required":["n"]})";
  for (const std::string& more : {
           R"("response_format":{"type":"json_schema","json_schema":{"name":"x","schema":)" +
               schema + "}}",
           R"("response_format":{"type":"json_schema","schema":)" + schema + "}",
           R"("response_format":{"type":"json_object","schema":)" + schema + "}",
           R"("json_schema":)" + schema,
           R"("guided_json":)" + schema,
           std::string(R"("guided_json":"{\"type\":\"object\",\"required\":[\"n\"]}")"),
           R"("structured_outputs":{"json":)" + schema + "}",
           R"("format":)" + schema,
       }) {
    EXPECT_EQ(chat_with(more).json_schema, schema) << more;
    EXPECT_EQ(chat_with(more).grammar, "") << more;
    EXPECT_TRUE(chat_with(more).schema_strict) << more;
  }
  for (const std::string& more :
       {R"("output_config":{"format":{"type":"json_schema","schema":)" + schema + "}}",
        R"("output_format":{"type":"json_schema","schema":)" + schema + "}",
        R"("guided_json":)" + schema}) {
    EXPECT_EQ(message_with(more).json_schema, schema) << more;
  }
}

TEST(Constraints, TheFieldIsKnownByItsPath) {
  EXPECT_EQ(chat_with(R"("guided_json":{})").form_field, "guided_json");
  EXPECT_EQ(chat_with(R"("structured_outputs":{"choice":["a"]})").form_field,
            "structured_outputs.choice");
  EXPECT_EQ(chat_with(R"("response_format":{"type":"json_schema","json_schema":{"schema":{}}})")
                .form_field,
            "response_format.json_schema.schema");
  EXPECT_EQ(
      message_with(R"("output_config":{"format":{"type":"json_schema","schema":{}}})").form_field,
      "output_config.format.schema");
  EXPECT_EQ(chat_with(R"("n":1)").form_field, "");
  const auto raw = parse_completion(R"({"model":"m","prompt":"x","guided_choice":["a"]})");
  EXPECT_EQ(raw->grammar_field, "guided_choice");
}

TEST(Constraints, AnyObjectUnderEachName) {
  for (const std::string more :
       {R"("response_format":{"type":"json_object"})",
        R"("structured_outputs":{"json_object":true})", R"("format":"json")",
        R"("response_format":{"type":"json_schema","json_schema":{"name":"x"}})"}) {
    EXPECT_EQ(chat_with(more).json_schema, "{}") << more;
  }
}

TEST(Constraints, WhatIsNotStrictSaysSo) {
  const auto strict = [](const std::string& word) {
    return chat_with(R"("response_format":{"type":"json_schema","json_schema":{"name":"x",)" +
                     word + R"("schema":{}}})")
        .schema_strict;
  };
  EXPECT_TRUE(strict(""));
  EXPECT_TRUE(strict(R"("strict":true,)"));
  EXPECT_TRUE(strict(R"("strict":null,)"));
  EXPECT_FALSE(strict(R"("strict":false,)"));
}

TEST(Constraints, AGrammarUnderEachName) {
  for (const std::string more :
       {R"("grammar":"root ::= \"a\"")", R"("guided_grammar":"root ::= \"a\"")",
        R"("structured_outputs":{"grammar":"root ::= \"a\""})"}) {
    EXPECT_EQ(chat_with(more).grammar, R"(root ::= "a")") << more;
    EXPECT_EQ(message_with(more).grammar, R"(root ::= "a")") << more;
    const auto raw = parse_completion(R"({"model":"m","prompt":"x",)" + more + "}");
    ASSERT_TRUE(raw.ok()) << raw.error().message;
    EXPECT_EQ(raw->grammar, R"(root ::= "a")") << more;
  }
}

TEST(Constraints, ChoicesAreLiteralsOfAGrammar) {
  const std::string texts = R"(["yes","a\"b\\c","\n\u0001","\u00fc"])";
  const std::string rule = "root ::= \"yes\" | \"a\\\"b\\\\c\" | \"\\x0A\\x01\" | \"\u00fc\"";
  EXPECT_EQ(chat_with(R"("guided_choice":)" + texts).grammar, rule);
  EXPECT_EQ(chat_with(R"("structured_outputs":{"choice":)" + texts + "}").grammar, rule);
}

TEST(Constraints, NothingAskedForIsNothing) {
  for (const std::string more :
       {R"("response_format":{"type":"text"})", R"("grammar":"")", R"("format":"")",
        R"("structured_outputs":{})", R"("structured_outputs":{"json_object":false})",
        R"("json_schema":null,"guided_json":null,"guided_choice":null,"guided_regex":null)",
        R"("response_format":{"type":"text"},"n":1)"}) {
    EXPECT_EQ(chat_with(more).json_schema + chat_with(more).grammar, "") << more;
  }
  EXPECT_EQ(chat_with(R"("response_format":{"type":"text"},"json_schema":{})").json_schema, "{}");
  EXPECT_TRUE(
      parse_completion(R"({"model":"m","prompt":"x","response_format":{"type":"text"}})").ok());
}

TEST(OtherFields, WhatAsksForNothingIsIgnored) {
  for (const std::string more :
       {R"("store":false,"background":false,"service_tier":"auto","user":"u","metadata":{"a":"b"})",
        R"("store":null,"audio":null,"service_tier":"default","verbosity":"medium")",
        R"("safety_identifier":"s","prompt_cache_key":"k","prediction":{"type":"content"})",
        R"("use_beam_search":false,"length_penalty":1,"stop_token_ids":[],"min_tokens":0)",
        R"("skip_special_tokens":true,"add_generation_prompt":true,"continue_final_message":false)",
        R"("mirostat":0,"mirostat_tau":5,"typical_p":1.0,"xtc_probability":0.0,"dry_multiplier":0)",
        R"("cache_prompt":true,"id_slot":-1,"keep_alive":"5m","options":{},"repeat_last_n":64)",
        R"("echo":false,"documents":[],"functions":null,"best_of":1,"zz":[1,{"y":2}])"}) {
    chat_with(more);
  }
  for (const std::string more :
       {R"("service_tier":"standard_only","metadata":{},"context_management":{})",
        R"("mcp_servers":[],"container":null,"n":1,"betas":["b"],"cache_control":{"type":"e"})",
        R"("logprobs":false,"stop":[],"store":false)"}) {
    message_with(more);
  }
}

TEST(OtherFields, AnthropicTakesTheSamplingOfOtherServers) {
  const auto result = parse_messages(R"({"model":"m","max_tokens":9,)" + hello +
                                     R"(,"seed":7,"min_p":0.1,"repetition_penalty":1.1,"top_k":-1,)"
                                     R"("tools":[{"name":"a","strict":true,"input_schema":{}}]})");
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->sampling.seed, 7U);
  EXPECT_EQ(result->sampling.min_p, 0.1F);
  EXPECT_EQ(result->sampling.repeat_penalty, 1.1F);
  EXPECT_TRUE(std::get<content::Chat>(result->prompt).tools[0].strict);
}

}  // namespace
}  // namespace wire

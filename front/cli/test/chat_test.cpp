// `mains chat` against a server that says what it is told to.
#include <fstream>

#include <cli/folder.hpp>

#include "fixture.hpp"
#include "small_server.hpp"

namespace {

using cli_test::Asked;
using cli_test::at;
using cli_test::CliTest;
using cli_test::Ran;
using cli_test::Said;
using cli_test::SmallServer;

const std::string stream =
    "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"lo\\u001b[2J\"}}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3,"
    "\"cost\":0.0000024,\"cost_nano\":\"2400\",\"currency\":\"USD\"}}\n\n"
    "data: [DONE]\n\n";

Said answer(const Asked& asked) {
  if (asked.target == "/v1/models") {
    return {200, "application/json", R"({"data":[{"id":"tiny"},{"id":"other"}]})"};
  }
  return {200, "text/event-stream", stream};
}

TEST_F(CliTest, OneQuestionOneAnswerAndItsCost) {
  SmallServer server(answer);
  const Ran ran = run({"chat", "--url", server.url(), "--key", "mk-x", "Good", "day"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "Hello[2J\n") << "no escape reaches the terminal";
  EXPECT_EQ(ran.err, "[12 tokens in, 3 out, 0.0000024 USD]\n");
  const Asked asked = server.asked().back();
  EXPECT_NE(asked.head.find("Bearer mk-x"), std::string::npos);
  const auto body = boost::json::parse(asked.body);
  EXPECT_EQ(at(body, "/model"), "tiny") << "the first that is served";
  EXPECT_EQ(at(body, "/messages/0/content"), "Good day");
  EXPECT_EQ(at(body, "/stream_options/include_usage"), "true");
}

TEST_F(CliTest, AConversationRemembersAndAddsUpItsCost) {
  SmallServer server(answer);
  std::filesystem::create_directories(data);
  std::ofstream(data / cli::quickstart_key_file) << "mk-quick\n";
  const Ran ran = run({"chat", "--url", server.url(), "--model", "tiny", "--system", "Be brief.",
                       "--max-tokens", "5", "--temperature", "0.5"},
                      "first\n\nsecond\n/reset\nthird\n/quit\nnever\n");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_NE(ran.err.find("; so far 0.0000072]"), std::string::npos) << ran.err;
  const auto asked = server.asked();
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_NE(asked[0].head.find("Bearer mk-quick"), std::string::npos);
  const auto second = boost::json::parse(asked[1].body);
  EXPECT_EQ(at(second, "/messages/0/role"), "system");
  EXPECT_EQ(at(second, "/messages/2/role"), "assistant");
  EXPECT_EQ(at(second, "/messages/3/content"), "second");
  EXPECT_EQ(at(second, "/max_tokens"), "5");
  const auto third = boost::json::parse(asked[2].body);
  EXPECT_EQ(third.at("messages").as_array().size(), 2U) << "what was said is forgotten";
}

TEST_F(CliTest, JsonAnswersOneQuestion) {
  SmallServer server(answer);
  const Ran ran = run({"chat", "--url", server.url(), "--key", "k", "--json", "Hi"});
  const auto body = boost::json::parse(ran.out);
  EXPECT_EQ(at(body, "/cost"), "0.0000024");
  EXPECT_EQ(at(body, "/output_tokens"), "3");
  EXPECT_EQ(run({"chat", "--url", server.url(), "--key", "k", "--json"}).status, 1);
}

TEST_F(CliTest, WhatGoesWrongInAChatIsSaid) {
  EXPECT_EQ(run({"chat", "hi"}).err,
            "mains: no key: give --key or MAINS_API_KEY; `mains key create --tenant NAME` makes "
            "one\n");
  SmallServer poor([](const Asked&) {
    return Said{402, "application/json", R"({"error":{"message":"No credit is left."}})"};
  });
  const Ran refused = run({"chat", "--url", poor.url(), "--key", "k", "--model", "m", "hi"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(refused.err, "mains: No credit is left.\n");

  SmallServer broken([](const Asked&) { return Said{200, "text/event-stream", stream, 100}; });
  const Ran cut = run({"chat", "--url", broken.url(), "--key", "k", "--model", "m", "hi"});
  EXPECT_EQ(cut.status, 1);
  EXPECT_NE(cut.err.find("the answer broke off"), std::string::npos) << cut.err;

  const Ran nobody = run({"chat", "--url", "http://127.0.0.1:1", "--key", "k", "hi"});
  EXPECT_EQ(nobody.status, 1);
  EXPECT_NE(nobody.err.find("start `mains serve`"), std::string::npos) << nobody.err;
}

}  // namespace

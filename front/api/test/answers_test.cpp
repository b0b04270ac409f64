// Answers as a client reads them: streams, errors, and what belongs to others.
#include "fixture.hpp"

namespace api::testing {
namespace {

constexpr std::string_view completion = R"({"model":"test","prompt":"hi","max_tokens":5})";
constexpr std::string_view chat = "/v1/chat/completions";

bool has(const Reply& reply, std::string_view text) {
  return reply.body.find(text) != std::string::npos;
}

class Answers : public ::testing::Test {
 protected:
  House house;
  const std::string secret = house.tenant_key("customer", 1'000'000'000);
};

TEST_F(Answers, a_completion_says_what_it_cost) {
  const Reply reply = house.call("POST", "/v1/completions", completion, secret);
  EXPECT_EQ(reply.status, 200U);
  EXPECT_TRUE(has(reply, R"("hello")")) << reply.body;
  EXPECT_TRUE(has(reply, R"("prompt_tokens":3)")) << reply.body;
  EXPECT_TRUE(has(reply, R"("completion_tokens":5)")) << reply.body;
  // 3 x 0.15 + 5 x 0.60 per million.
  EXPECT_TRUE(has(reply, "0.00000345")) << reply.body;
}

TEST_F(Answers, a_stream_ends_with_its_usage_and_done) {
  const Reply reply = house.call(
      "POST", "/v1/completions",
      R"({"model":"test","prompt":"hi","stream":true,"stream_options":{"include_usage":true}})",
      secret);
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.header("content-type"), "text/event-stream");
  EXPECT_TRUE(has(reply, R"("finish_reason":"stop")")) << reply.body;
  EXPECT_TRUE(has(reply, R"("completion_tokens":12)")) << reply.body;
  EXPECT_TRUE(has(reply, "data: [DONE]")) << reply.body;
  EXPECT_EQ(house.receipts(), 1U);
  EXPECT_EQ(house.open_holds(), 0U);
}

TEST_F(Answers, bad_requests_name_their_fault_and_cost_nothing) {
  struct Case {
    std::string_view target;
    std::string_view body;
    unsigned status;
    std::string_view says;
  };
  const std::string long_prompt = R"({"model":"test","prompt":")" + std::string(5000, 'a') + "\"}";
  for (const Case& bad : {
           Case{chat, "{", 400, "error"},
           Case{chat, R"({"model":"test","messages":7})", 400, "messages"},
           Case{chat, R"({"model":"test","messages":[],"temperature":"hot"})", 400, "error"},
           Case{chat, R"({"model":"nobody","messages":[{"role":"user","content":"hi"}]})", 404,
                "model_not_found"},
           Case{chat, R"({"model":"unpriced","messages":[{"role":"user","content":"hi"}]})", 404,
                "model_not_found"},
           Case{"/v1/completions", long_prompt, 400, "context_length_exceeded"},
           Case{"/v1/messages", R"({"model":"test","messages":[{"role":"user","content":"x"}]})",
                400, "max_tokens"},
           Case{"/v1/nowhere", "{}", 404, "route_not_found"},
           Case{"/v1/balance", "{}", 405, "method_not_allowed"},
       }) {
    const Reply reply = house.call("POST", bad.target, bad.body, secret);
    EXPECT_EQ(reply.status, bad.status) << bad.body << reply.body;
    EXPECT_TRUE(has(reply, bad.says)) << reply.body;
  }
  EXPECT_EQ(house.steps(), 0U);
  EXPECT_EQ(house.receipts(), 0U);
}

TEST_F(Answers, an_idempotency_key_is_charged_once_for_each_tenant) {
  const std::string_view header = "idempotency-key: one\r\n";
  const Reply first = house.call("POST", "/v1/completions", completion, secret, header);
  const Reply again = house.call("POST", "/v1/completions", completion, secret, header);
  EXPECT_EQ(first.status, 200U);
  EXPECT_EQ(again.status, 409U);
  EXPECT_EQ(again.header("x-receipt-id"), first.header("x-receipt-id"));
  const std::string other = house.tenant_key("other", 1'000'000'000);
  EXPECT_EQ(house.call("POST", "/v1/completions", completion, other, header).status, 200U);
  EXPECT_EQ(house.receipts(), 2U);
}

TEST_F(Answers, a_receipt_is_shown_to_its_tenant_only) {
  const Reply paid = house.call("POST", "/v1/completions", completion, secret);
  const std::string target = "/v1/receipts/" + paid.header("x-receipt-id");
  EXPECT_EQ(house.call("GET", target, "", secret).status, 200U);
  EXPECT_EQ(house.call("GET", target, "", house.tenant_key("other", 0)).status, 404U);
}

TEST_F(Answers, a_quote_runs_nothing_and_is_never_exceeded) {
  const Reply quote = house.call("POST", "/v1/quote", completion, secret);
  EXPECT_EQ(quote.status, 200U);
  EXPECT_TRUE(has(quote, R"("input_tokens":3)")) << quote.body;
  EXPECT_TRUE(has(quote, R"("highest_charge":"0.00000345")")) << quote.body;
  EXPECT_EQ(house.steps(), 0U);
}

TEST_F(Answers, metrics_count_tokens_and_name_nobody) {
  (void)house.call("POST", "/v1/completions", completion, secret);
  const Reply metrics = house.call("GET", "/metrics", "", house.admin_key());
  EXPECT_TRUE(has(metrics, "gen_ai")) << metrics.body;
  EXPECT_FALSE(has(metrics, "customer"));
  EXPECT_FALSE(has(metrics, secret));
}

}  // namespace
}  // namespace api::testing

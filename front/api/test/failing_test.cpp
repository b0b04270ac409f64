// An engine that fails, on every route that charges: before the first token nothing is charged,
// after it what was decoded, and a stream, whose header is out by then, says so in an event.
#include <array>

#include "fixture.hpp"

namespace api::testing {
namespace {

struct Charging {
  std::string_view target;
  std::string_view body;
  bool stream = false;
};

constexpr std::array routes{
    Charging{"/v1/chat/completions",
             R"({"model":"test","max_tokens":9,"messages":[{"role":"user","content":"x"}]})"},
    Charging{"/v1/chat/completions",
             R"({"model":"test","max_tokens":9,"stream":true,)"
             R"("messages":[{"role":"user","content":"x"}]})",
             true},
    Charging{"/v1/completions", R"({"model":"test","max_tokens":9,"prompt":"x"})"},
    Charging{"/v1/completions", R"({"model":"test","max_tokens":9,"stream":true,"prompt":"x"})",
             true},
    Charging{"/v1/messages",
             R"({"model":"test","max_tokens":9,"messages":[{"role":"user","content":"x"}]})"},
    Charging{"/v1/messages",
             R"({"model":"test","max_tokens":9,"stream":true,)"
             R"("messages":[{"role":"user","content":"x"}]})",
             true},
    Charging{"/v1/embeddings", R"({"model":"test","input":["x"]})"},
};

bool decodes(const Charging& route) {
  return route.target != "/v1/embeddings";
}

TEST(Failing, BeforeTheFirstTokenCostsNothing) {
  for (const Charging& route : routes) {
    SCOPED_TRACE(route.body);
    engine::ScriptedOptions options = House::hello();
    options.fail_at_step = 1;
    House house(options);
    const std::string secret = house.tenant_key("customer", 1'000'000'000);
    const Reply reply = house.call("POST", route.target, route.body, secret);
    EXPECT_EQ(reply.status, route.stream ? 200U : 500U);
    EXPECT_NE(reply.body.find("Nothing was charged"), std::string::npos) << reply.body;
    EXPECT_EQ(reply.body.find("[DONE]"), std::string::npos) << "it did not end well";
    EXPECT_EQ(reply.body.find("finish_reason\":\""), std::string::npos) << reply.body;
    EXPECT_EQ(reply.header("x-receipt-id").empty(), !route.stream);
    EXPECT_EQ(house.receipts(), 0U);
    EXPECT_EQ(house.open_holds(), 0U);
    // The next one is served: nothing was left behind.
    EXPECT_EQ(house.call("POST", route.target, route.body, secret).status, 200U);
    EXPECT_EQ(house.receipts(), 1U);
    EXPECT_EQ(house.findings(), 0U);
  }
}

TEST(Failing, AfterTheFirstTokenCostsWhatWasDecoded) {
  for (const Charging& route : routes) {
    if (!decodes(route)) continue;
    SCOPED_TRACE(route.body);
    engine::ScriptedOptions options = House::hello();
    options.fail_at_step = 4;
    House house(options);
    const std::string secret = house.tenant_key("customer", 1'000'000'000);
    const Reply reply = house.call("POST", route.target, route.body, secret);
    EXPECT_EQ(reply.status, route.stream ? 200U : 500U);
    EXPECT_EQ(reply.header("x-should-retry"), route.stream ? "" : "false") << "it would cost again";
    EXPECT_NE(reply.body.find("What was decoded is charged"), std::string::npos) << reply.body;
    EXPECT_EQ(reply.body.find("[DONE]"), std::string::npos) << "it did not end well";
    const std::string id = reply.header("x-receipt-id");
    const Reply receipt = house.call("GET", "/v1/receipts/" + id, "", secret);
    EXPECT_NE(receipt.body.find(R"("output_tokens":3)"), std::string::npos) << receipt.body;
    EXPECT_NE(receipt.body.find(R"("end":"error")"), std::string::npos) << receipt.body;
    EXPECT_EQ(house.open_holds(), 0U);
    EXPECT_EQ(house.findings(), 0U);
  }
}

}  // namespace
}  // namespace api::testing

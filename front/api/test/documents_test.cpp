// Statements and events: a customer's own, in the format asked for.
#include "fixture.hpp"

namespace api::testing {
namespace {

constexpr std::string_view chat =
    R"({"model":"test","messages":[{"role":"user","content":"canary"}],"max_tokens":5})";

class Documents : public ::testing::Test {
 protected:
  Documents() {
    EXPECT_EQ(house.call("POST", "/v1/chat/completions", chat, acme).status, 200U);
    EXPECT_EQ(house.call("POST", "/v1/chat/completions", chat, acme).status, 200U);
    EXPECT_EQ(house.call("POST", "/v1/chat/completions", chat, globex).status, 200U);
  }
  Reply get(std::string_view target, std::string_view key) {
    return house.call("GET", target, "", key);
  }

  House house;
  std::string acme = house.tenant_key("acme", 1'000'000'000);
  std::string globex = house.tenant_key("globex", 1'000'000'000);
};

TEST_F(Documents, a_statement_comes_in_four_formats) {
  const struct {
    const char* format;
    const char* type;
    const char* begin;
  } table[] = {{"json", "application/json", "{\"object\":\"statement\",\"tenant\":\"acme\""},
               {"text", "text/plain; charset=utf-8", "Statement of acme, November 2023"},
               {"html", "text/html; charset=utf-8", "<!DOCTYPE html>"},
               {"csv", "text/csv; charset=utf-8; header=present", "line,time,"}};
  for (const auto& row : table) {
    const Reply reply = get(std::string("/v1/statement?month=2023-11&format=") + row.format, acme);
    EXPECT_EQ(reply.status, 200U);
    EXPECT_EQ(reply.header("content-type"), row.type) << reply.head;
    EXPECT_TRUE(reply.body.starts_with(row.begin)) << reply.body;
    EXPECT_EQ(reply.body.find("globex"), std::string::npos);
  }
  EXPECT_NE(get("/v1/statement", acme).body.find("\"requests\":2"), std::string::npos);
}

TEST_F(Documents, what_is_asked_must_make_sense) {
  for (const char* target :
       {"/v1/statement?month=2023-13", "/v1/statement?month=2999-01", "/v1/statement?format=pdf",
        "/v1/events?after=-1", "/v1/events?after=x"}) {
    const Reply reply = get(target, acme);
    EXPECT_EQ(reply.status, 400U) << target;
    EXPECT_NE(reply.body.find("\"param\":"), std::string::npos) << reply.body;
  }
}

TEST_F(Documents, events_are_ones_own_and_have_no_content) {
  const auto lines = [](const std::string& body) {
    std::size_t count = 0;
    for (std::size_t at = body.find("\"specversion\""); at != std::string::npos;
         at = body.find("\"specversion\"", at + 1)) {
      ++count;
    }
    return count;
  };
  const Reply all = get("/v1/events", acme);
  EXPECT_EQ(all.status, 200U);
  EXPECT_EQ(lines(all.body), 2U) << all.body;
  EXPECT_EQ(lines(get("/v1/events?after=1", acme).body), 1U);
  EXPECT_EQ(lines(get("/v1/events?after=2", acme).body), 0U);
  EXPECT_EQ(lines(get("/v1/events", globex).body), 1U);
  EXPECT_EQ(all.body.find("canary"), std::string::npos);
  EXPECT_EQ(all.body.find("hello"), std::string::npos);
}

}  // namespace
}  // namespace api::testing

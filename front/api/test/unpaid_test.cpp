// The bound on a tenant's unpaid work.
#include "unpaid.hpp"
#include "fixture.hpp"
#include "funds.hpp"

namespace api::testing {
namespace {

using namespace std::chrono_literals;

const std::string chat =
    R"({"model":"test","messages":[{"role":"user","content":"hi"}],"max_tokens":5})";

TEST(Unpaid, IsBoundedByTheMinute) {
  UnpaidWork work({3, 1'000});
  UnpaidWork::Instant now{1'000s};
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(work.ask({1}, now).has_value());
    now += 10s;
  }
  const auto wait = work.ask({1}, now);
  ASSERT_TRUE(wait.has_value());
  EXPECT_EQ(wait->wait.value, 30'000'000'000) << "the first of the three leaves the minute then";
  EXPECT_FALSE(work.ask({2}, now).has_value()) << "another tenant has its own bound";
  EXPECT_FALSE(work.ask({1}, now + 30s).has_value());
}

TEST(Unpaid, HasABoundOfProcessorTime) {
  UnpaidWork work({100, 1'000});
  const UnpaidWork::Instant now{1'000s};
  work.worked({1}, 999ms, now);
  EXPECT_FALSE(work.wait_for({1}, now).has_value());
  work.worked({1}, 1ms, now);
  EXPECT_TRUE(work.wait_for({1}, now).has_value());
  EXPECT_FALSE(work.wait_for({1}, now + 60s).has_value());
}

TEST(Unpaid, AKeysOwnLimitCountsThatKeysRequestsOnly) {
  House house;
  const std::string key = house.tenant_key("customer", 1'000'000'000);
  const std::string limited = house.another_key("customer", {.requests_per_minute = 2});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(house.call("POST", "/v1/quote", chat, key).status, 200U);
    EXPECT_EQ(house.call("POST", "/v1/chat/completions", "{", key).status, 400U);
  }
  EXPECT_EQ(house.call("POST", "/v1/quote", chat, limited).status, 200U)
      << "a colleague's requests are not this key's";
  EXPECT_EQ(house.call("POST", "/v1/messages/count_tokens", chat, limited).status, 200U);
  for (const std::string_view route :
       {"/v1/quote", "/v1/messages/count_tokens", "/v1/chat/completions", "/v1/messages"}) {
    const Reply reply = house.call("POST", route, chat, limited);
    EXPECT_EQ(reply.status, 429U) << route << reply.body;
    EXPECT_NE(reply.body.find("This key's own limit"), std::string::npos) << reply.body;
    EXPECT_NE(reply.header("retry-after"), "") << route;
  }
  EXPECT_EQ(house.call("POST", "/v1/quote", chat, key).status, 200U) << "this key has no limit";
}

TEST(Unpaid, TenKeysAreNotTenBounds) {
  UnpaidWork work({5, 1'000});
  const UnpaidWork::Instant now{1'000s};
  for (std::uint64_t key = 1; key <= 5; ++key) {
    EXPECT_FALSE(work.ask({1, key, 2}, now).has_value());
  }
  const auto wait = work.ask({1, 6, 2}, now);
  ASSERT_TRUE(wait.has_value());
  EXPECT_FALSE(wait->of_key);
  EXPECT_FALSE(work.ask({2, 7, 2}, now).has_value());
}

TEST(Unpaid, CountsRefusedRequestsOnRoutesThatRun) {
  House house(House::hello(), {.requests_per_minute = 3});
  const std::string key = house.tenant_key("customer", 1'000'000'000);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(house.call("POST", "/v1/chat/completions", "{", key).status, 400U);
  }
  EXPECT_EQ(house.call("POST", "/v1/chat/completions", chat, key).status, 429U);
  EXPECT_EQ(house.call("POST", "/v1/quote", chat, key).status, 429U);
  const std::string other = house.tenant_key("other", 1'000'000'000);
  EXPECT_EQ(house.call("POST", "/v1/chat/completions", chat, other).status, 200U);
}

TEST(Unpaid, PaidRequestsAreNotCounted) {
  House house(House::hello(), {.requests_per_minute = 2});
  const std::string key = house.tenant_key("customer", 1'000'000'000);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(house.call("POST", "/v1/chat/completions", chat, key).status, 200U);
  }
}

TEST(Unpaid, MemoryIsRefusedInWords) {
  House house(House::hello(), {}, std::make_shared<http::MemoryAccount>(200));
  const std::string key = house.tenant_key("customer", 1'000'000'000);
  const Reply reply = house.call("POST", "/v1/chat/completions", chat, key);
  EXPECT_EQ(reply.status, 503U) << reply.body;
  EXPECT_NE(reply.header("retry-after"), "");
}

TEST(Unpaid, AWrongKeysBodyIsNotRead) {
  House house;
  for (const std::string_view secret : {"", "mk-nobody"}) {
    const Reply reply = house.call("POST", "/v1/chat/completions", "", secret,
                                   "content-length: 3000000\r\nx-ignored: ");
    EXPECT_EQ(reply.status, 401U) << reply.body;
  }
  const Reply nowhere =
      house.call("POST", "/v1/nowhere", "", "", "content-length: 3000000\r\nx-ignored: ");
  EXPECT_EQ(nowhere.status, 404U) << nowhere.body;
  const Reply slash =
      house.call("POST", "/v1/chat/completions/", "", "", "content-length: 3000000\r\nx-ignored: ");
  EXPECT_EQ(slash.status, 404U);
  EXPECT_NE(slash.body.find("/v1/chat/completions"), std::string::npos) << slash.body;
}

TEST(Funds, AreBelievedForAWhile) {
  Funds funds;
  const Funds::Instant now{1'000s};
  EXPECT_EQ(funds.look(1, now), Funds::Known::unknown);
  EXPECT_TRUE(funds.put(1, {{5}, {0}}, now, funds.era()));
  EXPECT_EQ(funds.look(1, now + 1s), Funds::Known::some);
  EXPECT_EQ(funds.look(1, now + 3s), Funds::Known::some_stale);
  EXPECT_EQ(funds.look(1, now + 3s), Funds::Known::some) << "one reading is enough";
  EXPECT_TRUE(funds.put(1, {{0}, {7}}, now, funds.era()));
  EXPECT_EQ(funds.look(1, now), Funds::Known::some) << "what is held is money, too";
  EXPECT_FALSE(funds.put(1, {{0}, {0}}, now, funds.era()));
  EXPECT_EQ(funds.look(1, now + 100ms), Funds::Known::none);
  EXPECT_EQ(funds.look(1, now + 300ms), Funds::Known::unknown);
  const std::uint64_t before = funds.era();
  funds.forget_all();
  EXPECT_EQ(funds.look(1, now), Funds::Known::unknown);
  EXPECT_FALSE(funds.put(1, {{0}, {0}}, now, before));
  EXPECT_EQ(funds.look(1, now), Funds::Known::unknown) << "read before the credit";
}

}  // namespace
}  // namespace api::testing

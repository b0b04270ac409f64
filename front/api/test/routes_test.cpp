// Every route there is, tried by everybody: who may call it, and what it may cost. A route that
// reaches an engine without a hold and a meter fails here, and so does one that is not in the table
// of plausible requests below.
#include <functional>
#include <map>
#include <set>

#include "fixture.hpp"

namespace api::testing {
namespace {

struct Plausible {
  std::string target;
  std::string body;
};

std::string name_of(http::Method method) {
  switch (method) {
    case http::Method::get: return "GET";
    case http::Method::head: return "HEAD";
    case http::Method::post: return "POST";
    case http::Method::put: return "PUT";
    case http::Method::patch: return "PATCH";
    case http::Method::delete_: return "DELETE";
    case http::Method::options: return "OPTIONS";
    case http::Method::other: break;
  }
  return "OTHER";
}

std::string name_of(const RouteInfo& route) {
  return name_of(route.method) + " " + std::string(route.path);
}

const std::map<std::string, Plausible>& requests() {
  static const std::string chat =
      R"({"model":"test","messages":[{"role":"user","content":"hi"}],"max_tokens":5})";
  static const std::map<std::string, Plausible> all{
      {"POST /v1/chat/completions", {"/v1/chat/completions", chat}},
      {"POST /v1/completions",
       {"/v1/completions", R"({"model":"test","prompt":"hi","max_tokens":5})"}},
      {"POST /v1/embeddings", {"/v1/embeddings", R"({"model":"test","input":["hi"]})"}},
      {"POST /v1/messages", {"/v1/messages", chat}},
      {"POST /v1/messages/count_tokens", {"/v1/messages/count_tokens", chat}},
      {"POST /v1/quote", {"/v1/quote", chat}},
      {"POST /v1/prefixes",
       {"/v1/prefixes",
        R"({"model":"test","messages":[{"role":"system","content":"be"}],"accounts":[]})"}},
      {"GET /v1/prefixes", {"/v1/prefixes", ""}},
      {"DELETE /v1/prefixes/{id}", {"/v1/prefixes/" + std::string(32, 'a'), ""}},
      {"GET /v1/models", {"/v1/models", ""}},
      {"GET /v1/models/{model}", {"/v1/models/test", ""}},
      {"GET /v1/prices", {"/v1/prices", ""}},
      {"GET /v1/prices/{version}", {"/v1/prices/1", ""}},
      {"GET /v1/balance", {"/v1/balance", ""}},
      {"GET /v1/usage", {"/v1/usage?group_by=day,model,key,price_list", ""}},
      {"GET /v1/statement", {"/v1/statement?month=2023-11&format=html", ""}},
      {"GET /v1/events", {"/v1/events?after=0", ""}},
      {"GET /v1/receipts/{id}", {"/v1/receipts/" + std::string(32, 'a'), ""}},
      {"GET /v1/liabilities", {"/v1/liabilities", ""}},
      {"GET /log/checkpoint", {"/log/checkpoint", ""}},
      {"GET /log/checkpoint/witnessed", {"/log/checkpoint/witnessed", ""}},
      {"GET /log/tile/**", {"/log/tile/0/000.p/1", ""}},
      {"GET /", {"/", ""}},
      {"GET /healthz", {"/healthz", ""}},
      {"GET /readyz", {"/readyz", ""}},
      {"GET /metrics", {"/metrics", ""}},
      {"GET /admin/**", {"/admin/v1/tenants", ""}},
      {"POST /admin/**", {"/admin/v1/tenants", "{}"}},
      {"PUT /admin/**", {"/admin/v1/tenants", "{}"}},
      {"PATCH /admin/**", {"/admin/v1/tenants", "{}"}},
      {"DELETE /admin/**", {"/admin/v1/tenants", ""}},
  };
  return all;
}

class Routes : public ::testing::Test {
 protected:
  /// Calls every route, and shows each with its answer to `look`.
  void each(std::string_view secret, const std::function<void(const RouteInfo&, Reply)>& look) {
    for (const RouteInfo& route : Api::routes()) {
      SCOPED_TRACE(name_of(route));
      const auto found = requests().find(name_of(route));
      ASSERT_NE(found, requests().end()) << "give this route a plausible request in the table";
      const Reply reply =
          house.call(name_of(route.method), found->second.target, found->second.body, secret);
      EXPECT_NE(reply.status, 0U) << "no answer";
      EXPECT_LT(reply.status, 500U) << reply.body;
      look(route, reply);
    }
  }

  House house;
};

TEST_F(Routes, are_all_in_the_table_and_nothing_else_is) {
  std::set<std::string> names;
  for (const RouteInfo& route : Api::routes()) {
    EXPECT_TRUE(names.insert(name_of(route)).second) << name_of(route) << " stands there twice";
  }
  for (const auto& [name, request] : requests()) {
    EXPECT_TRUE(names.contains(name)) << name << " is gone";
  }
}

TEST_F(Routes, want_a_key) {
  for (const std::string_view secret : {"", "sk-nobody-has-this-key"}) {
    each(secret, [](const RouteInfo& route, const Reply& reply) {
      EXPECT_EQ(reply.status == 401, route.access != Access::everyone) << reply.status;
    });
  }
  EXPECT_EQ(house.steps(), 0U);
}

TEST_F(Routes, that_run_are_never_open_to_everyone_or_to_operators) {
  for (const RouteInfo& route : Api::routes()) {
    EXPECT_TRUE(route.work != Work::runs || route.access == Access::tenant) << name_of(route);
  }
  each(house.admin_key(), [](const RouteInfo& route, const Reply& reply) {
    EXPECT_EQ(reply.status == 401, route.access == Access::tenant) << reply.status;
  });
  each(house.tenant_key("customer", 1'000'000'000), [](const RouteInfo& route, const Reply& reply) {
    EXPECT_EQ(reply.status == 403, route.access == Access::admin) << reply.status;
  });
}

TEST_F(Routes, run_nothing_without_money) {
  each(house.tenant_key("poor", 0), [this](const RouteInfo& route, const Reply& reply) {
    const bool costs = route.work == Work::runs || route.work == Work::renders;
    EXPECT_EQ(reply.status == 402, costs) << reply.status << reply.body;
    EXPECT_EQ(house.steps(), 0U) << "an engine worked unpaid";
  });
  EXPECT_EQ(house.open_holds(), 0U);
  EXPECT_EQ(house.receipts(), 0U);
}

TEST_F(Routes, that_run_leave_a_receipt_each_and_the_others_do_not_touch_an_engine) {
  const std::string secret = house.tenant_key("customer", 1'000'000'000);
  std::uint64_t steps = 0;
  std::uint64_t receipts = 0;
  each(secret, [&](const RouteInfo& route, const Reply& reply) {
    const bool runs = route.work == Work::runs;
    EXPECT_EQ(house.steps() > steps, runs);
    EXPECT_EQ(house.receipts() - receipts, runs ? 1U : 0U);
    EXPECT_EQ(house.open_holds(), 0U) << "an answer comes after its settlement";
    steps = house.steps();
    receipts = house.receipts();
    if (runs) {
      EXPECT_EQ(reply.status, 200U) << reply.body;
      const std::string id = reply.header("x-receipt-id");
      EXPECT_EQ(house.call("GET", "/v1/receipts/" + id, "", secret).status, 200U) << id;
    }
  });
  EXPECT_EQ(house.findings(), 0U);
}

}  // namespace
}  // namespace api::testing

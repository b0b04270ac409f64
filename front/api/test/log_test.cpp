// What anybody, and what a customer, may ask about the transparency log.
#include <note/checkpoint.hpp>
#include <note/note.hpp>
#include <note/proof_file.hpp>

#include "fixture.hpp"

namespace api::testing {
namespace {

class LogRoutes : public ::testing::Test {
 protected:
  /// One paid request; its receipt's id.
  std::string use() {
    const Reply reply = house.call("POST", "/v1/completions",
                                   R"({"model":"test","prompt":"hi","max_tokens":3})", key);
    EXPECT_EQ(reply.status, 200U) << reply.body;
    return reply.header("x-receipt-id");
  }
  Reply get(const std::string& target, std::string_view secret = {}) {
    return house.call("GET", target, "", secret);
  }

  House house;
  std::string key = house.tenant_key("alice", 1'000'000'000);
};

TEST_F(LogRoutes, a_receipt_is_proved_as_soon_as_it_is_signed) {
  const std::string id = use();
  const Reply early = get("/v1/receipts/" + id + "?format=proof", key);
  EXPECT_EQ(early.status, 503U);
  EXPECT_EQ(early.header("retry-after"), "1");
  EXPECT_NE(get("/v1/receipts/" + id, key).body.find("\"in_checkpoint\":false"), std::string::npos);
  ASSERT_TRUE(house.log().turn().ok());
  EXPECT_NE(get("/v1/receipts/" + id, key).body.find("\"in_checkpoint\":true"), std::string::npos);
  const Reply proof = get("/v1/receipts/" + id + "?format=proof", key);
  EXPECT_EQ(proof.status, 200U);
  EXPECT_TRUE(note::parse_proof(proof.body).ok()) << proof.body;
  EXPECT_EQ(get("/v1/receipts/" + id + "?format=proof", house.tenant_key("bob", 0)).status, 404U);
}

TEST_F(LogRoutes, the_log_is_read_without_a_key) {
  EXPECT_EQ(get("/log/checkpoint").status, 404U) << "there is none yet";
  use();
  ASSERT_TRUE(house.log().turn().ok());
  const Reply checkpoint = get("/log/checkpoint");
  EXPECT_EQ(checkpoint.status, 200U);
  EXPECT_EQ(checkpoint.header("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(checkpoint.header("cache-control"), "no-store");
  const auto note = note::parse(checkpoint.body);
  ASSERT_TRUE(note.ok());
  EXPECT_TRUE(note::verify(note.value(), house.log().keys().at(0)).ok());
  EXPECT_EQ(get("/log/checkpoint/witnessed").status, 404U) << "nobody was asked";
  for (const char* tile : {"0/000.p/2", "0/000.p/1", "entries/000.p/2"}) {
    const Reply reply = get(std::string("/log/tile/") + tile);
    EXPECT_EQ(reply.status, 200U) << tile;
    EXPECT_EQ(reply.header("content-type"), "application/octet-stream");
    EXPECT_EQ(reply.header("cache-control"), "public, max-age=31536000, immutable");
  }
  for (const char* tile : {"0/000", "0/000.p/3", "0/000.p/0", "1/000.p/1", "00/000.p/1", "0/0.p/1",
                           "entries/000.p/3", "entries", "8/000.p/1", "0", "", "x"}) {
    EXPECT_EQ(get(std::string("/log/tile/") + tile).status, 404U) << tile;
  }
}

TEST_F(LogRoutes, a_customer_finds_its_balance_in_the_days_total) {
  ASSERT_TRUE(house.log().turn().ok());
  const Reply own = get("/v1/liabilities", key);
  EXPECT_EQ(own.status, 200U) << own.body;
  EXPECT_NE(own.body.find("\"balance_nano\":\"1000000000\""), std::string::npos);
  EXPECT_EQ(get("/v1/liabilities", house.tenant_key("bob", 0)).status, 404U)
      << "who came later is in the next";
}

}  // namespace
}  // namespace api::testing

// The event export: each receipt exactly once from any cursor, also while new ones come.
#include <map>
#include <set>

#include <bill/events.hpp>
#include <boost/json.hpp>
#include <notation/id_text.hpp>

#include "house.hpp"

namespace bill::testing {
namespace {

namespace json = boost::json;

std::vector<json::object> lines_of(const std::string& piece) {
  std::vector<json::object> events;
  for (std::size_t at = 0; at < piece.size();) {
    const std::size_t end = piece.find('\n', at);
    EXPECT_NE(end, std::string::npos) << "a line that does not end";
    events.push_back(json::parse(piece.substr(at, end - at)).as_object());
    at = end + 1;
  }
  return events;
}

std::uint64_t cursor_of(const json::object& event) {
  return notation::parse_count(std::string_view(event.at("cursor").as_string())).value();
}

class Events : public ::testing::Test {
 protected:
  Events() {
    house.at("2028-02-10T08:00:00Z");
    for (const auto& tenant : {acme, globex}) {
      house.pay(*tenant, 1'000'000'000);
    }
  }

  std::vector<json::object> all(const registry::TenantPtr& tenant, std::uint64_t after = 0) {
    const Document document = cloud_events(house.source(), tenant, after);
    EXPECT_EQ(document.content_type, "application/x-ndjson");
    std::vector<json::object> events;
    for (auto piece = document.more->next(); piece.value(); piece = document.more->next()) {
      for (const json::object& event : lines_of(**piece)) {
        events.push_back(event);
      }
    }
    return events;
  }

  House house;
  registry::TenantPtr acme = house.tenant("acme");
  registry::TenantPtr globex = house.tenant("globex");
};

TEST_F(Events, have_what_cloudevents_wants_and_nothing_of_content) {
  house.use(*acme, "tiny", {{1'000}, {200}, {100}});
  const auto events = all(nullptr);
  ASSERT_EQ(events.size(), 1U);
  const json::object& event = events.front();
  EXPECT_EQ(event.at("specversion").as_string(), "1.0");
  EXPECT_EQ(event.at("type").as_string(), "mains.receipt.v1");
  EXPECT_EQ(event.at("source").as_string(), "/v1/receipts");
  EXPECT_EQ(event.at("time").as_string(), "2028-02-10T08:00:00Z");
  EXPECT_EQ(event.at("subject").as_string().size(), 32U);
  EXPECT_EQ(event.at("id").as_string().size(), 32U);
  const json::object& data = event.at("data").as_object();
  EXPECT_EQ(data.at("charge").as_string(), "0.00013");
  EXPECT_EQ(data.at("model").as_string(), "tiny");
  EXPECT_EQ(data.at("input_tokens").as_int64(), 1'000);
  EXPECT_EQ(data.at("cached_input_tokens").as_int64(), 200);
  EXPECT_EQ(data.at("output_tokens").as_int64(), 100);
  const std::set<std::string> known{
      "sequence",      "key",    "model",    "price_list", "input_tokens",  "cached_input_tokens",
      "output_tokens", "charge", "currency", "held_at_ns", "settled_at_ns", "end"};
  for (const auto& member : data) {
    EXPECT_TRUE(known.contains(std::string(member.key()))) << member.key();
  }
}

TEST_F(Events, go_on_from_any_cursor) {
  for (int i = 0; i < 30; ++i) {
    house.use(i % 3 == 0 ? *globex : *acme, "tiny", {{1'000}, {0}, {1}});
  }
  for (const auto& tenant : {registry::TenantPtr(), acme, globex}) {
    const auto events = all(tenant);
    EXPECT_EQ(events.size(), tenant == nullptr ? 30U : tenant == acme ? 20U : 10U);
    for (std::size_t i = 0; i < events.size(); ++i) {
      const auto rest = all(tenant, cursor_of(events[i]));
      ASSERT_EQ(rest.size(), events.size() - i - 1);
      if (!rest.empty()) {
        EXPECT_EQ(rest.front(), events[i + 1]);
      }
    }
  }
}

TEST_F(Events, come_once_each_while_new_ones_come) {
  std::map<std::string, int> seen;
  std::uint64_t cursor = 0;
  int used = 0;
  for (int round = 0; round < 6; ++round) {
    const Document document = cloud_events(house.source(), nullptr, cursor);
    int pieces = 0;
    for (;;) {
      // Between two pieces others are served; in some rounds the reader breaks off.
      for (int i = 0; i < 70; ++i, ++used) {
        house.use(i % 2 == 0 ? *globex : *acme, "tiny", {{10}, {0}, {1}});
      }
      const auto piece = document.more->next();
      if (!piece->has_value() || ++pieces == 3) break;
      for (const json::object& event : lines_of(**piece)) {
        seen[std::string(event.at("id").as_string())] += 1;
        EXPECT_LT(cursor, cursor_of(event));
        cursor = cursor_of(event);
      }
    }
  }
  for (const json::object& event : all(nullptr, cursor)) {
    seen[std::string(event.at("id").as_string())] += 1;
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(used));
  for (const auto& [id, times] : seen) {
    EXPECT_EQ(times, 1) << id;
  }
}

TEST_F(Events, of_one_tenant_follow_its_numbers_although_the_clock_is_set_back) {
  house.use(*acme, "tiny", {{1'000}, {0}, {1}});
  house.at("2028-02-10T07:00:00Z");
  house.use(*acme, "tiny", {{1'000}, {0}, {1}});
  const auto events = all(acme);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(cursor_of(events[0]), 1U);
  EXPECT_EQ(events[1].at("time").as_string(), "2028-02-10T07:00:00Z");
}

}  // namespace
}  // namespace bill::testing

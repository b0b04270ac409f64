#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include <client/fetch.hpp>

#include "far_side.hpp"

namespace client::test {
namespace {

class Fetch : public testing::Test {
 protected:
  void SetUp() override {
    far_.unix_path =
        (std::filesystem::temp_directory_path() / ("fetch-" + std::to_string(::getpid()) + ".sock"))
            .string();
    far_.start();
  }
  FarSide far_;
};

TEST_F(Fetch, SendsAndReceives) {
  Request request;
  request.method = "POST";
  request.url = far_.url("/echo");
  request.headers = {{"x-say", "a\r\nword"}};
  request.body = std::string("{\"a\":\"\0\"}", 9);
  const auto response = fetch(request);
  ASSERT_TRUE(response.ok()) << response.error().text;
  EXPECT_EQ(response->status, 200U);
  EXPECT_TRUE(response->ok());
  EXPECT_EQ(response->body, "POST application/json " + request.body);
  EXPECT_EQ(response->header("x-seen"), "a  word");

  request.method = "DELETE";
  request.body.clear();
  EXPECT_EQ(fetch(request)->body, "DELETE  ");
}

TEST_F(Fetch, TalksOverAUnixSocket) {
  Request request;
  request.url = "http://mains/echo";
  request.unix_socket = far_.unix_path;
  EXPECT_EQ(fetch(request)->body, "GET   admin");
  request.unix_socket = "/nonexistent/admin.sock";
  EXPECT_EQ(fetch(request).error().reason, Reason::cannot_connect);
}

TEST_F(Fetch, GivesEachStatusAsAResponse) {
  Request request;
  request.url = far_.url("/refused");
  EXPECT_EQ(fetch(request)->status, 402U);
  request.url = far_.url("/nowhere");
  EXPECT_EQ(fetch(request)->status, 404U);
  request.url = far_.url("/moved");
  EXPECT_EQ(fetch(request)->status, 302U);
}

TEST_F(Fetch, SaysWhyThereIsNoResponse) {
  Request request;
  request.url = "http://127.0.0.1:1/";
  EXPECT_EQ(fetch(request).error().reason, Reason::cannot_connect);
  EXPECT_NE(fetch(request).error().text.find("is the server running?"), std::string::npos);
  request.url = "file:///etc/passwd";
  EXPECT_EQ(fetch(request).error().reason, Reason::bad_url);
  request.url = far_.url("/huge");
  request.response_bytes_max = 999'999;
  EXPECT_EQ(fetch(request).error().reason, Reason::too_large);
  request.url = far_.url("/endless");
  request.response_bytes_max = 1'000'000'000;
  request.timeout = std::chrono::milliseconds(50);
  EXPECT_EQ(fetch(request).error().reason, Reason::timed_out);
  std::stop_source stop;
  stop.request_stop();
  request.timeout = std::chrono::milliseconds(0);
  request.stop = stop.get_token();
  EXPECT_EQ(fetch(request).error().reason, Reason::stopped);
}

TEST_F(Fetch, PoursABodyLargerThanItWouldHold) {
  Request request;
  request.url = far_.url("/huge");
  request.response_bytes_max = 1'000;
  std::size_t bytes = 0;
  const auto response = pour(request, [&bytes](std::string_view piece) {
    bytes += piece.size();
    return true;
  });
  ASSERT_TRUE(response.ok()) << response.error().text;
  EXPECT_EQ(bytes, 1'000'000U);
  EXPECT_EQ(response->body, "");
  EXPECT_EQ(pour(request, [](std::string_view) { return false; }).error().reason, Reason::stopped);
  request.url = far_.url("/refused");
  EXPECT_EQ(pour(request, [](std::string_view) { return false; })->body, "{\"error\":{}}");
}

TEST_F(Fetch, StreamsEvents) {
  Request request;
  request.url = far_.url("/events");
  std::vector<std::pair<std::string, std::string>> events;
  const auto response = stream(request, [&events](const Event& event) {
    events.emplace_back(event.type, event.data);
    return true;
  });
  ASSERT_TRUE(response.ok()) << response.error().text;
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"message", "one"}, {"named", "two\nlines"}, {"message", "[DONE]"}};
  EXPECT_EQ(events, expected);
  EXPECT_EQ(response->body, "");

  request.url = far_.url("/refused");
  events.clear();
  EXPECT_EQ(stream(request, [](const Event&) { return false; })->body, "{\"error\":{}}");
}

TEST_F(Fetch, StopsAStreamByLeaving) {
  Request request;
  request.url = far_.url("/endless");
  request.timeout = std::chrono::milliseconds(0);
  int seen = 0;
  const auto response = stream(request, [&seen](const Event&) { return ++seen < 3; });
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().reason, Reason::stopped);
  EXPECT_EQ(seen, 3);
  EXPECT_TRUE(far_.server->stop(std::chrono::seconds(5)));
  EXPECT_TRUE(far_.client_left);
}

}  // namespace
}  // namespace client::test

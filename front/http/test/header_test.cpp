// Decisions at the header, before a body is read; and the connections that go when it gets full.
#include <gtest/gtest.h>

#include <sys/resource.h>

#include "loopback.hpp"

namespace http::test {
namespace {

Options refusing(std::atomic<int>& asked) {
  Options options = quick_options();
  options.admit = [&asked](Exchange& exchange) -> asio::awaitable<std::optional<Response>> {
    asked += 1;
    if (exchange.request().header("x-key") == "right") co_return std::nullopt;
    co_return Response{401, "text/plain", {}, "no key"};
  };
  return options;
}

TEST(Header, RefusesBeforeTheBodyIsSent) {
  std::atomic<int> asked = 0;
  House house(refusing(asked));
  Wire wire(house.port());
  ASSERT_TRUE(wire.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"));
  const Reply reply = wire.read();
  EXPECT_EQ(reply.status, 401U);
  EXPECT_EQ(reply.body, "no key");
  EXPECT_EQ(reply.header("connection"), "close");
  EXPECT_TRUE(wire.at_end()) << "what follows is not read as a request";
  EXPECT_EQ(asked, 1);
}

TEST(Header, AnswersAnExpectationWithTheFinalStatus) {
  std::atomic<int> asked = 0;
  House house(refusing(asked));
  const std::string head =
      "POST /echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n";
  Wire wrong(house.port());
  ASSERT_TRUE(wrong.send(head + "\r\n"));
  EXPECT_EQ(wrong.read().status, 401U);
  Wire right(house.port());
  ASSERT_TRUE(right.send(head + "x-key: right\r\n\r\n"));
  EXPECT_EQ(right.read().status, 100U);
  ASSERT_TRUE(right.send("hello"));
  EXPECT_EQ(right.read().body, "hello");
}

TEST(Header, IsAskedOnceForEachBodyThatIsToCome) {
  std::atomic<int> asked = 0;
  House house(refusing(asked));
  Wire wire(house.port());
  for (int i = 1; i <= 2; ++i) {
    ASSERT_TRUE(
        wire.send("POST /echo HTTP/1.1\r\nhost: x\r\nx-key: right\r\ncontent-length: 4\r\n\r\nab"));
    ASSERT_TRUE(wire.send("cd"));
    EXPECT_EQ(wire.read().body, "abcd");
  }
  EXPECT_LE(asked, 2) << "a body that came with its header needs no question";
}

TEST(Header, SaysThatThereIsNoMemoryForWhatItAnnounces) {
  Options options = quick_options();
  options.memory = std::make_shared<MemoryAccount>(100'000);
  House house(options);
  Wire wire(house.port());
  ASSERT_TRUE(wire.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 200000\r\n\r\n"));
  EXPECT_EQ(wire.read().status, 503U);
  EXPECT_EQ(options.memory->used(), 0U);
}

TEST(Header, OfHttp10MayNotFrameByTransferEncoding) {
  House house;
  Wire wire(house.port());
  ASSERT_TRUE(
      wire.send("POST /echo HTTP/1.0\r\nhost: x\r\nconnection: keep-alive\r\n"
                "transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
                "GET /hello HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(wire.read().status, 400U);
  EXPECT_TRUE(wire.at_end()) << "the second request is not answered";
}

TEST(Full, ForOneAddressLeavesTheOthersAlone) {
  Options options = quick_options();
  options.connections_per_address_max = 1;  // loopback may have 16
  House house(options);
  std::vector<Wire> wires;
  for (int i = 0; i < 16; ++i) {
    wires.emplace_back(house.port());
    ASSERT_TRUE(wires.back().send(get("/hello")));
    ASSERT_EQ(wires.back().read().status, 200U);
  }
  {
    Wire more(house.port());
    ASSERT_TRUE(more.send(get("/hello")));
    EXPECT_EQ(more.read().status, 503U);
  }
  wires.clear();
  ASSERT_TRUE(house.server.wait_drained(10s));
  Wire again(house.port());
  ASSERT_TRUE(again.send(get("/hello")));
  EXPECT_EQ(again.read().status, 200U);
}

TEST(Full, OfSilentConnectionsHasThemClosed) {
  Options options = quick_options();
  options.connections_max = 8;
  options.header_timeout = 10s;
  House house(options);
  std::vector<Wire> silent;
  for (int i = 0; i < 8; ++i)
    silent.emplace_back(house.port());
  unsigned served = 0;
  for (int i = 0; i < 200 && served == 0; ++i) {
    Wire wire(house.port());
    if (wire.send(get("/hello")) && wire.read().status == 200U) ++served;
  }
  EXPECT_EQ(served, 1U);
  EXPECT_GT(house.server.counters().shed_total, 0U);
}

TEST(Full, ASilentConnectionHasNoLongerThanAHeader) {
  Options options = quick_options();
  options.header_timeout = 50ms;
  options.idle_timeout = 10min;
  House house(options);
  Wire wire(house.port());
  EXPECT_TRUE(wire.at_end());
}

}  // namespace
}  // namespace http::test

// Clients that go, clients that do not read, and a server that goes.
#include <gtest/gtest.h>

#include <vector>

#include "loopback.hpp"

namespace http::test {
namespace {

enum class Exit { close, half_close, reset };

class Leaving : public testing::TestWithParam<Exit> {};

TEST_P(Leaving, IsSeenWhileTheHandlerWaits) {
  House house;
  Wire wire(house.port());
  ASSERT_TRUE(wire.send(get("/wait")));
  ASSERT_TRUE(house.stage.waiting.within());
  switch (GetParam()) {
    case Exit::close: wire.close(); break;
    case Exit::half_close: wire.half_close(); break;
    case Exit::reset: wire.reset(); break;
  }
  EXPECT_TRUE(house.stage.gone.within());
  EXPECT_TRUE(house.server.stop(5s));
  EXPECT_EQ(house.server.counters().gone_total, 1U);
  EXPECT_EQ(house.server.counters().handler_failures_total, 0U);
}

INSTANTIATE_TEST_SUITE_P(InEachWay, Leaving,
                         testing::Values(Exit::close, Exit::half_close, Exit::reset));

TEST(Leaving, IsSeenBehindRequestsSentAhead) {
  House house;
  Wire wire(house.port());
  ASSERT_TRUE(wire.send(get("/wait") + get("/hello") + "GET /hel"));
  ASSERT_TRUE(house.stage.waiting.within());
  ASSERT_TRUE(wire.send("lo HTTP/1.1\r\n"));
  wire.close();
  EXPECT_TRUE(house.stage.gone.within());
  EXPECT_TRUE(house.server.stop(5s));
  EXPECT_EQ(house.server.counters().requests_total, 1U);
}

TEST(Leaving, IsSeenInMidStreamByWriting) {
  House house;
  Wire wire(house.port());
  ASSERT_TRUE(wire.send(get("/flood")));
  ASSERT_TRUE(wire.read_until("xxxx"));
  wire.close();
  EXPECT_TRUE(house.stage.stream_cut.within());
}

TEST(Leaving, BeforeTheBodyIsCompleteReachesNoHandler) {
  House house;
  {
    Wire wire(house.port());
    ASSERT_TRUE(wire.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc"));
  }
  Wire wire(house.port());
  ASSERT_TRUE(wire.send(get("/hello")));
  EXPECT_EQ(wire.read().body, "hello");
  wire.close();
  EXPECT_TRUE(house.server.stop(5s));
  EXPECT_EQ(house.server.counters().requests_total, 1U);
}

TEST(SlowReaders, AreCutAndOthersAreNotSlowed) {
  Options options = quick_options();
  options.write_timeout = 100ms;
  House house(options);
  Wire slow(house.port(), 4096);
  ASSERT_TRUE(slow.send(get("/flood")));
  ASSERT_TRUE(house.stage.streaming.within());
  // On the same thread, while the slow one's buffers are full.
  Wire other(house.port());
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(other.send(get("/hello")));
    ASSERT_EQ(other.read().body, "hello");
  }
  EXPECT_TRUE(house.stage.stream_cut.within());
  EXPECT_EQ(house.server.counters().cut_slow_total, 1U);
  EXPECT_EQ(house.server.counters().gone_total, 1U);
  EXPECT_TRUE(slow.read().broken);
}

TEST(Draining, LetsStreamsFinishAndClosesIdleConnections) {
  House house;
  Wire idle(house.port());
  ASSERT_TRUE(idle.send(get("/hello")));
  EXPECT_EQ(idle.read().body, "hello");
  Wire stream(house.port());
  ASSERT_TRUE(stream.send(get("/drip")));
  ASSERT_TRUE(house.stage.streaming.within());
  house.server.begin_drain();
  EXPECT_TRUE(idle.at_end());
  const Reply reply = stream.read();
  EXPECT_FALSE(reply.broken);
  EXPECT_TRUE(reply.body.ends_with("data: [DONE]\n\n"));
  EXPECT_TRUE(stream.at_end());
  EXPECT_TRUE(house.server.wait_drained(5s));
  EXPECT_EQ(house.server.counters().connections_open, 0U);
  EXPECT_FALSE(Wire(house.port()).connected());
}

TEST(Draining, CutsAtItsDeadlineWhatDoesNotFinish) {
  House house;
  Wire wire(house.port());
  ASSERT_TRUE(wire.send(get("/wait")));
  ASSERT_TRUE(house.stage.waiting.within());
  EXPECT_FALSE(house.server.stop(20ms));
  EXPECT_TRUE(house.stage.gone.within(0ms));
  EXPECT_TRUE(wire.at_end());
  EXPECT_EQ(house.server.counters().connections_open, 0U);
}

TEST(Idling, IsCheapForTwoThousandConnections) {
  Options options = quick_options();
  options.threads = 2;
  House house(options);
  std::vector<Wire> wires;
  for (int i = 0; i < 2000; ++i) {
    wires.emplace_back(house.port());
    ASSERT_TRUE(wires.back().send(get("/hello"))) << i;
  }
  for (Wire& wire : wires)
    ASSERT_EQ(wire.read().body, "hello");
  EXPECT_EQ(house.server.counters().connections_open, 2000U);
  // All are still there, and each can ask again.
  for (Wire& wire : wires)
    ASSERT_TRUE(wire.send(get("/hello")));
  for (Wire& wire : wires)
    ASSERT_EQ(wire.read().body, "hello");
  house.server.begin_drain();
  EXPECT_TRUE(house.server.wait_drained(10s));
}

}  // namespace
}  // namespace http::test

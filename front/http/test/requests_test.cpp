// What a client gets for what it sends.
#include <gtest/gtest.h>

#include "loopback.hpp"

namespace http::test {
namespace {

TEST(Requests, AreAnsweredOneAfterTheOtherOnOneConnection) {
  House house;
  Wire wire(house.port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(wire.send(get("/hello")));
    const Reply reply = wire.read();
    EXPECT_EQ(reply.status, 200U);
    EXPECT_EQ(reply.body, "hello");
    EXPECT_EQ(reply.header("connection"), "");
    EXPECT_FALSE(reply.header("date").empty());
  }
  EXPECT_EQ(house.server.counters().requests_total, 3U);
  EXPECT_EQ(house.server.counters().connections_total, 1U);
}

TEST(Requests, SentAheadAreAnsweredInOrder) {
  House house;
  Wire wire(house.port());
  std::string all;
  for (int i = 0; i < 50; ++i)
    all += post("/echo", "number " + std::to_string(i));
  ASSERT_TRUE(wire.send(all));
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(wire.read().body, "number " + std::to_string(i));
}

TEST(Requests, SentAheadWhileAHandlerWorksAreNotLost) {
  House house;
  Wire wire(house.port());
  ASSERT_TRUE(wire.send(get("/drip")));
  ASSERT_TRUE(house.stage.streaming.within());
  // Two at once, the second in two halves.
  ASSERT_TRUE(wire.send(post("/echo", "first") + "GET /hel"));
  ASSERT_TRUE(wire.send("lo HTTP/1.1\r\nhost: x\r\n\r\n"));
  EXPECT_TRUE(wire.read_until("drop"));
  house.server.begin_drain();  // ends the stream; what follows is not read any more
  const Reply stream = wire.read();
  EXPECT_FALSE(stream.broken);
  EXPECT_TRUE(stream.body.ends_with("data: [DONE]\n\n"));
}

TEST(Requests, ArriveByteByByte) {
  House house;
  Wire wire(house.port());
  for (const char c : post("/echo", "slowly"))
    ASSERT_TRUE(wire.send({&c, 1}));
  EXPECT_EQ(wire.read().body, "slowly");
}

TEST(Requests, TellTheHandlerWhoAndWhat) {
  House house;
  Wire wire(house.port());
  ASSERT_TRUE(wire.send(get("/t%65ll?a=1&q=x%20y+z&q=2", "X-SAY:  word \r\n")));
  const Reply reply = wire.read();
  EXPECT_EQ(reply.body, "GET /tell q=x y z peer=127.0.0.1");
  EXPECT_EQ(reply.header("x-said"), "word");
  ASSERT_TRUE(wire.send("PROPFIND http://test/tell HTTP/1.1\r\nhost: test\r\n\r\n"));
  EXPECT_EQ(wire.read().body, "PROPFIND /tell peer=127.0.0.1");
}

TEST(Requests, ByHeadGetTheHeaderOnly) {
  House house;
  Wire wire(house.port());
  ASSERT_TRUE(wire.send("HEAD /hello HTTP/1.1\r\nhost: x\r\n\r\n" + get("/hello")));
  const Reply head = wire.read(true);
  EXPECT_EQ(head.header("content-length"), "5");
  EXPECT_EQ(wire.read().body, "hello");  // nothing of the first answer is in the way
  ASSERT_TRUE(wire.send(get("/empty") + get("/hello")));
  const Reply empty = wire.read();
  EXPECT_EQ(empty.status, 204U);
  EXPECT_EQ(empty.header("content-length"), "");
  EXPECT_EQ(wire.read().body, "hello");
}

TEST(Requests, InChunksAreReadWhole) {
  House house;
  Wire wire(house.port());
  ASSERT_TRUE(
      wire.send("POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
                "5\r\nhello\r\n6;name=value\r\n world\r\n0\r\ntrailer: x\r\n\r\n" +
                get("/tell", "x-say: next\r\n")));
  EXPECT_EQ(wire.read().body, "hello world");
  EXPECT_EQ(wire.read().header("x-said"), "next");
}

TEST(Requests, ThatWaitForAWordGetIt) {
  House house;
  Wire wire(house.port());
  ASSERT_TRUE(
      wire.send("POST /echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n"
                "content-length: 4\r\n\r\n"));
  EXPECT_EQ(wire.read().status, 100U);
  ASSERT_TRUE(wire.send("body"));
  EXPECT_EQ(wire.read().body, "body");
}

TEST(Requests, OfHttp10EndWithTheConnectionUnlessAsked) {
  House house;
  Wire closing(house.port());
  ASSERT_TRUE(closing.send("GET /hello HTTP/1.0\r\n\r\n"));
  const Reply reply = closing.read();
  EXPECT_EQ(reply.body, "hello");
  EXPECT_EQ(reply.header("connection"), "close");
  EXPECT_TRUE(closing.at_end());

  Wire keeping(house.port());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(keeping.send("GET /hello HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"));
    EXPECT_EQ(keeping.read().header("connection"), "keep-alive");
  }

  Wire streaming(house.port());
  ASSERT_TRUE(streaming.send("GET /drip HTTP/1.0\r\n\r\n"));
  ASSERT_TRUE(streaming.read_until("drop"));
  house.server.begin_drain();
  const Reply stream = streaming.read();
  EXPECT_EQ(stream.header("transfer-encoding"), "");
  EXPECT_TRUE(stream.body.ends_with("data: [DONE]\n\n"));
}

TEST(Requests, ThatSayCloseAreTheLast) {
  House house;
  Wire wire(house.port());
  ASSERT_TRUE(wire.send(get("/hello", "connection: close\r\n")));
  EXPECT_EQ(wire.read().header("connection"), "close");
  EXPECT_TRUE(wire.at_end());
}

TEST(Requests, ByAHalfClosedClientAreAnsweredWhenThatNeedsNoWaiting) {
  House house;
  Wire wire(house.port());
  ASSERT_TRUE(wire.send(get("/hello")));
  wire.half_close();
  EXPECT_EQ(wire.read().body, "hello");
}

TEST(Answers, CannotSmuggleHeaders) {
  House house;
  Wire wire(house.port());
  ASSERT_TRUE(wire.send(get("/inject")));
  const Reply reply = wire.read();
  EXPECT_EQ(reply.header("set-cookie"), "");
  EXPECT_EQ(reply.header("x-evil"), "a  set-cookie: b");
}

TEST(Answers, OfMegabytesArriveWhole) {
  Options options = quick_options();
  options.body_bytes_max = 20'000'000;
  House house(options);
  Wire wire(house.port());
  std::string body(10'000'000, 'a');
  body.back() = 'z';
  ASSERT_TRUE(wire.send(post("/echo", body)));
  EXPECT_EQ(wire.read().body, body);
}

TEST(Answers, OfAFailingHandlerAre500AndSayNothing) {
  House house;
  for (const char* path : {"/throw", "/silent"}) {
    Wire wire(house.port());
    ASSERT_TRUE(wire.send(post(path, "canary")));
    const Reply reply = wire.read();
    EXPECT_EQ(reply.status, 500U);
    EXPECT_EQ(reply.body, "{\"refused\":500,\"path\":\"" + std::string(path) + "\"}");
    EXPECT_EQ(reply.header("connection"), "close");
    EXPECT_TRUE(wire.at_end());
  }
  EXPECT_EQ(house.server.counters().handler_failures_total, 2U);
}

TEST(Answers, ThatFailInTheMiddleLookBroken) {
  House house;
  Wire wire(house.port());
  ASSERT_TRUE(wire.send(get("/half")));
  const Reply reply = wire.read();
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.body, "half of ");
  EXPECT_TRUE(reply.broken);
}

}  // namespace
}  // namespace http::test

// Requests that never reach a handler.
#include <gtest/gtest.h>

#include "loopback.hpp"

namespace http::test {
namespace {

struct Bad {
  const char* why;
  std::string bytes;
  unsigned status;
};

TEST(Refusals, AreInTheFormatOfTheRoutesAndEndTheConnection) {
  Options options = quick_options();
  options.body_bytes_max = 100;
  House house(options);
  const std::string long_value(70'000, 'v');
  std::string many;
  for (int i = 0; i < 300; ++i)
    many += "x-" + std::to_string(i) + ": 1\r\n";
  const std::string head = "POST /echo HTTP/1.1\r\nhost: x\r\n";
  const std::string chunked = head + "transfer-encoding: chunked\r\n\r\n";
  const Bad cases[] = {
      {"no HTTP at all", "\x16\x03\x01\x02 hello\r\n\r\n", 400},
      {"no version", "GET /hello\r\n\r\n", 400},
      {"HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {"no host", "GET /hello HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET /hello HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400},
      {"a header without a colon", "GET /hello HTTP/1.1\r\nhost x\r\n\r\n", 400},
      {"a space before the colon", "GET /hello HTTP/1.1\r\nhost : x\r\n\r\n", 400},
      {"a control character", "GET /hello HTTP/1.1\r\nhost: x\r\na: \x01\r\n\r\n", 400},
      {"bare line feeds", "GET /hello HTTP/1.1\nhost: x\n\n", 400},
      {"a bad percent sign", "GET /%zz HTTP/1.1\r\nhost: x\r\n\r\n", 400},
      {"another scheme", "GET ftp://x/y HTTP/1.1\r\nhost: x\r\n\r\n", 400},
      {"a negative length", head + "content-length: -1\r\n\r\n", 400},
      {"a length of 2^64", head + "content-length: 18446744073709551616\r\n\r\n", 400},
      {"two lengths", head + "content-length: 1\r\ncontent-length: 2\r\n\r\n", 400},
      {"length and chunks", head + "content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", 400},
      {"chunks and length", head + "transfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n", 400},
      {"a coding we do not undo", head + "transfer-encoding: gzip, chunked\r\n\r\n", 400},
      {"no chunks in the end", head + "transfer-encoding: chunked, gzip\r\n\r\n", 400},
      {"a bad chunk size", chunked + "xyz\r\n", 400},
      {"a chunk that is longer", chunked + "3\r\nabcdef\r\n", 400},
      {"a chunk header without end", chunked + "5;" + long_value, 400},
      {"a long body", head + "content-length: 101\r\n\r\n", 413},
      {"a body of 2^63", head + "content-length: 9223372036854775808\r\n\r\n", 413},
      {"a long chunk", chunked + "65\r\n", 413},
      {"a chunk of 2^64-1", chunked + "ffffffffffffffff\r\n", 413},
      {"long chunks", chunked + "40\r\n" + std::string(64, 'a') + "\r\n40\r\n", 413},
      {"a long request line", "GET /" + long_value + " HTTP/1.1\r\n", 431},
      {"a long header", "GET /hello HTTP/1.1\r\nhost: x\r\nx: " + long_value, 431},
      {"many headers", "GET /hello HTTP/1.1\r\nhost: x\r\n" + many + "\r\n", 431},
  };
  std::uint64_t refused = 0;
  for (const Bad& bad : cases) {
    SCOPED_TRACE(bad.why);
    Wire wire(house.port());
    ASSERT_TRUE(wire.send(bad.bytes));
    const Reply reply = wire.read();
    EXPECT_EQ(reply.status, bad.status);
    EXPECT_TRUE(reply.body.starts_with("{\"refused\":" + std::to_string(bad.status))) << reply.body;
    EXPECT_EQ(reply.header("connection"), "close");
    wire.half_close();
    EXPECT_TRUE(wire.at_end());
    EXPECT_EQ(house.server.counters().refused_total, ++refused);
  }
  EXPECT_EQ(house.server.counters().requests_total, 0U);
  // And everyone else is still served.
  Wire wire(house.port());
  ASSERT_TRUE(wire.send("\r\n\r\n" + get("/hello")));
  EXPECT_EQ(wire.read().body, "hello");
}

TEST(Refusals, OfALongBodyReachAClientThatIsStillSending) {
  House house;  // 4 MiB
  Wire wire(house.port());
  // The client reads nothing before it has sent everything, as many do.
  ASSERT_TRUE(wire.send(post("/echo", std::string(10'000'000, 'x'))));
  EXPECT_EQ(wire.read().status, 413U);
  wire.half_close();
  EXPECT_TRUE(wire.at_end());
}

TEST(Refusals, OfALongBodyComeBeforeItWhereTheClientAsks) {
  House house;
  Wire wire(house.port());
  ASSERT_TRUE(
      wire.send("POST /echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n"
                "content-length: 5000000\r\n\r\n"));
  EXPECT_EQ(wire.read().status, 413U);
}

TEST(Refusals, FollowALimitThatDependsOnThePath) {
  Options options = quick_options();
  options.body_limit = [](const Request& request) -> std::uint64_t {
    return request.path == "/echo" ? 10 : 1;
  };
  House house(options);
  Wire wire(house.port());
  ASSERT_TRUE(wire.send(post("/echo", "0123456789") + post("/hello", "01")));
  EXPECT_EQ(wire.read().body, "0123456789");
  EXPECT_EQ(wire.read().status, 413U);
}

TEST(Refusals, OfAHeadRequestHaveNoBody) {
  House house;
  Wire wire(house.port());
  ASSERT_TRUE(wire.send("HEAD /throw HTTP/1.1\r\nhost: x\r\n\r\n"));
  EXPECT_EQ(wire.read(true).status, 500U);
  EXPECT_TRUE(wire.at_end());
}

Options hasty_options() {
  Options options = quick_options();
  options.header_timeout = options.body_timeout = options.idle_timeout = 60ms;
  options.linger_timeout = 60ms;
  return options;
}

TEST(Deadlines, EndASlowHeaderEvenWhenItDrips) {
  House house(hasty_options());
  Wire wire(house.port());
  ASSERT_TRUE(wire.send("GET /hello HTTP/1.1\r\n"));
  // Each byte is progress, and none of it counts: the deadline is of the whole header.
  int sent = 0;
  while (sent < 5000 && wire.send("x") && !wire.readable_within(1))
    ++sent;
  EXPECT_LT(sent, 5000);
  EXPECT_EQ(wire.read().status, 408U);
  EXPECT_TRUE(wire.at_end());
}

TEST(Deadlines, EndASlowBody) {
  House house(hasty_options());
  Wire wire(house.port());
  ASSERT_TRUE(wire.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc"));
  EXPECT_EQ(wire.read().status, 408U);
  EXPECT_TRUE(wire.at_end());
}

TEST(Deadlines, EndASilentConnectionWithoutAWord) {
  House house(hasty_options());
  Wire fresh(house.port());
  Wire used(house.port());
  ASSERT_TRUE(used.send(get("/hello")));
  EXPECT_EQ(used.read().body, "hello");
  EXPECT_TRUE(fresh.at_end());
  EXPECT_TRUE(used.at_end());
  EXPECT_EQ(house.server.counters().refused_total, 0U);
}

TEST(Deadlines, DoNotHurryAHandler) {
  House house(hasty_options());
  Wire wire(house.port());
  ASSERT_TRUE(wire.send(get("/drip")));
  // Far longer than any deadline; the stream goes on.
  for (int i = 0; i < 200; ++i)
    ASSERT_TRUE(wire.read_until("drop\n\n")) << i;
  Wire other(house.port());
  EXPECT_TRUE(other.at_end());
  ASSERT_TRUE(house.stage.streaming.within());
  house.server.begin_drain();
  EXPECT_FALSE(wire.read().broken);
}

TEST(Crowds, AreToldThatTheHouseIsFull) {
  Options options = quick_options();
  options.connections_max = 2;
  House house(options);
  Wire first(house.port());
  Wire second(house.port());
  ASSERT_TRUE(first.send(get("/hello")) && second.send(get("/hello")));
  EXPECT_EQ(first.read().body, "hello");
  EXPECT_EQ(second.read().body, "hello");
  Wire third(house.port());
  ASSERT_TRUE(third.send(get("/hello")));
  EXPECT_EQ(third.read().status, 503U);
  ASSERT_TRUE(first.send(get("/hello")));
  EXPECT_EQ(first.read().body, "hello");
}

TEST(Crowds, OfLargeBodiesAreBounded) {
  Options options = quick_options();
  options.memory = std::make_shared<MemoryAccount>(100'000);
  House house(options);
  const std::string large(60'000, 'x');
  Wire first(house.port());
  ASSERT_TRUE(first.send(post("/wait", large)));
  ASSERT_TRUE(house.stage.waiting.within());
  {
    Wire second(house.port());
    ASSERT_TRUE(second.send(post("/echo", large)));
    EXPECT_EQ(second.read().status, 503U);
    Wire small(house.port());
    ASSERT_TRUE(small.send(post("/echo", "small")));
    EXPECT_EQ(small.read().body, "small");
  }
  first.close();
  ASSERT_TRUE(house.server.wait_drained(10s));  // that is: until no connection is open
  Wire third(house.port());
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(third.send(post("/echo", large)));
    EXPECT_EQ(third.read().body, large);
  }
}

}  // namespace
}  // namespace http::test

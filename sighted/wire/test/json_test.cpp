#include <gtest/gtest.h>

#include <wire/json.hpp>

namespace wire {
namespace {

ErrorKind kind_of(std::string_view text) {
  return Document(text).error().kind;
}

std::string nested(std::size_t depth, char open, char close) {
  return R"({"a":)" + std::string(depth, open) + std::string(depth, close) + '}';
}

TEST(Json, ReadsStraightThroughAndAsksOnce) {
  Document body(R"({"name":"n","count":3,"rate":0.5,"on":true,"in":{"x":[1,2]},"credit":null})");
  Reader root = body.root();
  EXPECT_EQ(root.required_string("name", 10), "n");
  EXPECT_EQ(root.required_u64("count", 1, 10), 3U);
  EXPECT_EQ(root.optional_number("rate", 0, 1), 0.5);
  EXPECT_EQ(root.optional_number("count", 0, 5), 3.0);
  EXPECT_EQ(root.optional_bool("on"), true);
  EXPECT_EQ(root.optional_string("credit", 10), std::nullopt);
  EXPECT_EQ(root.optional_i64("gone", -1, 1), std::nullopt);
  Reader inner = root.required_object("in");
  Items items = inner.required_array("x", 2);
  EXPECT_EQ(items.size(), 2U);
  EXPECT_EQ(items.u64(1, 0, 9), 2U);
  EXPECT_FALSE(body.failed());
}

TEST(Json, TheFirstErrorSticksAndNothingFollowsIt) {
  Document body(R"({"limits":[{"rpm":-1}],"name":5})");
  Reader root = body.root();
  Items limits = root.required_array("limits");
  Reader limit = limits.object(0);
  EXPECT_EQ(limit.required_u64("rpm", 1, 100), 1U);
  EXPECT_EQ(root.required_string("name", 10), "");
  EXPECT_EQ(root.required_object("gone").required_array("more").size(), 0U);
  ASSERT_TRUE(body.failed());
  EXPECT_EQ(body.error().param, "limits[0].rpm");
  EXPECT_EQ(body.error().message, "'limits[0].rpm' must be an integer from 1 to 100.");
}

TEST(Json, ABrokenBodyReadsAsEmpty) {
  Document body("{");
  Reader root = body.root();
  EXPECT_FALSE(root.has("name"));
  EXPECT_EQ(root.required_string("name", 10), "");
  EXPECT_EQ(body.error().kind, ErrorKind::syntax);
}

TEST(Json, LengthsAreOfBytesAndInclusive) {
  Document body("{\"a\":\"\xC3\xA9\"}");
  EXPECT_EQ(body.root().required_string("a", 2), "\xC3\xA9");
  EXPECT_FALSE(body.failed());
  body.root().required_string("a", 1);
  EXPECT_EQ(body.error().message, "'a' must have 1 to 1 bytes.");
}

TEST(Json, DepthIsBounded) {
  EXPECT_FALSE(Document(nested(63, '[', ']')).failed());
  EXPECT_EQ(kind_of(nested(64, '[', ']')), ErrorKind::too_deep);
  EXPECT_EQ(kind_of(nested(5'000'000, '[', ']')), ErrorKind::too_deep);
  EXPECT_EQ(kind_of(std::string(5'000'000, '[')), ErrorKind::too_deep);
}

TEST(Json, MemoryIsBounded) {
  std::string zeros = R"({"a":[0)";
  for (int i = 0; i < 4'000'000; ++i) {
    zeros += ",0";
  }
  EXPECT_EQ(kind_of(zeros + "]}"), ErrorKind::too_large);
  std::string tokens = R"({"a":[12345)";
  for (int i = 0; i < 1'500'000; ++i) {
    tokens += ",12345";
  }
  EXPECT_FALSE(Document(tokens + "]}").failed());
  EXPECT_FALSE(Document(R"({"a":")" + std::string(10'000'000, 'x') + R"("})").failed());
}

TEST(Json, FieldsOfAnObjectAreBounded) {
  std::string body = "{";
  for (int i = 0; i < 4096; ++i) {
    body += '"' + std::to_string(i) + "\":1,";
  }
  EXPECT_FALSE(Document(body.substr(0, body.size() - 1) + '}').failed());
  EXPECT_EQ(kind_of(body + "\"x\":1}"), ErrorKind::too_large);
}

TEST(Json, TheLastOfTwoCounts) {
  Document body(R"({"a":1,"a":2})");
  EXPECT_EQ(body.root().required_u64("a", 0, 9), 2U);
}

TEST(Json, WordsAreToldByTheirIndex) {
  Document body(R"({"a":"two"})");
  EXPECT_EQ(body.root().required_word("a", {"one", "two"}), 1U);
  EXPECT_EQ(body.root().required_word("a", {"one"}, "is not for us."), std::nullopt);
  EXPECT_EQ(body.error().kind, ErrorKind::unsupported);
  EXPECT_EQ(body.error().message, "'a' is not for us.");
}

TEST(Json, ObjectsPassThroughAsText) {
  const std::string text = R"({"z":1,"a":[3.14159,-1e-07,5.0,1e+20,0.1,18446744073709551615,-5],)"
                           R"("s":"\"\\\n\u0001é","n":null,"b":[true,{}]})";
  Document body(R"({"o":)" + text + "}");
  EXPECT_EQ(body.root().required_object_text("o"), text);
  EXPECT_FALSE(body.failed());
}

TEST(Json, ExtremesOfIntegers) {
  Document body(R"({"min":-9223372036854775808,"max":9223372036854775807,"u":18446744073709551615,
                    "over":18446744073709551616,"minus":-1,"real":1.5})");
  constexpr auto all = std::numeric_limits<std::int64_t>();
  EXPECT_EQ(body.root().optional_i64("min", all.min(), all.max()), all.min());
  EXPECT_EQ(body.root().optional_i64("max", all.min(), all.max()), all.max());
  EXPECT_EQ(body.root().optional_u64("u", 0, ~0ULL), ~0ULL);
  EXPECT_FALSE(body.failed());
  for (const char* name : {"over", "minus", "real"}) {
    Document again(R"({"over":18446744073709551616,"minus":-1,"real":1.5})");
    EXPECT_EQ(again.root().optional_u64(name, 0, ~0ULL), std::nullopt);
    EXPECT_EQ(again.error().param, name);
  }
}

}  // namespace
}  // namespace wire

#include <gtest/gtest.h>

#include <bit>
#include <boost/json.hpp>
#include <cmath>
#include <cstdlib>
#include <random>
#include <wire/json_writer.hpp>

namespace wire {
namespace {

std::string json_of(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
  JsonWriter json("data: ");
  json.object().field("a", "x").key("b").array().integer(-1).null().object().end_object();
  json.end_array().field("c", true).key("d").object().end_object().field("e", std::uint64_t{7});
  json.end_object();
  EXPECT_EQ(std::move(json).text(), R"(data: {"a":"x","b":[-1,null,{}],"c":true,"d":{},"e":7})");
}

TEST(JsonWriter, EscapesWhatMustBe) {
  EXPECT_EQ(json_of("a\"b\\c\n\r\t\x01\x1f/é\x7f"), "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u001f/é\x7f\"");
  EXPECT_EQ(json_of(std::string_view("\0", 1)), "\"\\u0000\"");
}

TEST(JsonWriter, BrokenUtf8BecomesReplacementCharacters) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(json_of("a\xFF"
                    "b"),
            '"' + ("a" + bad) + "b\"");
  EXPECT_EQ(json_of("\xE2\x82"), '"' + bad + bad + '"');
  EXPECT_EQ(json_of("\xED\xA0\x80"), '"' + bad + bad + bad + '"');
  EXPECT_EQ(json_of("\xF0\x9F\x90\x88"), "\"\xF0\x9F\x90\x88\"");
}

TEST(JsonWriter, AnyBytesGiveValidJson) {
  const std::uint32_t seed = 20261123;
  std::mt19937 random(seed);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random() % 12, '\0');
    for (char& byte : bytes) {
      // Half of them from the bytes that make UTF-8 interesting.
      byte = static_cast<char>(random() % 2 == 0 ? random() % 256 : 0x80 + random() % 128);
    }
    boost::system::error_code error;
    const auto value = boost::json::parse(json_of(bytes), error);
    ASSERT_FALSE(error) << "seed " << seed << " round " << i;
    if (bytes.find_first_of("\xEF") == std::string::npos &&
        value.get_string().find("\xEF\xBF\xBD") == std::string::npos) {
      ASSERT_EQ(std::string_view(value.get_string()), bytes) << "seed " << seed << " round " << i;
    }
  }
}

TEST(JsonWriter, NumbersReadBackTheSame) {
  std::mt19937 random(7);
  for (int i = 0; i < 1000; ++i) {
    const float number = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    JsonWriter json;
    json.number(number);
    const std::string text = std::move(json).text();
    if (std::isfinite(number)) {
      ASSERT_EQ(std::strtof(text.c_str(), nullptr), number) << text;
    } else {
      ASSERT_EQ(text, "null");
    }
  }
}

}  // namespace
}  // namespace wire

#include "format.hpp"

#include <random>
#include <regex>

#include <gtest/gtest.h>

#include "leaf_run.hpp"
#include "literal.hpp"
#include "pattern.hpp"

namespace grammar {
namespace {

GrammarPtr of(std::string_view format) {
  TextDemand demand;
  demand.formats = {format};
  return leaf_grammar([&](Builder& builder) { return text_rule(builder, demand); });
}

struct Row {
  const char* format;
  std::vector<const char*> yes;
  std::vector<const char*> no;
};

TEST(Format, TakesWhatItsStandardTakes) {
  const std::vector<Row> rows = {
      {"date",
       {"2024-02-29", "2023-02-28", "2000-02-29", "1999-12-31", "2024-04-30"},
       {"2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "2024-1-1",
        "2024-01-32", ""}},
      {"time",
       {"00:00:00Z", "23:59:59.123+05:30"},
       {"24:00:00Z", "12:00:00", "12:60:00Z", "12:00Z"}},
      {"date-time",
       {"2024-02-29T12:30:00Z", "2024-01-01T00:00:00.5-08:00"},
       {"2023-02-29T12:30:00Z", "2024-01-01", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00"}},
      {"duration",
       {"P1D", "PT5M", "P1Y2M3DT4H5M6S", "P2W", "PT1H"},
       {"P", "PT", "P1", "1D", "P1W1D", "P1DT"}},
      {"email",
       {"a@b.co", "first.last+tag@sub.example.org"},
       {"a", "a@b", "@b.co", "a@.co", ".a@b.co", "a..b@c.de", "a@b.c1"}},
      {"hostname", {"localhost", "a-b.example.com"}, {"-a.com", "a-.com", "a..b", "", "a_b"}},
      {"ipv4",
       {"0.0.0.0", "255.255.255.255", "192.168.1.10"},
       {"256.1.1.1", "1.1.1", "01.1.1.1", "1.1.1.1.1"}},
      {"ipv6",
       {"::", "::1", "1::", "2001:db8::ff00:42:8329", "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::3:4:5:6:7:8"},
       {"1:2:3:4:5:6:7", "1::2::3", ":::", "12345::", "1:2:3:4:5:6:7:8:9", "g::"}},
      {"uuid",
       {"123e4567-e89b-12d3-a456-426614174000"},
       {"123e4567e89b12d3a456426614174000", "g23e4567-e89b-12d3-a456-426614174000"}},
      {"uri",
       {"https://example.com/a/b?c=d#e", "mailto:a@b.co", "urn:isbn:123", "http://localhost:8080"},
       {"example.com", "/a", "http://a b", "://a", "http://a/%zz"}},
      {"uri-reference", {"", "/a/b", "../a", "a/b?c", "#x", "https://e.org/"}, {"a b", "\\a"}},
      {"url",
       {"https://example.com", "http://a-b.example.org:8080/x?y=z#w"},
       {"ftp:/x", "https://localhost", "example.com"}},
      {"json-pointer", {"", "/a/b~0c~1", "/"}, {"a", "/~", "/~2"}},
      {"relative-json-pointer", {"0", "1/a", "0#"}, {"/a", "01", ""}},
      {"byte",
       {"", "YWJj", "YWI=", "YQ=="},
       {"YWJ", "=",
        "YW=="
        "="}},
      {"base64", {"YWJj"}, {"a"}},
      {"regex", {"", "anything("}, {}},
      {"password", {"x"}, {}},
      {"file-path", {"/a b/c"}, {}},
      {"uuid4", {"123e4567-e89b-42d3-a456-426614174000"}, {"123e4567-e89b-12d3-a456-426614174000"}},
      {"jwt", {"eyJh.eyJz.c2ln"}, {"eyJh.eyJz", "a b.c.d"}},
  };
  for (const Row& row : rows) {
    const GrammarPtr grammar = of(row.format);
    ASSERT_TRUE(grammar) << row.format;
    for (const char* text : row.yes) {
      EXPECT_TRUE(matches(grammar, string_inside(text))) << row.format << ": " << text;
    }
    for (const char* text : row.no) {
      EXPECT_FALSE(matches(grammar, string_inside(text))) << row.format << ": " << text;
    }
  }
}

TEST(Format, EveryOneCanBeWritten) {
  std::mt19937 dice{3};
  const auto choose = [&](std::size_t count) { return dice() % count; };
  for (const char* name : {"date",
                           "time",
                           "date-time",
                           "duration",
                           "email",
                           "hostname",
                           "ipv4",
                           "ipv6",
                           "uri",
                           "iri",
                           "uri-reference",
                           "iri-reference",
                           "uri-template",
                           "url",
                           "uuid",
                           "json-pointer",
                           "byte",
                           "relative-json-pointer",
                           "json-pointer-uri-fragment",
                           "idn-email",
                           "idn-hostname"}) {
    const GrammarPtr grammar = of(name);
    ASSERT_TRUE(grammar) << name;
    EXPECT_LT(grammar->bytes(), 200'000) << name;
    for (int round = 0; round < 20; ++round) {
      const Made out = made(grammar, 2000, choose);
      ASSERT_TRUE(out.ended && !out.stuck) << name << ": " << out.text;
    }
  }
}

TEST(Format, UnknownNamesAreToldApart) {
  EXPECT_EQ(find_format("color"), nullptr);
  EXPECT_EQ(find_format(""), nullptr);
  const Format* wide = find_format("int64");
  ASSERT_NE(wide, nullptr);
  EXPECT_EQ(wide->kind, Format::Kind::number);
  EXPECT_EQ(wide->high, "9223372036854775807");
  Builder builder;
  TextDemand demand;
  demand.formats = {"color"};
  const auto rule = text_rule(builder, demand);
  ASSERT_FALSE(rule);
  EXPECT_EQ(rule.error().kind, Refusal::Kind::unsupported);
  EXPECT_EQ(rule.error().keyword, "format");
}

TEST(Format, GoesWithPatternsAndLengths) {
  TextDemand demand;
  demand.formats = {"email"};
  demand.patterns = {"@example\\.com$"};
  demand.max_length = 14;
  const GrammarPtr grammar =
      leaf_grammar([&](Builder& builder) { return text_rule(builder, demand); });
  ASSERT_TRUE(grammar);
  EXPECT_TRUE(matches(grammar, "ab@example.com"));
  EXPECT_FALSE(matches(grammar, "abc@example.com"));
  EXPECT_FALSE(matches(grammar, "a@example.org"));
}

}  // namespace
}  // namespace grammar

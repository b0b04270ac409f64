#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <grammar/gbnf.hpp>
#include <grammar/matcher.hpp>

namespace grammar {
namespace {

struct Case {
  const char* name;
  std::string text;
  std::vector<std::string> fits;
  std::vector<std::string> does_not;
};

const std::vector<Case> cases = {
    {"a literal", R"(root ::= "abc")", {"abc"}, {"", "ab", "abcd", "abd"}},
    {"escapes of a literal",
     R"(root ::= "\x41\u00e9\U0001F600\n\t\r\\\"\[\]\-")",
     {"A\xC3\xA9\xF0\x9F\x98\x80\n\t\r\\\"[]-"},
     {"A"}},
    {"an empty literal", R"(root ::= "a" "" "b")", {"ab"}, {"a"}},
    {"an empty rule", "root ::= \"a\" nothing \"b\"\nnothing ::=", {"ab"}, {"a b"}},
    {"an empty alternative", R"(root ::= "a" | | "b")", {"", "a", "b"}, {"ab"}},
    {"choice and group", R"(root ::= "x" ("a" | "b" "c") "y")", {"xay", "xbcy"}, {"xaby", "xcy"}},
    {"a class", R"(root ::= [a-cx\-\]\x30-\x39])", {"a", "b", "c", "x", "-", "]", "7"}, {"d", "y"}},
    {"a dash at the end of a class", R"(root ::= [+-] [a-])", {"+a", "--"}, {"a-", "+b"}},
    {"a class with code points",
     "root ::= [\xC3\xA4-\xC3\xBC\\u4E00-\\u9FFF\\U0001F600]",
     {"\xC3\xB6", "\xE4\xB8\x80", "\xE9\xBF\xBF", "\xF0\x9F\x98\x80"},
     {"a", "\xC3", "\xC3\xBD", "\xF0\x9F\x98\x81"}},
    {"a class that excludes",
     R"(root ::= [^"\\\n])",
     {"a", "'", "\xC3\xA4", "\xF0\x9F\x98\x80"},
     {"\"", "\\", "\n", "", "ab", "\xFF", "\xED\xA0\x80", "\xC0\x80", "\xF5\x80\x80\x80"}},
    {"a class that excludes nothing", R"(root ::= [^])", {"a", "^", "]"}, {"", "ab"}},
    {"any character", R"(root ::= . .)", {"ab", "\xC3\xA4\n"}, {"a", "abc"}},
    {"star", R"(root ::= "a"* "b")", {"b", "ab", "aaaaab"}, {"", "a", "ba"}},
    {"plus", R"(root ::= ("ab")+)", {"ab", "abab"}, {"", "aba"}},
    {"optional", R"(root ::= "a"? "b"?)", {"", "a", "b", "ab"}, {"ba", "aa"}},
    {"exactly so many", R"(root ::= "a"{3})", {"aaa"}, {"aa", "aaaa"}},
    {"at least so many", R"(root ::= "a"{2,} "b")", {"aab", "aaaaaab"}, {"ab", "b"}},
    {"from so many to so many", R"(root ::= [0-9]{2,4})", {"12", "123", "1234"}, {"1", "12345"}},
    {"with blanks in the braces", R"(root ::= [0-9]{ 2 , 3 })", {"12"}, {"1"}},
    {"zero times", R"(root ::= "a"{0} "b"{0,0} "c")", {"c"}, {"ac", "bc"}},
    {"a repetition of a repetition", R"(root ::= "a"{2}{3})", {"aaaaaa"}, {"aaaaa", "aaaaaaa"}},
    {"what repeats may be empty", R"(root ::= ("a"?){3} "b")", {"b", "ab", "aaab"}, {"aaaab"}},
    {"what repeats without end may be empty", R"(root ::= ("a"* "b"?)* "c")", {"c", "aabbac"}, {}},
    {"counted emptiness", R"(root ::= ((""){1000}){1000} "c")", {"c"}, {""}},
    {"recursion", R"g(root ::= "(" root ")" | "x")g", {"x", "((x))"}, {"(x", "(x))"}},
    {"recursion to the right", "root ::= \"a\" root | \"b\"", {"b", "aaaab"}, {"aaaa", "ba"}},
    {"a circle that matches nothing", "root ::= root | \"a\"", {"a"}, {"", "aa"}},
    {"names and comments",
     "# first\n\n\nroot ::= my-Rule-2 # behind\n  # a whole line\nmy-Rule-2 ::= \"a\" # and again",
     {"a"},
     {"b"}},
    {"lines within parentheses and after a bar",
     "root ::= (\n \"a\" # one\n\n | \"b\"\n) |\n  \"c\"\r\n\r\n",
     {"a", "b", "c"},
     {"ab"}},
    {"the later rule holds", "root ::= x\nx ::= \"a\"\nx ::= \"b\"\n", {"b"}, {"a"}},
    {"numbers are names, too", "root ::= 12\n12 ::= \"a\"", {"a"}, {}},
    {"until a mark",
     "root ::= until-3 \"<e>\"\nuntil-3 ::= | [<] until-3-01 | [^<] until-3\n"
     "until-3-01 ::= | [<] until-3-01 | [e] until-3-02 | [^<e] until-3\n"
     "until-3-02 ::= | [<] until-3-01 | [^<>] until-3\n",
     {"<e>", "abc<e>", "<<e>", "a<ex<e>"},
     {"abc", "<e><e>", "a<e>b"}},
};

bool stands(const GrammarPtr& grammar, std::string_view text) {
  Matcher matcher(grammar);
  // Byte by byte: a token may end anywhere.
  for (const char byte : text) {
    if (matcher.accept({&byte, 1}) != Verdict::yes) {
      return false;
    }
  }
  return matcher.may_end();
}

TEST(Gbnf, Matches) {
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    const auto parsed = parse_gbnf(each.text);
    ASSERT_TRUE(parsed.ok()) << parsed.error().keyword << " " << parsed.error().path;
    for (const auto& text : each.fits) {
      EXPECT_TRUE(stands(parsed.value().grammar, text)) << text;
    }
    for (const auto& text : each.does_not) {
      EXPECT_FALSE(stands(parsed.value().grammar, text)) << text;
    }
  }
}

struct Refused {
  std::string text;
  Refusal refusal;
};

TEST(Gbnf, RefusesWithThePlace) {
  using Kind = Refusal::Kind;
  const std::vector<Refused> refusals = {
      {"", {Kind::malformed, "", "root", 0}},
      {"a ::= \"b\"", {Kind::malformed, "", "root", 0}},
      {"root ::= \"a\"\n\nx \"b\"", {Kind::malformed, "line 3", "::=", 0}},
      {"root ::= \"a", {Kind::malformed, "line 1", "end of the text", 0}},
      {"root ::= [a", {Kind::malformed, "line 1", "end of the text", 0}},
      {"root ::= []", {Kind::malformed, "line 1", "class", 0}},
      {"root ::= [z-a]", {Kind::malformed, "line 1", "range", 0}},
      {"root ::= \"\\q\"", {Kind::malformed, "line 1", "escape", 0}},
      {"root ::= \"\\u12\"", {Kind::malformed, "line 1", "escape", 0}},
      {"root ::= \"\\uD800\"", {Kind::malformed, "line 1", "escape", 0}},
      {"root ::= \"\\UFFFFFFFF\"", {Kind::malformed, "line 1", "escape", 0}},
      {"root ::= \"\xFF\"", {Kind::malformed, "line 1", "UTF-8", 0}},
      {std::string("root ::= \"\0\"", 12), {Kind::malformed, "line 1", "UTF-8", 0}},
      {"root ::= (\"a\"", {Kind::malformed, "line 1", ")", 0}},
      {"root ::= \"a\")", {Kind::malformed, "line 1", "end of the rule", 0}},
      {"root ::= *", {Kind::malformed, "line 1", "repetition", 0}},
      {"root ::= \"a\"{x}", {Kind::malformed, "line 1", "repetition", 0}},
      {"root ::= \"a\"{1", {Kind::malformed, "line 1", "repetition", 0}},
      {"root ::= \"a\"{3,2}", {Kind::unsatisfiable, "line 1", "repetition", 0}},
      {"root ::= \"a\"\nb ::= missing", {Kind::malformed, "line 2", "undefined rule", 0}},
      {"root ::= \"a\"{100001}", {Kind::too_large, "line 1", "repetition", 100'000}},
      {"root ::= \"a\"{99999999999999999999999}",
       {Kind::too_large, "line 1", "repetition", 100'000}},
      {"root ::= <think>", {Kind::unsupported, "line 1", "tokens by name or number", 0}},
      {"root ::= \"a\" !<[1000]>", {Kind::unsupported, "line 1", "tokens by name or number", 0}},
      {"root ::= root \"a\" | \"b\"", {Kind::unsupported, "", "left recursion", 0}},
      {"root ::= x \"a\" | \"b\"\nx ::= root \"c\" | \"d\"",
       {Kind::unsupported, "", "left recursion", 0}},
      {"root ::= \"e\"* root \"a\" | \"b\"", {Kind::unsupported, "", "left recursion", 0}},
      {"root ::= e root \"a\" | \"b\"\ne ::= (\"x\"?){5}",
       {Kind::unsupported, "", "left recursion", 0}},
      {"root ::= \"a\" root", {Kind::unsatisfiable, "", "", 0}},
      {"root ::= \"a\" x\nx ::= \"b\" x | \"c\" root", {Kind::unsatisfiable, "", "", 0}},
      {"root ::= root", {Kind::unsatisfiable, "", "", 0}},
      {"root ::= [\\uD800-\\uDFFF]", {Kind::unsatisfiable, "", "", 0}},
      {"root ::= " + std::string(300, '(') + "\"a\"" + std::string(300, ')'),
       {Kind::too_large, "line 1", "depth", 256}},
      {"root ::= \"a\"\n" + std::string(1024 * 1024, '#'), {Kind::too_large, "", "bytes", 1048576}},
  };
  for (const Refused& each : refusals) {
    const auto parsed = parse_gbnf(each.text);
    ASSERT_FALSE(parsed.ok()) << each.text.substr(0, 200);
    EXPECT_EQ(parsed.error(), each.refusal) << each.text.substr(0, 200) << "\n"
                                            << parsed.error().path << " " << parsed.error().keyword;
  }
}

GrammarPtr compiled(const std::string& text) {
  return parse_gbnf(text).value().grammar;
}

TEST(Gbnf, ALiteralIsReplacedByAGrammar) {
  GbnfOptions options;
  options.substitutes["987650001"] = compiled("root ::= \"{\" [a-z]* \"}\"");
  options.substitutes["987650002"] =
      compiled("root ::= root-2 | \"\"\nroot-2 ::= \"[\" root \"]\"");
  options.substitutes["987650003"] = compiled("root ::= \"never\"");
  const auto parsed = parse_gbnf(
      "root ::= \"<\" x \">\" | y\nx ::= \"987650001\"\ny ::= \"a987650002b987650001\"", options);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed.value().substituted, 2U);
  for (const char* const text : {"<{}>", "<{abc}>", "ab{}", "a[[]]b{z}"}) {
    EXPECT_TRUE(stands(parsed.value().grammar, text)) << text;
  }
  for (const char* const text : {"<987650001>", "<never>", "<{}", "a[[]b{}", "987650001"}) {
    EXPECT_FALSE(stands(parsed.value().grammar, text)) << text;
  }
}

TEST(Gbnf, AGrammarCanBeEmbeddedAgain) {
  GbnfOptions inner;
  inner.substitutes["X"] = compiled("root ::= \"a\"{2,3}");
  GbnfOptions outer;
  outer.substitutes["Y"] = parse_gbnf("root ::= \"(\" \"X\" \")\"", inner).value().grammar;
  const auto parsed = parse_gbnf("root ::= \"Y\"{2}", outer);
  EXPECT_TRUE(stands(parsed.value().grammar, "(aa)(aaa)"));
  EXPECT_FALSE(stands(parsed.value().grammar, "(aa)(a)"));
}

}  // namespace
}  // namespace grammar

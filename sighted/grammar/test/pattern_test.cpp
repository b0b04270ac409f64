#include "pattern.hpp"

#include <chrono>
#include <random>
#include <regex>

#include <gtest/gtest.h>

#include "leaf_run.hpp"
#include "literal.hpp"
#include "machine.hpp"

namespace grammar {
namespace {

GrammarPtr of(const TextDemand& demand) {
  return leaf_grammar([&](Builder& builder) { return text_rule(builder, demand); });
}

GrammarPtr of(std::string_view pattern) {
  TextDemand demand;
  demand.patterns = {pattern};
  return of(demand);
}

std::optional<Refusal> refusal(const TextDemand& demand) {
  Builder builder;
  const base::Result<RuleId, Refusal> rule = text_rule(builder, demand);
  return rule ? std::nullopt : std::optional{rule.error()};
}

std::optional<Refusal> refusal(std::string_view pattern) {
  TextDemand demand;
  demand.patterns = {pattern};
  return refusal(demand);
}

/// Both the rule and the set, which must agree.
bool takes(const TextDemand& demand, std::string_view text) {
  const GrammarPtr grammar = of(demand);
  if (!grammar) {
    ADD_FAILURE() << "no grammar";
    return false;
  }
  const base::Result<TextSet, Refusal> set = TextSet::of(demand);
  const bool fits = matches(grammar, string_inside(text));
  EXPECT_EQ(set.value().contains(text), fits) << text;
  return fits;
}

bool takes(std::string_view pattern, std::string_view text) {
  TextDemand demand;
  demand.patterns = {pattern};
  return takes(demand, text);
}

struct Row {
  const char* pattern;
  std::vector<std::string> yes;
  std::vector<std::string> no;
};

TEST(Pattern, MatchesWhatEcmaScriptMatches) {
  const std::vector<Row> rows = {
      {R"(^\d{4}-\d{2}$)", {"2024-01"}, {"2024-1", "x2024-01", "2024-011", ""}},
      {R"(\d{4})", {"2024", "in 2024 it", "20245"}, {"202", "20 24"}},
      {"x", {"x", "axb", "\n\"x\\"}, {"", "y"}},
      {"", {"", "anything \" \\ \n"}, {}},
      {"^$", {""}, {"a"}},
      {"^a|b$", {"a", "ax", "xb", "b"}, {"xa", "bx", ""}},
      {"^(?:a|b)$", {"a", "b"}, {"ab", ""}},
      {"^a*b+c?$", {"b", "aabb", "bc"}, {"a", "bcc"}},
      {"^a*?b+?c??$", {"b", "aabb", "bc"}, {"a", "bcc"}},
      {"^(a(b(c)?)?)?$", {"", "a", "ab", "abc"}, {"b", "ac"}},
      {"^[a-c0-2_-]+$", {"a", "2", "_-", "abc012"}, {"d", "3", ""}},
      {"^[^a-c]$", {"d", "\"", "\\", "\n", "ä", "😀"}, {"a", "", "dd"}},
      {"^[]$|^z$", {"z"}, {"", "a"}},
      {"^[^]$", {"z", "\n"}, {""}},
      {"^.$", {"z", "ä", "😀", "\t"}, {"\n", "\r", "\u2028", "", "ab"}},
      {R"(^\w+\s\W\D\S$)", {"a_9 -xy", "a\t--y"}, {"a b1y", "a  1y"}},
      {R"(^[\d\s]+$)", {"1 2", "\u00a0"}, {"a"}},
      {R"(^[^\d]+$)", {"abc"}, {"1"}},
      {R"(^\x41\u0042\u{43}\cJ\0\/\.$)", {std::string("ABC\n\0/.", 7)}, {"ABC"}},
      {R"(^\uD83D\uDE00$)", {"😀"}, {"x"}},
      {R"(^[\uD83D\uDE00-\uD83D\uDE02]$)", {"😀", "😁", "😂"}, {"😃"}},
      {"^😀{2}$", {"😀😀"}, {"😀"}},
      {R"(^\p{Lu}\p{L}*$)", {"Ärger", "Ωmega", "A"}, {"ä", "1", ""}},
      {R"(^\P{L}+$)", {"12"}, {"ä"}},
      {R"(^[\p{N}\p{P}]+$)", {"1.", "Ⅷ"}, {"a"}},
      {R"(^\p{Letter}\p{gc=Nd}$)", {"a1"}, {"1a"}},
      {"^(?<year>\\d{2})$", {"24"}, {"2"}},
      {"^a{,3}b|q{x$", {"zzq{x"}, {"ab"}},
      {"^}]$", {"}]"}, {"}"}},
      {"^(a|)b$", {"ab", "b"}, {"a"}},
      {"^(a?){3}$", {"", "a", "aaa"}, {"aaaa"}},
      {"^(a*)*$", {"", "aaa"}, {"b"}},
      {"^(a+){2,}$", {"aa", "aaaa"}, {"a", ""}},
      {"^a{0}b$", {"b"}, {"ab"}},
      {"^a{0,10000}$", {"", "aaa"}, {"b"}},
      {"^[a-z]{3,}$", {"abc", "abcd"}, {"ab"}},
      {"(^a)|(b$)|^c$", {"ax", "xb", "c"}, {"cx", "xc"}},
      {"^(^a$)$", {"a"}, {"aa"}},
      {"a^b|c", {"c", "xcx"}, {"ab", "a^b"}},
      {R"([\b])", {"a\bc"}, {"b"}},
      {R"(^[\w.-]+@[\w-]+\.[a-z]{2,}$)", {"a.b@c-d.org"}, {"a@b", "@c.de"}},
  };
  for (const Row& row : rows) {
    if (std::string_view{row.pattern} == "^a{,3}b|q{x$") continue;  // malformed, see below
    for (const std::string& text : row.yes)
      EXPECT_TRUE(takes(row.pattern, text)) << row.pattern << " " << text;
    for (const std::string& text : row.no)
      EXPECT_FALSE(takes(row.pattern, text)) << row.pattern << " " << text;
  }
}

TEST(Pattern, LooksAhead) {
  const std::string_view password = R"(^(?=.*[a-z])(?=.*[A-Z])(?=.*\d).{8,}$)";
  EXPECT_TRUE(takes(password, "aB3aaaaa"));
  EXPECT_FALSE(takes(password, "aB3aaaa"));
  EXPECT_FALSE(takes(password, "ab3aaaaa"));
  EXPECT_TRUE(takes("^(?=.{1,3}$)[a-z]+(\\.[a-z]+)*$", "a.b"));
  EXPECT_FALSE(takes("^(?=.{1,3}$)[a-z]+(\\.[a-z]+)*$", "a.bc"));
  EXPECT_TRUE(takes("^(?=.{2,9000}$)(?=.*a)[a-z]{0,5000}$", "xa"));
  EXPECT_FALSE(takes("^(?=.{2,9000}$)(?=.*a)[a-z]{0,5000}$", "a"));
  EXPECT_FALSE(takes("^(?=.{2,9000}$)(?=.*a)[a-z]{0,5000}$", "a" + std::string(5000, 'b')));
  EXPECT_FALSE(takes("^(?=.{2,3}$)[^]{0,5000}$", "a\nb"));
  EXPECT_TRUE(takes("^(?!foo$)[a-z]+$", "food"));
  EXPECT_FALSE(takes("^(?!foo$)[a-z]+$", "foo"));
  EXPECT_FALSE(takes("^[a-z](?!.*--)[a-z-]*$", "a--b"));
  EXPECT_TRUE(takes("^[a-z](?!.*--)[a-z-]*$", "a-b-"));
  EXPECT_TRUE(takes("q(?=u)", "quit"));
  EXPECT_FALSE(takes("q(?=u)", "qit"));
  EXPECT_TRUE(takes("q(?!u)", "quq"));
}

TEST(Pattern, WritesStringsAsJsonDoes) {
  const GrammarPtr grammar = of("^.*$");
  EXPECT_TRUE(matches(grammar, R"(a\"b\\c\td)"));
  EXPECT_TRUE(matches(grammar, R"(\u001f\u001F\u0000)"));
  EXPECT_FALSE(matches(grammar, R"(a"b)"));
  EXPECT_FALSE(matches(grammar, "\t"));
  EXPECT_FALSE(matches(grammar, "\\"));
  EXPECT_FALSE(matches(grammar, R"(\n)"));
  EXPECT_FALSE(matches(grammar, "\xC3"));
  EXPECT_TRUE(matches(grammar, "\x7F"));
}

TEST(Pattern, NamesWhatItDoesNotTake) {
  using Kind = Refusal::Kind;
  for (const char* text :
       {"[",           "(",        ")",      "(?",    "(?<",   "(?<a",   "(?<1>a)", "*",
        "a**",         "^+[a-z]$", "^{2}x$", "a|*",   "[b-a]", "\\",     "\\x4",    "\\u12",
        "\\u{110000}", "\\A",      "[\\",    "a{,3}", "\\p{L", "\xFF",   "(?=a)+",  "{1}",
        "\\c1",        "[a-\\",    "\\e",    "(a",    "a)",    "x{2}{3}"}) {
    const std::optional<Refusal> fault = refusal(text);
    ASSERT_TRUE(fault) << text;
    EXPECT_EQ(fault->kind, Kind::malformed) << text;
    EXPECT_EQ(fault->keyword, "pattern") << text;
  }
  for (const char* text : {"(a)\\1", "\\bfoo\\b", "a\\B", "(?<=a)b", "(?<!a)b", "(?i)a", "\\k<a>",
                           "\\p{Script=Greek}", "(?:(?=a)b|c)", "(?=a)^b"}) {
    const std::optional<Refusal> fault = refusal(text);
    ASSERT_TRUE(fault) << text;
    EXPECT_EQ(fault->kind, Kind::unsupported) << text;
  }
  for (const char* text : {"$a", "a^", "^[]$", "^(?=b)a", "^\\uD800$", "(?!)"}) {
    const std::optional<Refusal> fault = refusal(text);
    ASSERT_TRUE(fault) << text;
    EXPECT_EQ(fault->kind, Kind::unsatisfiable) << text;
  }
}

TEST(Pattern, CountsCodePoints) {
  TextDemand demand;
  demand.patterns = {"^(ab)*$"};
  demand.min_length = 3;
  demand.max_length = 5;
  EXPECT_TRUE(takes(demand, "abab"));
  EXPECT_FALSE(takes(demand, "ab"));
  EXPECT_FALSE(takes(demand, "ababab"));
  demand.max_length = 3;
  EXPECT_EQ(refusal(demand)->kind, Refusal::Kind::unsatisfiable);

  demand.patterns = {"^[a-zä]+@[a-z]+\\.com$"};
  demand.min_length = 8;
  demand.max_length = 5000;  // too many to unroll: a count
  EXPECT_TRUE(takes(demand, "ää@b.com"));
  EXPECT_FALSE(takes(demand, "ä@b.com"));
  EXPECT_TRUE(takes(demand, std::string(4994, 'a') + "@b.com"));
  EXPECT_FALSE(takes(demand, std::string(4995, 'a') + "@b.com"));
  demand.min_length = 0;
  demand.max_length = 6;
  EXPECT_EQ(refusal(demand)->kind, Refusal::Kind::unsatisfiable);

  demand.patterns = {"^[a-z]+$"};
  demand.max_length = 3;
  Matcher matcher{of(demand)};
  EXPECT_EQ(matcher.accept("ab"), Verdict::yes);
  EXPECT_FALSE(matcher.must_end());
  EXPECT_EQ(matcher.accept("c"), Verdict::yes);
  EXPECT_TRUE(matcher.must_end());

  demand.patterns = {};
  demand.min_length = 0;
  demand.max_length = 2;
  EXPECT_TRUE(takes(demand, "😀\n"));
  EXPECT_FALSE(takes(demand, "abc"));
  demand.min_length = 3;
  EXPECT_EQ(refusal(demand)->kind, Refusal::Kind::unsatisfiable);
  demand.max_length = unbounded;
  EXPECT_TRUE(takes(demand, "abc"));
  EXPECT_FALSE(takes(demand, "ab"));
}

TEST(Pattern, JoinsDemands) {
  TextDemand demand;
  demand.patterns = {"a", "^[a-c]+$"};
  demand.not_patterns = {"bb"};
  demand.except = {"a", "ab"};
  EXPECT_TRUE(takes(demand, "abc"));
  EXPECT_FALSE(takes(demand, "ab"));
  EXPECT_FALSE(takes(demand, "bc"));
  EXPECT_FALSE(takes(demand, "abbc"));
  EXPECT_TRUE(takes(demand, "abcb"));
  demand.patterns.push_back("d");
  EXPECT_EQ(refusal(demand)->kind, Refusal::Kind::unsatisfiable);
}

TEST(Pattern, AnyKeyButThese) {
  TextDemand demand;
  for (int at = 0; at < 2000; ++at)
    demand.except.push_back("key_" + std::to_string(at));
  demand.except.emplace_back("a\"b");
  const auto before = std::chrono::steady_clock::now();
  const GrammarPtr grammar = of(demand);
  ASSERT_TRUE(grammar);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds{2});
  EXPECT_FALSE(matches(grammar, "key_1999"));
  EXPECT_TRUE(matches(grammar, "key_2000"));
  EXPECT_TRUE(matches(grammar, "key_"));
  EXPECT_TRUE(matches(grammar, ""));
  EXPECT_TRUE(matches(grammar, "ä"));
  EXPECT_FALSE(matches(grammar, "a\\\"b"));
  EXPECT_TRUE(matches(grammar, "a\\\"c"));
}

/// A random pattern that std::regex reads the same way.
std::string random_pattern(std::mt19937& dice, int depth) {
  const auto roll = [&](unsigned sides) { return dice() % sides; };
  switch (depth <= 0 ? roll(4) : roll(12)) {
    case 0:
    case 1: return std::string(1, static_cast<char>('a' + roll(3)));
    case 2: return roll(2) == 0 ? "[ab]" : "[^a]";
    case 3: return roll(3) == 0 ? "." : "c";
    case 4:
    case 5:
    case 6: return random_pattern(dice, depth - 1) + random_pattern(dice, depth - 1);
    case 7:
      return "(?:" + random_pattern(dice, depth - 1) + "|" + random_pattern(dice, depth - 1) + ")";
    case 8: return "(?:" + random_pattern(dice, depth - 1) + ")" + (roll(2) == 0 ? "*" : "+");
    case 9:
      return "(?:" + random_pattern(dice, depth - 1) + ")" + (roll(2) == 0 ? "{1,2}" : "{0,3}");
    case 10: return "(" + random_pattern(dice, depth - 1) + ")?";
    default:
      return roll(2) == 0 ? "(?:^|b)" + random_pattern(dice, depth - 1)
                          : random_pattern(dice, depth - 1) + "(?:$|a)";
  }
}

TEST(Pattern, AgreesWithAnotherEngine) {
  std::mt19937 dice{20};
  for (int round = 0; round < 400; ++round) {
    std::string pattern = random_pattern(dice, 4);
    if (dice() % 2 == 0) pattern = "^(?:" + pattern + ")$";
    const std::regex other{pattern, std::regex::ECMAScript};
    TextDemand demand;
    demand.patterns = {pattern};
    const bool counted = dice() % 3 == 0;
    if (counted) {
      demand.min_length = static_cast<std::uint32_t>(dice() % 3);
      demand.max_length = demand.min_length + static_cast<std::uint32_t>(dice() % 4);
    }
    const GrammarPtr grammar = of(demand);
    for (int sample = 0; sample < 40; ++sample) {
      std::string text;
      for (std::size_t left = dice() % 7; left > 0; --left)
        text += static_cast<char>('a' + dice() % 3);
      const bool fits =
          std::regex_search(text, other) &&
          (!counted || (text.size() >= demand.min_length && text.size() <= demand.max_length));
      if (!grammar) {
        EXPECT_FALSE(fits) << pattern << " " << text;
      } else {
        EXPECT_EQ(matches(grammar, text), fits) << pattern << " " << text;
      }
    }
    if (!grammar) {
      EXPECT_EQ(refusal(demand)->kind, Refusal::Kind::unsatisfiable) << pattern;
      continue;
    }
    const Made text = made(grammar, 300, [&](std::size_t count) { return dice() % count; });
    ASSERT_FALSE(text.stuck) << pattern;
    EXPECT_TRUE(!text.ended || matches(grammar, text.text)) << pattern;
  }
}

TEST(Pattern, HostileOnesEndSoon) {
  std::string many = "^a";
  for (int at = 0; at < 5000; ++at)
    many += "|a";
  std::string nested;
  for (int at = 0; at < 30; ++at)
    nested = "(?:" + nested + "a?){30}";
  const std::vector<std::string> hostile = {
      "(a{1000}){1000}",
      many + "|b$",
      std::string(100000, '('),
      std::string(15000, '(') + std::string(15000, ')'),
      nested,
      "^(?:a?){1000}$",
      "(a|b)*a(a|b){1000}",
      "(.*a.*b.*c){200}",
      "^(?:(?:a*)*b*)*{999}",
      "^(?:\\p{L}\\p{Lu}?){900}$",
      "(?:\\p{L}|\\p{N}){1000}x",
      "^(?=(a|b)*a(a|b){900})(?!(.*x){40}).*$",
      "a{4294967295}",
      "(?:a{0,1000}){0,1000}",
      "(?:^|a){1000}",
      "[\\u{0}-\\u{10FFFF}" + std::string(30000, 'x') + "]{1000}",
      "(?!" + std::string(8000, '.') + ")a",
      "(?:a|aa|aaa|aaaa|aaaaa){500}",
  };
  for (const std::string& pattern : hostile) {
    const auto before = std::chrono::steady_clock::now();
    const GrammarPtr grammar = of(pattern);
    const std::chrono::duration<double, std::milli> took =
        std::chrono::steady_clock::now() - before;
    RecordProperty(pattern.substr(0, 20), std::to_string(took.count()));
    if (std::getenv("SHOW") != nullptr)
      fprintf(stderr, "%8.2f ms %d %s\n", took.count(), grammar != nullptr,
              pattern.substr(0, 40).c_str());
    EXPECT_LT(took.count(), 1000) << pattern.substr(0, 40);
  }
}

TEST(Pattern, ManyBadOnesCostNoMoreThanOne) {
  Builder builder;
  MachineWork work;
  TextDemand demand;
  demand.patterns = {"(?:a|aa|aaa|aaaa|aaaaa){500}"};
  const auto before = std::chrono::steady_clock::now();
  std::size_t made = 0;  // The work suffices for the first ones.
  for (int at = 0; at < 1000; ++at)
    made += text_rule(builder, demand, work) ? 1 : 0;
  EXPECT_LE(made, 10);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds{5});
  EXPECT_EQ(work.left, 0);
}

}  // namespace
}  // namespace grammar

// Schema by schema: what its grammar takes and what it does not.
#include <gtest/gtest.h>

#include <vector>

#include "schema_run.hpp"

namespace grammar {
namespace {

struct Row {
  const char* schema;
  std::vector<const char*> fit;
  std::vector<const char*> do_not;
};

class Schema : public testing::TestWithParam<Row> {};

TEST_P(Schema, TakesWhatConforms) {
  const Row& row = GetParam();
  const auto compiled = compile_schema(row.schema, SchemaMode::strict);
  ASSERT_EQ(outcome(compiled), "ok") << row.schema;
  const GrammarPtr grammar =
      compiled.ok() ? compile_schema(row.schema, SchemaMode::strict).value().grammar : nullptr;
  for (const char* text : row.fit) {
    EXPECT_TRUE(matches(grammar, text)) << row.schema << " should take " << text;
  }
  for (const char* text : row.do_not) {
    EXPECT_FALSE(matches(grammar, text)) << row.schema << " should not take " << text;
  }
}

const Row plain[] = {
    {"true",
     {"1", "null", R"("a")", R"({"a":[1,{}]})", "[]", R"([1, 2])"},
     {"", "nul", "[1,]", " 1", "[1,  2]", "[ 1]"}},
    {"{}", {"true", R"({"": ""})"}, {"tru", "{'a':1}"}},
    {R"({"type":"null"})", {"null"}, {"0", "\"null\""}},
    {R"({"type":"boolean"})", {"true", "false"}, {"1"}},
    {R"({"type":"integer"})", {"0", "-1", "42"}, {"1.0", "01", "-", "1e3", "+1"}},
    {R"({"type":"number"})", {"0", "-1.5", "1e3"}, {"01", ".5", "1.", "NaN"}},
    {R"({"type":"string"})",
     {R"("")", R"("a b")", R"("\n\u00e9\ud83d\ude00")", "\"\xC3\xA9\""},
     {R"("a)", "\"\n\"", R"("\ud83d")", R"("\x")", "\"\xC3\"", "\"\xED\xA0\x80\""}},
    {R"({"type":["string","null"]})", {"null", R"("x")"}, {"1"}},
    {R"({"type":"object"})", {"{}", R"({"a":1})", R"({"a": 1, "b":{}})"}, {"[]", "{a:1}"}},
    {R"({"type":"array"})", {"[]", "[1,null]"}, {"{}"}},
    {R"({"type":"string","nullable":true})", {"null", R"("x")"}, {"1"}},
    {R"({"minLength":2})", {R"("ab")", "1", "null", "[]"}, {R"("a")"}},
};
INSTANTIATE_TEST_SUITE_P(Plain, Schema, testing::ValuesIn(plain));

const Row values[] = {
    {R"({"const":1})", {"1"}, {"2", "1.0", "11"}},
    {R"({"const":{"a":[1,"x"]}})", {R"({"a":[1,"x"]})"}, {R"({"a":[1]})"}},
    {R"({"enum":["a","ab",1,null,true]})",
     {R"("a")", R"("ab")", "1", "null", "true"},
     {R"("abc")", "false"}},
    {R"({"type":"string","enum":["a",1,null]})", {R"("a")"}, {"1", "null"}},
    {R"({"enum":["a","bbb"],"maxLength":1})", {R"("a")"}, {R"("bbb")"}},
    {R"({"enum":[1,5,10],"minimum":4,"maximum":9})", {"5"}, {"1", "10"}},
    {R"({"enum":["ab","b1"],"pattern":"\\d"})", {R"("b1")"}, {R"("ab")"}},
    {R"({"enum":["x"],"nullable":true,"type":"string"})", {R"("x")"}, {"null"}},
    {R"({"const":"a\"\\\n"})", {R"("a\"\\\n")"}, {R"("a")"}},
    {R"({"enum":[{"a":1},{"a":2}],"properties":{"a":{"minimum":2}}})",
     {R"({"a":2})"},
     {R"({"a":1})"}},
    {R"({"enum":["a","b"],"not":{"const":"a"}})", {R"("b")"}, {R"("a")"}},
};
INSTANTIATE_TEST_SUITE_P(Values, Schema, testing::ValuesIn(values));

const Row numbers[] = {
    {R"({"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807})",
     {"-9223372036854775808", "9223372036854775807", "0"},
     {"-9223372036854775809", "9223372036854775808"}},
    {R"({"type":"number","minimum":0,"maximum":1})", {"0", "1", "0.5"}, {"1.1", "-0.1", "2"}},
    {R"({"type":"integer","exclusiveMinimum":0,"exclusiveMaximum":3})", {"1", "2"}, {"0", "3"}},
    {R"({"type":"integer","minimum":0,"exclusiveMinimum":true})", {"1"}, {"0"}},
    {R"({"type":"integer","multipleOf":5})", {"0", "5", "-10"}, {"1", "12"}},
    {R"({"type":"number","multipleOf":0.01})", {"0.01", "1", "7.52"}, {"0.001"}},
    {R"({"allOf":[{"multipleOf":4},{"multipleOf":6}],"type":"integer"})", {"12", "24"}, {"4", "6"}},
    {R"({"type":"integer","not":{"const":5},"minimum":4,"maximum":6})", {"4", "6"}, {"5"}},
    {R"({"type":"integer","format":"int32"})", {"2147483647"}, {"2147483648"}},
    {R"({"type":"integer","not":{"minimum":3}})", {"2", "-1"}, {"3", "4"}},
};
INSTANTIATE_TEST_SUITE_P(Numbers, Schema, testing::ValuesIn(numbers));

const Row strings[] = {
    {R"({"type":"string","pattern":"^\\d{4}$"})", {R"("2024")"}, {R"("202")", R"("20245")"}},
    {R"({"type":"string","pattern":"b"})", {R"("abc")", R"("b")"}, {R"("ac")"}},
    {R"({"type":"string","pattern":"^[a-z]+$","minLength":2,"maxLength":3})",
     {R"("ab")", R"("abc")"},
     {R"("a")", R"("abcd")", R"("A1")"}},
    {R"({"type":"string","minLength":1,"maxLength":2})",
     {R"("é")", R"("éé")"},
     {R"("")", R"("ééé")"}},
    {R"({"type":"string","format":"date"})", {R"("2024-02-29")"}, {R"("2024-13-01")"}},
    {R"({"type":"string","format":"uuid"})",
     {R"("123e4567-e89b-12d3-a456-426614174000")"},
     {R"("x")"}},
    {R"({"type":"string","not":{"enum":["a",""]}})", {R"("b")", R"("aa")"}, {R"("a")", R"("")"}},
    {R"({"type":"string","not":{"pattern":"^a"}})", {R"("ba")"}, {R"("ab")"}},
    {R"({"allOf":[{"pattern":"^a"},{"pattern":"z$"}],"type":"string"})", {R"("abz")"}, {R"("ab")"}},
};
INSTANTIATE_TEST_SUITE_P(Strings, Schema, testing::ValuesIn(strings));

const Row arrays[] = {
    {R"({"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":3})",
     {"[1]", "[1,2,3]", "[1, 2]"},
     {"[]", "[1,2,3,4]", "[\"a\"]"}},
    {R"({"type":"array","maxItems":0})", {"[]"}, {"[1]"}},
    {R"({"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}]})",
     {R"([1,"a"])"},
     {"[1]", R"(["a",1])", R"([1,"a",2])"}},
    {R"({"type":"array","prefixItems":[{"type":"integer"}],"items":false,"minItems":0})",
     {"[]", "[1]"},
     {"[1,2]"}},
    {R"({"type":"array","items":[{"type":"integer"}],"additionalItems":{"type":"null"},)"
     R"("maxItems":3})",
     {"[1]", "[1,null]", "[1,null,null]"},
     {"[null]", "[1,2]", "[1,null,null,null]"}},
    {R"({"type":"array","items":false})", {"[]"}, {"[1]"}},
    {R"({"type":"array","items":{"enum":["a","b"]},"uniqueItems":true})",
     {"[]", R"(["b","a"])", R"(["a"])"},
     {R"(["a","a"])", R"(["a","b","a"])"}},
    {R"({"type":"array","items":{"enum":[1,2,3,4,5,6,7,8]},"uniqueItems":true,"minItems":2,)"
     R"("maxItems":3})",
     {"[1,2]", "[3,5,8]"},
     {"[1]", "[1,1]", "[1,2,3,4]", "[2,1,1]"}},
    {R"({"type":"array","items":{"type":"integer"},"contains":{"const":7},"maxItems":3})",
     {"[7]", "[7,1]"},
     {"[]", "[1]", "[7,1,2,3]"}},
    {R"({"type":"array","items":{"type":"string"},"minItems":2000,"maxItems":5000})", {}, {"[]"}},
};
INSTANTIATE_TEST_SUITE_P(Arrays, Schema, testing::ValuesIn(arrays));

const Row objects[] = {
    {R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"null"}},)"
     R"("required":["a"]})",
     {R"({"a":1})", R"({"a":1,"b":null})", R"({"a": 1, "b": null})"},
     {"{}", R"({"b":null})", R"({"b":null,"a":1})", R"({"a":1,"c":1})", R"({"a":1,"a":1})",
      R"({"a":1,})"}},
    {R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}}})",
     {"{}", R"({"b":1})", R"({"a":1,"b":2})"},
     {R"({,"b":1})", R"({"b":1,"a":1})"}},
    {R"({"type":"object","properties":{}})", {"{}"}, {R"({"a":1})"}},
    {R"({"type":"object","required":["x"]})",
     {R"({"x":1})", R"({"x":1,"y":2})"},
     {"{}", R"({"y":2})"}},
    {R"({"type":"object","properties":{"a":true},"required":["z"]})",
     {R"({"z":1})", R"({"a":[],"z":{}})"},
     {R"({"a":1})"}},
    {R"({"type":"object","properties":{"ab":{"type":"null"}},)"
     R"("additionalProperties":{"type":"integer"}})",
     {R"({"ab":null})", R"({"a":1,"abc":2})", R"({"ab":null,"x":1})", R"({"":3})"},
     {R"({"ab":1})", R"({"x":1,"ab":1})", R"({"x":null})"}},
    {R"({"type":"object","additionalProperties":false})", {"{}"}, {R"({"a":1})"}},
    {R"({"type":"object","additionalProperties":{"type":"boolean"},"minProperties":1,)"
     R"("maxProperties":2})",
     {R"({"a":true})", R"({"a":true,"b":false})"},
     {"{}", R"({"a":true,"b":true,"c":true})"}},
    {R"({"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"},)"
     R"("c":{"type":"null"}},"minProperties":2,"maxProperties":2})",
     {R"({"a":null,"c":null})", R"({"b":null,"c":null})"},
     {"{}", R"({"a":null})", R"({"a":null,"b":null,"c":null})"}},
    {R"({"type":"object","patternProperties":{"^x":{"type":"integer"},"y$":{"type":"null"}},)"
     R"("additionalProperties":false})",
     {"{}", R"({"x1":1,"ay":null})"},
     {R"({"x1":null})", R"({"b":1})"}},
    {R"({"type":"object","properties":{"xa":{"minimum":3}},)"
     R"("patternProperties":{"^x":{"type":"integer"}}})",
     {R"({"xa":3})", R"({"xb":1})"},
     {R"({"xa":1})", R"({"xa":"s"})"}},
    {R"({"type":"object","propertyNames":{"enum":["a","b"]},)"
     R"("additionalProperties":{"type":"integer"}})",
     {"{}", R"({"a":1,"b":2})"},
     {R"({"c":1})"}},
    {R"({"type":"object","propertyNames":{"pattern":"^[a-z]$"},)"
     R"("additionalProperties":{"type":"integer"}})",
     {R"({"a":1})"},
     {R"({"A":1})", R"({"ab":1})"}},
    {R"({"type":"object","properties":{"a":false,"b":{"type":"null"}}})",
     {"{}", R"({"b":null})"},
     {R"({"a":1})"}},
    {R"({"type":"object","properties":{"a\"b":{"const":1}},"required":["a\"b"]})",
     {R"({"a\"b":1})"},
     {"{}"}},
    {R"({"allOf":[{"properties":{"a":{"type":"integer"}},"required":["a"]},)"
     R"({"properties":{"a":{"minimum":5},"b":{"type":"null"}}}],"type":"object",)"
     R"("unevaluatedProperties":false})",
     {R"({"a":5})", R"({"a":6,"b":null})"},
     {R"({"a":4})", "{}"}},
    {R"({"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"}},)"
     R"("dependentRequired":{"a":["b"]}})",
     {"{}", R"({"b":null})", R"({"a":null,"b":null})"},
     {R"({"a":null})"}},
};
INSTANTIATE_TEST_SUITE_P(Objects, Schema, testing::ValuesIn(objects));

const Row groups[] = {
    {R"({"anyOf":[{"type":"string"},{"type":"integer","minimum":3}]})",
     {R"("a")", "3"},
     {"2", "null"}},
    {R"({"type":"integer","anyOf":[{"maximum":2},{"minimum":8}]})", {"1", "9"}, {"5", R"("a")"}},
    {R"({"oneOf":[{"const":1},{"const":2}]})", {"1", "2"}, {"3"}},
    {R"({"oneOf":[{"type":"integer","minimum":0},{"type":"integer","maximum":10}]})",
     {"-1", "11"},
     {"5"}},
    {R"({"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"}},)"
     R"("oneOf":[{"required":["a"]},{"required":["b"]}]})",
     {R"({"a":null})", R"({"b":null})"},
     {"{}", R"({"a":null,"b":null})"}},
    {R"({"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"}},)"
     R"("not":{"required":["a","b"]}})",
     {"{}", R"({"a":null})", R"({"b":null})"},
     {R"({"a":null,"b":null})"}},
    {R"({"not":{"type":["object","array","string"]}})", {"1", "null", "true"}, {"{}", "[]"}},
    {R"({"type":"object","properties":{"k":{"enum":["a","b"]},"n":{"type":"integer"}},)"
     R"("required":["k"],"if":{"properties":{"k":{"const":"a"}}},"then":{"required":["n"]},)"
     R"("else":{"properties":{"n":false}}})",
     {R"({"k":"a","n":1})", R"({"k":"b"})"},
     {R"({"k":"a"})", R"({"k":"b","n":1})"}},
    {R"({"type":"object","properties":{"k":{"enum":["e","s"]},"a":{"type":"null"},)"
     R"("p":{"type":"null"}},"required":["k"],)"
     R"("allOf":[{"if":{"properties":{"k":{"const":"e"}}},"then":{"required":["a"]}},)"
     R"({"if":{"properties":{"k":{"const":"s"}}},"then":{"required":["p"]}}]})",
     {R"({"k":"e","a":null})", R"({"k":"s","p":null})"},
     {R"({"k":"e"})", R"({"k":"s","a":null})"}},
    {R"({"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"v":{"type":"integer"},)"
     R"("n":{"anyOf":[{"$ref":"#/$defs/n"},{"type":"null"}]}},"required":["v","n"]}}})",
     {R"({"v":1,"n":{"v":2,"n":null}})"},
     {R"({"v":1})", R"({"v":1,"n":{}})"}},
    {R"({"type":"array","items":{"$ref":"#"},"maxItems":2})", {"[]", "[[],[[]]]"}, {"[1]"}},
    {R"({"$ref":"#/definitions/a~1b","definitions":{"a/b":{"type":"integer"}},"minimum":2})",
     {"2"},
     {"1"}},
    {R"({"$id":"https://h/x","$ref":"https://h/x#p","$defs":{"q":{"$anchor":"p",)"
     R"("type":"null"}}})",
     {"null"},
     {"1"}},
    {R"({"type":"object","properties":{"kids":{"type":"array","items":{"$dynamicRef":"#n"}}},)"
     R"("$dynamicAnchor":"n"})",
     {R"({"kids":[{"kids":[]}]})"},
     {R"({"kids":[1]})"}},
};
INSTANTIATE_TEST_SUITE_P(Groups, Schema, testing::ValuesIn(groups));

TEST(SchemaMany, TwoHundredOptionalPropertiesComeInAnyChoice) {
  std::string properties;
  for (int at = 0; at < 200; ++at) {
    properties += (at == 0 ? "\"p" : ",\"p") + std::to_string(at) + R"(":{"type":"integer"})";
  }
  const std::string head = R"({"type":"object","properties":{)" + properties + "}";
  auto compiled = compile_schema(head + "}", SchemaMode::strict);
  ASSERT_EQ(outcome(compiled), "ok");
  const GrammarPtr grammar = std::move(compiled).value().grammar;
  EXPECT_TRUE(matches(grammar, "{}"));
  EXPECT_TRUE(matches(grammar, R"({"p199":1})"));
  EXPECT_TRUE(matches(grammar, R"({"p0":1,"p31":2,"p32":3,"p64":4,"p150":5,"p199":6})"));
  EXPECT_FALSE(matches(grammar, R"({"p32":1,"p31":2})"));
  EXPECT_FALSE(matches(grammar, R"({"p32":1,"p32":2})"));
  EXPECT_FALSE(matches(grammar, R"({"p200":1})"));
  auto with_required = compile_schema(head + R"(,"required":["p100"]})", SchemaMode::strict);
  ASSERT_EQ(outcome(with_required), "ok");
  const GrammarPtr other = std::move(with_required).value().grammar;
  EXPECT_FALSE(matches(other, "{}"));
  EXPECT_FALSE(matches(other, R"({"p101":1})"));
  EXPECT_FALSE(matches(other, R"({"p3":1,"p150":1})"));
  EXPECT_TRUE(matches(other, R"({"p3":1,"p100":1,"p150":1})"));
  EXPECT_TRUE(matches(other, R"({"p100":1})"));
}

TEST(SchemaMany, AnyJsonObjectNests) {
  EXPECT_TRUE(matches(any_json_object(), R"({"a":{"b":[{"c":[]}]}})"));
  EXPECT_FALSE(matches(any_json_object(), "[]"));
}

}  // namespace
}  // namespace grammar

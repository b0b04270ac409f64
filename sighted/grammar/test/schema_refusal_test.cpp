// Schemas that are refused, with kind, place and keyword.
#include <gtest/gtest.h>

#include "schema_run.hpp"

namespace grammar {
namespace {

struct Row {
  const char* schema;
  const char* outcome;
};

class RefusedInBoth : public testing::TestWithParam<Row> {};

TEST_P(RefusedInBoth, ByPlaceAndKeyword) {
  EXPECT_EQ(strictly(GetParam().schema), GetParam().outcome) << GetParam().schema;
  EXPECT_EQ(leniently(GetParam().schema), GetParam().outcome) << GetParam().schema;
}

const Row malformed_rows[] = {
    {"", "malformed (JSON)"},
    {"{", "malformed (JSON)"},
    {"{} {}", "malformed (JSON)"},
    {"\"x\"", "malformed (schema)"},
    {R"({"type":"string","pattern":"^a{5,2}$"})", "malformed pattern (pattern)"},
    {R"({"not":{"type":"string","pattern":"^a{5,2}$"}})", "malformed not.pattern (pattern)"},
    {R"({"type":"OBJECT"})", "malformed type (type)"},
    {R"({"type":[]})", "malformed type (type)"},
    {R"({"type":["string",1]})", "malformed type (type)"},
    {R"({"properties":null})", "malformed properties (properties)"},
    {R"({"properties":{"a":1}})", "malformed properties (properties)"},
    {R"({"required":"a"})", "malformed required (required)"},
    {R"({"required":[1]})", "malformed required (required)"},
    {R"({"minLength":-1})", "malformed minLength (minLength)"},
    {R"({"minLength":1.5})", "malformed minLength (minLength)"},
    {R"({"properties":{"a":{"maxItems":"3"}}})", "malformed properties.a.maxItems (maxItems)"},
    {R"({"enum":"a"})", "malformed enum (enum)"},
    {R"({"anyOf":{}})", "malformed anyOf (anyOf)"},
    {R"({"anyOf":[]})", "malformed anyOf (anyOf)"},
    {R"({"items":"string"})", "malformed items (items)"},
    {R"({"anyOf":[true,true,{"multipleOf":0}]})", "malformed anyOf[2].multipleOf (multipleOf)"},
    {R"({"minimum":"3"})", "malformed minimum (minimum)"},
    {R"({"pattern":7})", "malformed pattern (pattern)"},
    {R"({"type":"string","pattern":"("})", "malformed pattern (pattern)"},
    {R"({"$ref":"#/$defs/none"})", "malformed $ref ($ref)"},
    {R"({"additionalProperties":"no"})", "malformed additionalProperties (additionalProperties)"},
    {R"({"$defs":{"unused":{"type":"no"}}})", "malformed $defs.unused.type (type)"},
    {R"({"nullable":"yes"})", "malformed nullable (nullable)"},
    {R"({"dependentRequired":{"a":"b"}})", "malformed dependentRequired (dependentRequired)"},
    {"{\"const\":\"\xFF\"}", "malformed (JSON)"},
};
INSTANTIATE_TEST_SUITE_P(Malformed, RefusedInBoth, testing::ValuesIn(malformed_rows));

const Row unsatisfiable_rows[] = {
    {"false", "unsatisfiable (false)"},
    {R"({"type":"array","minItems":5,"maxItems":2})", "unsatisfiable minItems (minItems)"},
    {R"({"type":"object","properties":{"a":{"type":"array","minItems":5,"maxItems":2}}})",
     "unsatisfiable properties.a.minItems (minItems)"},
    {R"({"type":"string","minLength":5,"maxLength":2})", "unsatisfiable minLength (minLength)"},
    {R"({"minProperties":2,"maxProperties":1})", "unsatisfiable minProperties (minProperties)"},
    {R"({"properties":{"n":{"type":"integer","minimum":5,"maximum":3}}})",
     "unsatisfiable properties.n.minimum (minimum)"},
    {R"({"type":"number","exclusiveMinimum":1,"maximum":1})",
     "unsatisfiable exclusiveMinimum (exclusiveMinimum)"},
    {R"({"type":"integer","minimum":0.1,"maximum":0.9})", "unsatisfiable minimum (minimum)"},
    {R"({"type":"integer","exclusiveMinimum":3,"exclusiveMaximum":4})",
     "unsatisfiable exclusiveMinimum (exclusiveMinimum)"},
    {R"({"type":"integer","multipleOf":10,"minimum":11,"maximum":19})",
     "unsatisfiable multipleOf (multipleOf)"},
    {R"({"properties":{"a":{"type":"string","pattern":"^a{3}$","minLength":5}}})",
     "unsatisfiable properties.a.pattern (pattern)"},
    {R"({"enum":[]})", "unsatisfiable enum (enum)"},
    {R"({"type":"string","enum":[1,2]})", "unsatisfiable enum (enum)"},
    {R"({"type":"integer","const":"a"})", "unsatisfiable const (const)"},
    {R"({"const":3,"minimum":5})", "unsatisfiable const (const)"},
    {R"({"enum":["abc"],"maxLength":2})", "unsatisfiable enum (enum)"},
    {R"({"type":"object","properties":{"a":false},"required":["a"]})",
     "unsatisfiable properties.a (false)"},
    {R"({"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]})",
     "unsatisfiable ($ref)"},
    {R"({"$ref":"#"})", "unsatisfiable ($ref)"},
    {R"({"anyOf":[{"$ref":"#"},{"type":"null"}]})", "unsatisfiable ($ref)"},
    {R"({"allOf":[{"type":"string"},{"type":"integer"}]})", "unsatisfiable type (type)"},
    {R"({"type":"array","items":false,"minItems":1})", "unsatisfiable items (false)"},
    {R"({"type":"object","additionalProperties":false,"required":["a"]})",
     "unsatisfiable additionalProperties (false)"},
    {R"({"type":"object","additionalProperties":false,"properties":{"a":{}},"minProperties":2})",
     "unsatisfiable minProperties (minProperties)"},
    {R"({"type":"array","items":{"enum":[1,2]},"uniqueItems":true,"minItems":3})",
     "unsatisfiable minItems (minItems)"},
    {R"({"not":{}})", "unsatisfiable not (false)"},
};
INSTANTIATE_TEST_SUITE_P(Unsatisfiable, RefusedInBoth, testing::ValuesIn(unsatisfiable_rows));

const Row large_rows[] = {
    {R"({"properties":{"z":{"type":"string","minLength":1000000000}}})",
     "too_large properties.z.minLength (minLength) 100000"},
    {R"({"type":"array","minItems":2000000})", "too_large minItems (minItems) 100000"},
};
INSTANTIATE_TEST_SUITE_P(TooLarge, RefusedInBoth, testing::ValuesIn(large_rows));

struct Unsupported {
  const char* schema;
  const char* strict;
  std::vector<std::string> unenforced;
};

class RefusedInStrict : public testing::TestWithParam<Unsupported> {};

TEST_P(RefusedInStrict, IsToldInLenient) {
  const Unsupported& row = GetParam();
  EXPECT_EQ(strictly(row.schema), row.strict) << row.schema;
  auto compiled = compile_schema(row.schema, SchemaMode::lenient);
  ASSERT_EQ(outcome(compiled), "ok") << row.schema;
  EXPECT_EQ(std::move(compiled).value().unenforced, row.unenforced) << row.schema;
}

const Unsupported unsupported_rows[] = {
    {R"({"properties":{"t":{"type":"array","items":{"type":"string"},"uniqueItems":true}}})",
     "unsupported properties.t.uniqueItems (uniqueItems)",
     {"properties.t.uniqueItems"}},
    {R"({"type":"string","pattern":"(a)\\1"})", "unsupported pattern (pattern)", {"pattern"}},
    {R"({"type":"string","format":"no-such-format"})", "unsupported format (format)", {"format"}},
    {R"({"type":"integer","format":"no-such-format"})", "unsupported format (format)", {"format"}},
    {R"({"$ref":"https://other.example/s.json"})", "unsupported $ref ($ref)", {"$ref"}},
    {R"({"not":{"items":{"format":"email"}}})", "unsupported not (not)", {"not"}},
    {R"({"type":"array","contains":{"type":"null"},"maxContains":1})",
     "unsupported maxContains (maxContains)",
     {"maxContains"}},
    {R"({"oneOf":[{"type":"string","format":"email"},{"type":"string","format":"uri"}]})",
     "unsupported oneOf (oneOf)",
     {"oneOf"}},
};
INSTANTIATE_TEST_SUITE_P(Unsupported, RefusedInStrict, testing::ValuesIn(unsupported_rows));

TEST(SchemaLimit, LevelsPropertiesAlternativesAndBytes) {
  std::string deep = "{}";
  for (int level = 0; level < 70; ++level) {
    deep = R"({"type":"array","items":)" + deep + "}";
  }
  EXPECT_TRUE(strictly(deep).starts_with("too_large")) << strictly(deep);
  std::string brackets(100'000, '[');
  EXPECT_TRUE(strictly(brackets).starts_with("too_large")) << strictly(brackets);
  std::string properties;
  std::string words;
  for (int at = 0; at < 2'001; ++at) {
    properties += (at == 0 ? "\"p" : ",\"p") + std::to_string(at) + "\":{}";
    words += (at == 0 ? "\"w" : ",\"w") + std::to_string(at) + "\"";
  }
  EXPECT_EQ(strictly(R"({"properties":{)" + properties + "}}"),
            "too_large properties (properties) 2000");
  EXPECT_EQ(strictly(R"({"enum":[)" + words + "]}"), "too_large enum (enum) 2000");
  EXPECT_EQ(strictly(std::string(300'000, ' ')), "too_large (bytes) 262144");
}

TEST(SchemaLimit, AProductOfMinimaIsSeen) {
  std::string schema = R"({"type":"string","minLength":1000})";
  for (int level = 0; level < 3; ++level) {
    schema = R"({"type":"array","minItems":1000,"items":)" + schema + "}";
  }
  EXPECT_EQ(strictly(schema), "too_large (shortest text) 1000000");
}

}  // namespace
}  // namespace grammar

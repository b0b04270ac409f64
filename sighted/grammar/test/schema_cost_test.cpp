// What large and hostile schemas cost: to compile, and to run one token further.
#include <gtest/gtest.h>

#include <functional>

#include "schema_property.hpp"
#include "schema_run.hpp"

namespace grammar {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double slow = 60;
#else
constexpr double slow = 6;  // other programs use the machine too
#endif

std::string listed(int count, const std::function<std::string(int)>& item) {
  std::string text;
  for (int at = 0; at < count; ++at) {
    text += (at == 0 ? "" : ",") + item(at);
  }
  return text;
}

std::string named(int at, const std::string& value) {
  return "\"p" + std::to_string(at) + "\":" + value;
}

std::string object_of(int count, const std::function<std::string(int)>& schema) {
  return R"({"type":"object","properties":{)" +
         listed(count, [&](int at) { return named(at, schema(at)); }) + "}}";
}

std::string levels(int count) {
  std::string schema = R"({"type":"integer"})";
  for (int level = 0; level < count; ++level) {
    schema = R"({"type":"object","properties":{"a":)" + schema + R"(},"required":["a"]})";
  }
  return schema;
}

std::string tools(int count) {
  return R"({"anyOf":[)" +
         listed(count,
                [](int tool) {
                  return R"({"type":"object","properties":{"name":{"const":"t)" +
                         std::to_string(tool) + R"("},"arguments":)" +
                         object_of(10, [](int) { return std::string(R"({"type":"string"})"); }) +
                         R"(},"required":["name","arguments"]})";
                }) +
         "]}";
}

TEST(SchemaCost, LargeOnesAreAnswered) {
  const auto text = [](int) { return std::string(R"({"type":"string"})"); };
  const auto range = [](int at) {
    return R"({"type":"integer","minimum":)" + std::to_string(at) + R"(,"maximum":1000})";
  };
  const std::string large[] = {
      R"({"enum":[)" + listed(1000, [](int at) { return "\"word" + std::to_string(at) + "\""; }) +
          "]}",
      R"({"enum":[)" + listed(2000, [](int at) { return std::to_string(at); }) + "]}",
      object_of(200, text),
      object_of(2000, text),
      object_of(200, range),
      tools(60),
      levels(20),
      levels(60),
      R"({"type":"string","minLength":100000})",
      R"({"type":"array","items":{"type":"integer"},"minItems":10000,"maxItems":1000000000})",
      R"({"anyOf":[)" +
          listed(2000, [](int at) { return R"({"const":)" + std::to_string(at) + "}"; }) + "]}",
  };
  for (const std::string& schema : large) {
    const SchemaTrial trial = try_schema(schema, 7, slow);
    EXPECT_EQ(trial.fault, "") << schema.substr(0, 200);
    EXPECT_TRUE(trial.compiled) << strictly(schema) << schema.substr(0, 200);
  }
}

TEST(SchemaCost, HostileOnesAreRefusedSoon) {
  const std::string hostile[] = {
      // Alternatives that multiply.
      R"({"allOf":[)" +
          listed(10,
                 [](int at) {
                   return R"({"anyOf":[)" +
                          listed(10,
                                 [&](int value) {
                                   return R"({"properties":{)" +
                                          named(at, R"({"const":)" + std::to_string(value) + "}") +
                                          "}}";
                                 }) +
                          "]}";
                 }) +
          "]}",
      // Many properties in many alternatives.
      R"({"anyOf":[)" +
          listed(1500, [](int at) { return R"({"required":["p)" + std::to_string(at) + "\"]}"; }) +
          R"(],"type":"object","properties":{)" +
          listed(1500, [](int at) { return named(at, "{}"); }) + "}}",
      // Patterns whose machines are large.
      object_of(200,
                [](int at) {
                  return R"({"type":"string","pattern":"(.*a){20}.{)" + std::to_string(at) + "}\"}";
                }),
      // Many different ranges of long numbers.
      object_of(2000,
                [](int at) {
                  return R"({"type":"integer","minimum":)" + std::to_string(at) +
                         R"(,"maximum":100000000000)" + std::to_string(at) + "}";
                }),
      // Values held against one another.
      R"({"enum":[)" + listed(1900, [](int at) { return R"({"a":)" + std::to_string(at) + "}"; }) +
          R"(],"anyOf":[)" +
          listed(1900, [](int at) { return R"({"enum":[{"a":)" + std::to_string(at) + "}]}"; }) +
          "]}",
      // Many keys against many patterns.
      R"({"type":"object","properties":{)" + listed(1000, [](int at) { return named(at, "{}"); }) +
          R"(},"patternProperties":{)" +
          listed(1000, [](int at) { return "\"^p.*" + std::to_string(at) + "\":{}"; }) + "}}",
      std::string(200'000, '['),
      R"({"const":")" + std::string(250'000, 'x') + "\"}",
  };
  for (const std::string& schema : hostile) {
    const SchemaTrial trial = try_schema(schema, 7, slow);
    EXPECT_EQ(trial.fault, "") << schema.substr(0, 200);
    EXPECT_TRUE(strictly(schema).starts_with("too_large"))
        << strictly(schema) << schema.substr(0, 200);
  }
}

TEST(SchemaCost, ConditionsThatMultiplyAreLeftOutOfPlainTools) {
  const std::string schema = R"({"type":"object","properties":{"a":{"type":"integer"}},"allOf":[)" +
                             listed(20,
                                    [](int at) {
                                      return R"({"if":{"properties":{"a":{"const":)" +
                                             std::to_string(at) +
                                             R"(}},"required":["a"]},"then":{"required":["b)" +
                                             std::to_string(at) + "\"]}}";
                                    }) +
                             "]}";
  EXPECT_TRUE(strictly(schema).starts_with("too_large")) << strictly(schema);
  const auto compiled = compile_schema(schema, SchemaMode::lenient);
  ASSERT_EQ(outcome(compiled), "ok");
  const CompiledSchema& held = compiled.value();
  ASSERT_EQ(held.unenforced.size(), 20U);
  EXPECT_EQ(held.unenforced.front(), "allOf[0].if");
}

/// A step with a large vocabulary must fit a token's work wherever an answer stands.
TEST(SchemaCost, EachTokenFitsItsWork) {
  const std::string schema =
      object_of(2000, [](int) { return std::string(R"({"type":"string"})"); });
  const auto compiled = compile_schema(schema, SchemaMode::strict);
  ASSERT_EQ(outcome(compiled), "ok");
  Matcher matcher(compiled.value().grammar);
  for (const char* piece :
       {"{\"", "p3\":", "\"x\",", "\"p1", "5\": \"", "y\", \"p199", "9\":\"\"", "}"}) {
    EXPECT_EQ(matcher.accept(piece), Verdict::yes) << piece;
  }
  EXPECT_TRUE(matcher.must_end());
}

}  // namespace
}  // namespace grammar

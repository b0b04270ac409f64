#include "schema_maker.hpp"

#include <iterator>

namespace grammar {

namespace {

constexpr std::size_t schemas_max = 400;
constexpr int depth_max = 7;

template <std::size_t Count>
const char* one(const char* const (&choices)[Count], std::size_t at) {
  return choices[at % Count];
}

std::string word(const char* name, const std::string& value) {
  return std::string(",\"") + name + "\":" + value;
}

}  // namespace

std::size_t SchemaMaker::choose(std::size_t count) {
  return at_ < bytes_.size() ? bytes_[at_++] % count : 0;
}

std::string SchemaMaker::make() {
  std::string text = schema(0);
  if (text.size() > 2 && often()) {
    const std::string definitions = R"({"n":)" + schema(2) + R"(,"m":)" + schema(2) + "}";
    text.insert(1, "\"$defs\":" + definitions + (text == "{}" ? "" : ","));
  }
  return text;
}

std::string SchemaMaker::schema(int depth) {
  if (++made_ > schemas_max || depth > depth_max || at_ >= bytes_.size()) {
    return one({"{\"type\":\"null\"}", "{\"type\":\"integer\"}"}, made_);
  }
  switch (choose(20)) {
    case 0: return "{}";
    case 1: return one({"true", "false", "true"}, choose(3));
    case 2: return R"({"$ref":"#/$defs/n"})";
    case 3:
      return one({R"({"$ref":"#"})", R"({"$ref":"#/$defs/m"})", R"({"$ref":"#/none"})"},
                 seldom() ? 2 : choose(2));
    case 4: return R"({"const":)" + value(0) + "}";
    case 5: return R"({"enum":)" + values() + "}";
    case 6:
    case 7:
    case 8: return group(depth);
    default: return typed(depth);
  }
}

std::string SchemaMaker::typed(int depth) {
  switch (choose(8)) {
    case 0:
      return R"({"type":")" +
             std::string(one({"null", "boolean", "no"}, seldom() ? 2 : choose(2))) + "\"}";
    case 1: return R"({"type":"integer")" + number_words() + "}";
    case 2: return R"({"type":["number","null"])" + number_words() + "}";
    case 3:
    case 4: return R"({"type":"string")" + string_words() + "}";
    case 5: return R"({"type":"array")" + array_words(depth) + "}";
    default: return R"({"type":"object")" + object_words(depth) + "}";
  }
}

std::string SchemaMaker::count_word() {
  return one({"0", "1", "2", "3", "5", "2.0", "40", "-1", "1.5", "100000", "100001", "4294967296",
              "1e400", "\"2\"", "null"},
             seldom() ? choose(15) : choose(6));
}

std::string SchemaMaker::number_word() {
  return one({"0", "1", "-1", "10", "0.5", "100", "-7.25", "1e3", "9223372036854775807",
              "-9223372036854775808", "1e400", "1e-300", "0.1", "true", "99999999999999999999999"},
             seldom() ? choose(15) : choose(8));
}

std::string SchemaMaker::number_words() {
  std::string text;
  for (const char* name :
       {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}) {
    text += choose(4) == 3 ? word(name, number_word()) : "";
  }
  return text;
}

std::string SchemaMaker::string_words() {
  std::string text;
  text += choose(3) == 2 ? word("minLength", count_word()) : "";
  text += choose(3) == 2 ? word("maxLength", count_word()) : "";
  static constexpr const char* patterns[] = {
      R"("^\\d{4}$")",     R"("a")",         R"("^[a-z]{2,5}$")",  R"("^(ab|cd)*$")",  R"("x$")",
      R"("^a{5,2}$")",     R"("^(a+)+$")",   R"("(?=b).")",        R"("^.{0,3000}$")", R"("(")",
      R"("^(a|aa){50}b")", R"("[^\\s]{3}")", R"("(.*a){20}.{15}")"};
  text += choose(3) == 2 ? word("pattern", patterns[seldom() ? choose(13) : choose(5)]) : "";
  text += choose(5) == 4
              ? word("format", one({"\"date\"", "\"uuid\"", "\"email\"", "\"no\""}, choose(4)))
              : "";
  return text;
}

std::string SchemaMaker::array_words(int depth) {
  std::string text;
  text += choose(3) == 2 ? word("minItems", count_word()) : "";
  text += choose(3) == 2 ? word("maxItems", count_word()) : "";
  text += often() ? word("items", schema(depth + 1)) : "";
  text += choose(4) == 3 ? word("prefixItems", list(depth, 1 + choose(3))) : "";
  text += choose(8) == 7 ? word("uniqueItems", "true") : "";
  text += choose(8) == 7 ? word("contains", schema(depth + 1)) : "";
  return text;
}

std::string SchemaMaker::object_words(int depth) {
  std::string text;
  const std::size_t count = seldom() ? choose(100) : choose(6);
  text += often() ? word("properties", properties(depth, count)) : "";
  if (choose(3) != 0) {
    std::string names;
    for (std::size_t at = choose(3); at > 0; --at) {
      names += (names.empty() ? "" : ",") + key();
    }
    text += word("required", "[" + names + "]");
  }
  text += choose(4) == 3 ? word("additionalProperties", schema(depth + 1)) : "";
  text += choose(8) == 7 ? word("patternProperties", R"({"^a":)" + schema(depth + 1) + R"(,"b$":)" +
                                                         schema(depth + 1) + "}")
                         : "";
  text += choose(8) == 7 ? word("minProperties", count_word()) : "";
  text += choose(8) == 7 ? word("maxProperties", count_word()) : "";
  text += choose(8) == 7
              ? word("propertyNames",
                     one({R"({"pattern":"^[ab]"})", R"({"enum":["a","b"]})", R"({"maxLength":2})"},
                         choose(3)))
              : "";
  text += choose(8) == 7 ? word("dependentRequired", "{" + key() + ":[" + key() + "]}") : "";
  return text;
}

std::string SchemaMaker::group(int depth) {
  const std::size_t kind = choose(6);
  const std::string base = often() ? "{" : R"({"type":"object")" + object_words(depth) + ",";
  if (kind == 4) {
    return base + R"("not":)" + schema(depth + 1) + "}";
  }
  if (kind == 5) {
    return base + R"("if":)" + schema(depth + 1) + R"(,"then":)" + schema(depth + 1) +
           R"(,"else":)" + schema(depth + 1) + "}";
  }
  const std::size_t count = seldom() ? 1 + choose(40) : 1 + choose(3);
  return base + one({R"("anyOf":)", R"("anyOf":)", R"("allOf":)", R"("oneOf":)"}, kind) +
         list(depth, count) + "}";
}

std::string SchemaMaker::list(int depth, std::size_t count) {
  std::string text;
  for (std::size_t at = 0; at < count; ++at) {
    text += (at == 0 ? "" : ",") + schema(depth + 1);
  }
  return "[" + text + "]";
}

std::string SchemaMaker::properties(int depth, std::size_t count) {
  std::string text;
  for (std::size_t at = 0; at < count; ++at) {
    const std::string name = count > 6 ? "\"p" + std::to_string(at) + "\"" : key();
    text += (at == 0 ? "" : ",") + name + ":" + schema(depth + 1);
  }
  return "{" + text + "}";
}

std::string SchemaMaker::key() {
  return one({"\"a\"", "\"b\"", "\"c\"", "\"ab\"", "\"\"", "\"é\\\"\""}, choose(6));
}

std::string SchemaMaker::values() {
  std::string text;
  const std::size_t count = seldom() ? choose(200) : choose(5);
  for (std::size_t at = 0; at < count; ++at) {
    text += (at == 0 ? "" : ",") + (count > 6 ? std::to_string(at) : value(0));
  }
  return "[" + text + "]";
}

std::string SchemaMaker::value(int depth) {
  switch (choose(depth > 2 ? 6 : 8)) {
    case 0: return "null";
    case 1: return "true";
    case 2: return number_word();
    case 3: return "\"a\"";
    case 4: return "\"b\\n\"";
    case 5: return "1";
    case 6: return "[" + value(depth + 1) + "]";
    default: return "{" + key() + ":" + value(depth + 1) + "}";
  }
}

}  // namespace grammar

// Ordinary schemas: what zod (3 and 4), pydantic, schemars and others write, OpenAPI documents,
// tools of MCP servers and agents, the examples of the vendors. One a line in
// schemas/ordinary.jsonl.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>

#include "schema_property.hpp"
#include "schema_run.hpp"

namespace grammar {
namespace {

struct Ordinary {
  std::string name;
  std::string schema;
};

std::vector<Ordinary> ordinary() {
  std::vector<Ordinary> schemas;
  std::ifstream file(MAINS_ROOM_DIR "/test/schemas/ordinary.jsonl");
  for (std::string line; std::getline(file, line);) {
    const auto value = boost::json::parse(line).as_object();
    schemas.push_back(
        {std::string(value.at("name").as_string()), boost::json::serialize(value.at("schema"))});
  }
  return schemas;
}

TEST(SchemaCorpus, AtMostTwoOfAHundredAreRefused) {
  const auto schemas = ordinary();
  ASSERT_GE(schemas.size(), 300U);
  std::size_t refused = 0;
  for (const Ordinary& one : schemas) {
    const std::string result = strictly(one.schema);
    if (result != "ok") {
      ++refused;
      std::printf("refused in strict mode: %s: %s\n", one.name.c_str(), result.c_str());
    }
    EXPECT_EQ(leniently(one.schema), "ok") << one.name;
  }
  EXPECT_LE(refused * 100, schemas.size() * 2) << refused << " of " << schemas.size();
}

TEST(SchemaCorpus, EachIsQuickAndWithoutDeadEnds) {
  for (const Ordinary& one : ordinary()) {
    for (std::uint64_t seed = 1; seed < 4; ++seed) {
      EXPECT_EQ(try_schema(one.schema, seed * 7919, 40).fault, "") << one.name;
    }
  }
}

}  // namespace
}  // namespace grammar

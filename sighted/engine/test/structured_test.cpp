// Answers held to schemas, grammars and tools: walked at random, without a model's help, and said
// by models of random weights.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <engine/text_assembler.hpp>
#include <filesystem>

#include "answer_walk.hpp"
#include "drive.hpp"
#include "instrumented.hpp"
#include "models.hpp"

namespace engine {
namespace {

using test::slowdown;

namespace fs = std::filesystem;
namespace json = boost::json;
using test::ask;
using test::load_with;
using test::read;
using test::Reply;
using test::templates;
using test::text_of;
using test::walk;

content::Chat must_call() {
  content::Chat chat = ask("Say hello.");
  chat.tools = {{"get_weather", "Tells the weather.",
                 R"({"type":"object","properties":{"ok":{"type":"boolean"},"days":{"type":"integer",
           "minimum":1,"maximum":14}},"required":["ok","days"],"additionalProperties":false})"},
                {"note", "", R"({"type":"object","properties":{"sure":{"type":"boolean"}},
                       "required":["sure"]})"}};
  chat.tool_choice = content::ToolChoice::required;
  return chat;
}

void expect_call(const Reply& reply, const std::string& said) {
  ASSERT_EQ(reply.calls.size(), 1U) << said.substr(0, 300);
  EXPECT_EQ(reply.text.find_first_not_of(" \n"), std::string::npos) << said.substr(0, 300);
  boost::system::error_code failed;
  const json::value arguments = json::parse(reply.calls[0].arguments, failed);
  ASSERT_TRUE(!failed && arguments.is_object()) << said.substr(0, 300);
  const json::object& given = arguments.get_object();
  if (reply.calls[0].name == "note") {
    const auto* const sure = given.if_contains("sure");
    EXPECT_TRUE(sure != nullptr && sure->is_bool()) << said.substr(0, 300);
    return;
  }
  EXPECT_EQ(reply.calls[0].name, "get_weather");
  const auto* const ok = given.if_contains("ok");
  const auto* const days = given.if_contains("days");
  EXPECT_TRUE(ok != nullptr && ok->is_bool()) << said.substr(0, 300);
  ASSERT_TRUE(days != nullptr && days->is_int64()) << said.substr(0, 300);
  EXPECT_TRUE(days->get_int64() >= 1 && days->get_int64() <= 14);
}

void expect_calls(const Engine& engine) {
  for (const bool strict : {false, true}) {
    content::Chat chat = must_call();
    for (auto& tool : chat.tools) {
      tool.strict = strict;
    }
    const auto rendered = engine.render(chat);
    ASSERT_TRUE(rendered.ok()) << static_cast<int>(rendered.error().error) << " "
                               << (rendered.error().fault ? rendered.error().fault->keyword : "");
    EXPECT_TRUE(rendered.value().unenforced.empty());
    for (std::uint32_t seed = 1; seed <= 4; ++seed) {
      const std::string said = walk(*rendered.value().format, seed);
      expect_call(read(*rendered.value().format, said, 1000), said);
      expect_call(read(*rendered.value().format, said, 3), said);
    }
  }
}

void expect_json(const Engine& engine) {
  content::Chat chat = ask("A point");
  chat.json_schema = R"({"type":"object","properties":{"x":{"type":"integer","minimum":-3,
      "maximum":3},"tag":{"enum":["red","blue"]}},"required":["x","tag"],
      "additionalProperties":false})";
  const auto rendered = engine.render(chat);
  ASSERT_TRUE(rendered.ok()) << static_cast<int>(rendered.error().error);
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    const std::string said = walk(*rendered.value().format, seed);
    const Reply reply = read(*rendered.value().format, said, 2);
    ASSERT_TRUE(reply.text.starts_with('{')) << said.substr(0, 300);
    EXPECT_LE(std::abs(json::parse(reply.text).at("x").as_int64()), 3);
  }
}

TEST(Structured, EveryTemplateCallsWhatMustBeCalledAndAnswersInJson) {
  const auto files = templates();
  if (files.empty()) {
    GTEST_SKIP() << "llama.cpp's templates are not there";
  }
  const auto step = static_cast<std::size_t>(test::rounds(1, 4));
  for (std::size_t i = 0; i < files.size(); i += step) {
    const fs::path& file = files[i];
    SCOPED_TRACE(file.filename().string());
    const auto engine = load_with(text_of(file));
    ASSERT_NE(engine, nullptr);
    expect_calls(*engine);
    expect_json(*engine);
  }
}

/// What a model of random weights says under a format.
std::string babble(Engine& engine, const Rendered& rendered, std::uint32_t seed) {
  JobSpec spec = test::job(seed, rendered.tokens);
  spec.format = rendered.format;
  spec.sampling.seed = seed;
  const auto answer = test::generate(engine, std::move(spec), 600);
  EXPECT_FALSE(answer.failed);
  TextAssembler assembler({});
  std::string text = assembler.add(answer.text);
  return text + assembler.finish();
}

TEST(Structured, NoiseCallsOnBothEngines) {
  for (const bool native : {false, true}) {
    const auto engine = load_with("", native);
    ASSERT_NE(engine, nullptr);
    content::Chat chat = must_call();
    chat.forced_tool = "get_weather";
    const auto rendered = engine->render(chat);
    ASSERT_TRUE(rendered.ok());
    for (std::uint32_t seed = 1; seed <= 24; ++seed) {
      const std::string said = babble(*engine, rendered.value(), seed);
      expect_call(read(*rendered.value().format, said, 3), said);
    }
  }
}

TEST(Structured, AGrammarOfTheClientsIsKept) {
  const auto engine = load_with("");
  content::Chat chat = ask("yes or no");
  chat.grammar = "root ::= (\"yes\" | \"no\") \"!\"";
  const auto rendered = engine->render(chat);
  ASSERT_TRUE(rendered.ok());
  const auto raw = engine->obeying(chat.grammar);
  ASSERT_TRUE(raw.ok());
  for (std::uint32_t seed = 1; seed <= 5; ++seed) {
    const std::string said = babble(*engine, rendered.value(), seed);
    EXPECT_TRUE(said == "yes!" || said == "no!") << said.substr(0, 300);
    const std::string completed = babble(*engine, {{1, 2}, raw.value(), {}}, seed);
    EXPECT_TRUE(completed == "yes!" || completed == "no!") << completed.substr(0, 300);
  }
  EXPECT_EQ(engine->obeying("root ::= nowhere").error(), Error::bad_schema);
}

TEST(Structured, RefusalsNameTheirPlace) {
  const auto engine = load_with("");
  content::Chat chat = must_call();
  chat.tools[1].parameters = R"({"type":"OBJECT"})";
  const auto wrong = engine->render(chat);
  ASSERT_FALSE(wrong.ok());
  ASSERT_TRUE(wrong.error().fault.has_value());
  EXPECT_EQ(wrong.error().fault->place.of, ConstraintPlace::Of::tool);
  EXPECT_EQ(wrong.error().fault->place.tool, 1U);
  EXPECT_EQ(wrong.error().fault->kind, ConstraintFault::Kind::malformed);
  content::Chat schema = ask("x");
  schema.json_schema = R"({"type":"object","properties":{"n":{"type":"integer","minimum":5,
                           "maximum":3}},"required":["n"]})";
  const auto never = engine->render(schema);
  ASSERT_FALSE(never.ok());
  EXPECT_EQ(never.error().fault->kind, ConstraintFault::Kind::unsatisfiable);
  EXPECT_NE(never.error().fault->place.path.find("properties.n"), std::string::npos);
}

TEST(Structured, LargeSetsOfToolsAreCheap) {
  for (const char* const name : {"", "Qwen3-Coder.jinja"}) {
    const auto files = templates();
    const auto file = std::find_if(files.begin(), files.end(),
                                   [&](const auto& each) { return each.filename() == name; });
    if (*name != '\0' && file == files.end()) {
      continue;
    }
    const auto engine = load_with(*name == '\0' ? "" : text_of(*file));
    content::Chat chat = ask("x");
    for (int tool = 0; tool < 60; ++tool) {
      std::string properties;
      for (int i = 0; i < 10; ++i) {
        properties += (i > 0 ? ",\"p" : "\"p") + std::to_string(i) + "\":{\"type\":\"" +
                      (i % 2 == 0 ? "string" : "integer") + "\"}";
      }
      chat.tools.push_back({"tool_" + std::to_string(tool), "Does something.",
                            "{\"type\":\"object\",\"properties\":{" + properties + "}}"});
    }
    const auto before = std::chrono::steady_clock::now();
    ASSERT_TRUE(engine->render(chat).ok());
    const auto first = std::chrono::steady_clock::now();
    ASSERT_TRUE(engine->render(chat).ok());
    const auto again = std::chrono::steady_clock::now();
    std::cout << name << " first "
              << std::chrono::duration<double, std::milli>(first - before).count() << " ms, again "
              << std::chrono::duration<double, std::milli>(again - first).count() << " ms\n";
    EXPECT_LT(std::chrono::duration<double>(first - before).count(),
              5.0 * slowdown);  // Others may be busy.
  }
}

}  // namespace
}  // namespace engine

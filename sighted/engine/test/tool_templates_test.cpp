// Tools on every template that comes with llama.cpp: what is not said to be unenforced is enforced.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <set>

#include "../src/llama/trigger_watch.hpp"
#include "answer_walk.hpp"
#include "instrumented.hpp"

namespace engine {
namespace {

namespace json = boost::json;
using content::ToolChoice;

using Holds = bool (*)(const json::object&);

struct Case {
  content::Tool tool;
  Holds holds;  ///< Whether arguments satisfy the schema.
};

bool is_between(const json::object& given, std::string_view name, std::int64_t low,
                std::int64_t high) {
  const auto* const value = given.if_contains(name);
  return value != nullptr && value->is_int64() && value->get_int64() >= low &&
         value->get_int64() <= high;
}

bool is_bool(const json::object& given, std::string_view name) {
  const auto* const value = given.if_contains(name);
  return value != nullptr && value->is_bool();
}

bool knows(const json::object& given, const std::set<std::string_view>& names) {
  return std::all_of(given.begin(), given.end(),
                     [&](const auto& each) { return names.contains(each.key()); });
}

/// Names that llama-common writes alike, or as it writes its own.
std::vector<Case> look_alikes() {
  return {
      {{"a_b", "",
        R"({"type":"object","properties":{"n":{"type":"integer","minimum":1,"maximum":3}},
         "required":["n"],"additionalProperties":false})"},
       [](const json::object& given) { return is_between(given, "n", 1, 3) && given.size() == 1; }},
      {{"a-b", "", R"({"type":"object","properties":{"flag":{"type":"boolean"}},
         "required":["flag"],"additionalProperties":false})"},
       [](const json::object& given) { return is_bool(given, "flag") && given.size() == 1; }},
      {{"call", "", R"({"type":"object","properties":{"城市":{"type":"integer","minimum":4,
         "maximum":5},"日期":{"type":"boolean"}},"required":["城市","日期"],
         "additionalProperties":false})"},
       [](const json::object& given) {
         return is_between(given, "城市", 4, 5) && is_bool(given, "日期") && given.size() == 2;
       }},
  };
}

/// Schemas that ask something of arguments one by one and together.
std::vector<Case> promises() {
  return {
      {{"book", "Books seats.",
        R"({"type":"object","properties":{"extra":{"type":"array","items":{"type":"integer"},
         "maxItems":2},"title":{"type":"array",
         "items":{"type":"boolean"},"minItems":1,"maxItems":2},"seats":{"type":"integer",
         "minimum":1,"maximum":4},
         "fast":{"type":"boolean"}},"required":["title","seats"],"additionalProperties":false})"},
       [](const json::object& given) {
         const auto* const title = given.if_contains("title");
         return title != nullptr && title->is_array() && is_between(given, "seats", 1, 4) &&
                (!given.contains("fast") || is_bool(given, "fast")) &&
                (!given.contains("extra") || given.at("extra").is_array()) &&
                knows(given, {"extra", "title", "seats", "fast"});
       }},
      {{"day", "", R"({"type":"object","properties":{"name":{"type":"string",
         "enum":["mon","tue"]},"of":{"$ref":"#/$defs/week"}},"required":["name","of"],
         "additionalProperties":false,"$defs":{"week":{"type":"object","properties":{
         "n":{"$ref":"#/$defs/number"}},"required":["n"],"additionalProperties":false},
         "number":{"type":"integer","minimum":1,"maximum":53}}})"},
       [](const json::object& given) {
         const auto* const name = given.if_contains("name");
         const auto* const week = given.if_contains("of");
         return name != nullptr && (*name == json::value("mon") || *name == json::value("tue")) &&
                week != nullptr && week->is_object() && is_between(week->get_object(), "n", 1, 53);
       }},
      {{"one", "", R"({"type":"object","properties":{"a":{"type":"boolean"},
         "b":{"$ref":"#/properties/a"}},"additionalProperties":false,"minProperties":1})"},
       [](const json::object& given) {
         return !given.empty() && knows(given, {"a", "b"}) &&
                std::all_of(given.begin(), given.end(),
                            [](const auto& each) { return each.value().is_bool(); });
       }},
      {{"nothing", "", R"({"type":"object","properties":{},"additionalProperties":false})"},
       [](const json::object& given) { return given.empty(); }},
  };
}

std::string told(const Unrendered& error) {
  return " error " + std::to_string(static_cast<int>(error.error)) +
         (error.fault ? " " + error.fault->keyword + " at " + error.fault->place.path : "");
}

content::Chat with(const std::vector<Case>& cases, bool strict, ToolChoice choice) {
  content::Chat chat = test::ask("Do it.");
  for (const Case& each : cases) {
    chat.tools.push_back(each.tool);
    chat.tools.back().strict = strict;
  }
  chat.tool_choice = choice;
  return chat;
}

const Case* named(const std::vector<Case>& cases, const std::string& name) {
  const auto found = std::find_if(cases.begin(), cases.end(),
                                  [&](const Case& each) { return each.tool.name == name; });
  return found == cases.end() ? nullptr : &*found;
}

/// The name of the tool that was called.
std::string expect_call(const std::vector<Case>& cases, const ReplyFormat& format,
                        const std::string& said, bool conforms = true) {
  std::string name;
  for (const std::size_t cut : {std::size_t{1000}, std::size_t{3}}) {
    const test::Reply reply = test::read(format, said, cut);
    EXPECT_EQ(reply.calls.size(), 1U) << said;
    if (reply.calls.size() != 1) {
      return name;
    }
    name = reply.calls[0].name;
    const Case* const called = named(cases, name);
    boost::system::error_code failed;
    const json::value given = json::parse(reply.calls[0].arguments, failed);
    EXPECT_TRUE(called != nullptr && !failed && given.is_object()) << said;
    if (conforms && called != nullptr && given.is_object()) {
      EXPECT_TRUE(called->holds(given.get_object())) << said << "\n" << reply.calls[0].arguments;
    }
  }
  return name;
}

void expect_names_apart(const Engine& engine) {
  const auto cases = look_alikes();
  for (const Case& each : cases) {
    content::Chat chat = with(cases, true, ToolChoice::required);
    chat.forced_tool = each.tool.name;
    const auto one = engine.render(chat);
    ASSERT_TRUE(one.ok()) << each.tool.name << told(one.error());
    EXPECT_EQ(expect_call(cases, *one.value().format, test::walk(*one.value().format, 1)),
              each.tool.name);
  }
  const auto any = engine.render(with(cases, true, ToolChoice::required));
  ASSERT_TRUE(any.ok());
  std::set<std::string> called;
  for (std::uint32_t seed = 1; seed <= 16 && called.size() < 2; ++seed) {
    called.insert(expect_call(cases, *any.value().format, test::walk(*any.value().format, seed)));
  }
  EXPECT_GE(called.size(), 2U);
}

void expect_forced_calls(const Engine& engine) {
  const auto cases = promises();
  for (const bool strict : {false, true}) {
    for (const Case& each : cases) {
      content::Chat chat = with(cases, strict, ToolChoice::required);
      chat.forced_tool = each.tool.name;
      const auto rendered = engine.render(chat);
      ASSERT_TRUE(rendered.ok()) << each.tool.name << strict << told(rendered.error());
      EXPECT_TRUE(rendered.value().unenforced.empty()) << each.tool.name;
      for (std::uint32_t seed = 1; seed <= 1; ++seed) {
        expect_call(cases, *rendered.value().format, test::walk(*rendered.value().format, seed));
      }
    }
  }
}

const llama::Constraints& constraints_of(const ReplyFormat& format) {
  return dynamic_cast<const llama::ChatFormat&>(format).constraints();
}

/// A thought that the prompt began, ended.
std::string thought(const llama::Constraints& constraints) {
  return constraints.thinking.open ? "Hm." + constraints.thinking.ends.front() : "";
}

/// A call where none must be made: the grammar sleeps until its mark. Returns the tool's name.
std::string expect_free_call(const std::vector<Case>& cases, const ReplyFormat& format,
                             std::uint32_t seed, bool conforms) {
  const llama::Constraints& constraints = constraints_of(format);
  grammar::Matcher matcher(constraints.grammar);
  const std::string call = test::walk_on(matcher, seed);
  const std::string said = thought(constraints) + call;
  llama::TriggerWatch watch(constraints);
  const auto woken = watch.feed(said);
  EXPECT_TRUE(woken.has_value()) << said;
  EXPECT_TRUE(!woken || call.ends_with(*woken)) << said;
  return expect_call(cases, format, said, conforms);
}

/// What some templates write in front of text.
std::string lead(const llama::Constraints& constraints) {
  const auto keeps = [&](std::string_view mark) {
    return std::find(constraints.preserved.begin(), constraints.preserved.end(), mark) !=
           constraints.preserved.end();
  };
  return keeps("<|channel|>")             ? "<|channel|>final<|message|>"
         : keeps("<|START_TEXT|>")        ? "<|START_TEXT|>"
         : keeps(">>>all")                ? "all\n"
         : keeps("<atem:function_calls>") ? "<|message|>"
                                          : "";
}

void expect_free_text(const ReplyFormat& format) {
  const llama::Constraints& constraints = constraints_of(format);
  llama::TriggerWatch watch(constraints);
  const std::string said = thought(constraints) + lead(constraints) + "Good morning.";
  EXPECT_FALSE(watch.feed(said).has_value());
  const test::Reply reply = test::read(format, said, 3);
  EXPECT_TRUE(reply.calls.empty());
  EXPECT_NE(reply.text.find("Good morning."), std::string::npos) << reply.text;
}

/// reads_text  The template's parser knows answers without a call.
void expect_text_or_call(const Engine& engine, bool reads_text) {
  for (const bool strict : {false, true}) {
    for (const Case& each : promises()) {
      SCOPED_TRACE(each.tool.name + (strict ? ", strict" : ""));
      const std::vector<Case> cases{each};
      const auto rendered = engine.render(with(cases, strict, ToolChoice::automatic));
      ASSERT_TRUE(rendered.ok()) << told(rendered.error());
      const bool kept = rendered.value().unenforced.empty();
      EXPECT_TRUE(kept || !strict);
      const llama::Constraints& constraints = constraints_of(*rendered.value().format);
      if (reads_text) {
        expect_free_text(*rendered.value().format);
      }
      if (!constraints.grammar) {
        EXPECT_FALSE(kept);
        continue;
      }
      ASSERT_TRUE(constraints.sleeps());
      for (std::uint32_t seed = 1; seed <= 1 && kept; ++seed) {
        expect_free_call(cases, *rendered.value().format, seed, kept);
      }
    }
  }
}

TEST(ToolTemplates, WhatIsNotSaidToBeUnenforcedIsEnforced) {
  const auto files = test::templates();
  if (files.empty()) {
    GTEST_SKIP() << "llama.cpp's templates are not there";
  }
  const auto step = static_cast<std::size_t>(test::rounds(1, 6));  // Sanitizers try each sixth.
  for (std::size_t i = 0; i < files.size(); i += step) {
    const test::fs::path& file = files[i];
    SCOPED_TRACE(file.filename().string());
    const auto engine = test::load_with(test::text_of(file));
    ASSERT_NE(engine, nullptr);
    expect_names_apart(*engine);
    expect_forced_calls(*engine);
    expect_text_or_call(*engine,
                        file.filename().string().find("command-r-plus") == std::string::npos);
  }
}

/// A place without a schema of ours counts as unenforced: templates whose notation takes none.
TEST(ToolTemplates, NotationsOfTheirOwnAreSaidToBeUnenforced) {
  std::size_t seen = 0;
  for (const test::fs::path& file : test::templates()) {
    const std::string name = file.filename().string();
    if (!name.starts_with("LFM2") && name.find("gemma-4") == std::string::npos &&
        !name.starts_with("Kimi-K3")) {
      continue;
    }
    SCOPED_TRACE(name);
    ++seen;
    const auto engine = test::load_with(test::text_of(file));
    ASSERT_NE(engine, nullptr);
    const auto rendered = engine->render(with({promises()[0]}, false, ToolChoice::automatic));
    ASSERT_TRUE(rendered.ok());
    std::set<std::string> paths;
    for (const auto& place : rendered.value().unenforced) {
      paths.insert(place.path);
    }
    EXPECT_TRUE(paths.contains("properties.seats"));
  }
  EXPECT_TRUE(seen > 0 || test::templates().empty());
}

}  // namespace
}  // namespace engine

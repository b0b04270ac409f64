#include <gtest/gtest.h>

#include <cmath>
#include <engine/scripted.hpp>

#include "drive.hpp"

namespace engine {
namespace {

using test::entry;
using test::generate;
using test::job;
using test::lane;

content::Chat chat(std::string text) {
  content::Chat made;
  made.messages.push_back({"user", std::move(text), {}, {}, {}, {}});
  return made;
}

content::TokenIds prompt_of(const Engine& engine, std::string text) {
  return engine.tokenize(content::RawPrompt(std::move(text))).value();
}

TEST(Scripted, SaysItsReplyAndEnds) {
  const auto engine = make_scripted({.reply = "Hi there"});
  const auto answer = generate(*engine, job(1, prompt_of(*engine, "Hello")), 100, 2);
  EXPECT_EQ(answer.text, "Hi there");
  EXPECT_TRUE(answer.ended);
  EXPECT_EQ(answer.tokens.size(), 9U);
  EXPECT_EQ(engine->kv_free(), engine->facts().kv_tokens);
}

TEST(Scripted, TextOfEqualLengthGivesEqualCounts) {
  const auto engine = make_scripted({});
  EXPECT_EQ(engine->render(chat("secret")).value().tokens.size(),
            engine->render(chat("public")).value().tokens.size());
}

TEST(Scripted, SeedsRepeatAndDiffer) {
  const auto engine = make_scripted({});
  const auto say = [&](std::uint64_t id, std::optional<std::uint32_t> seed) {
    JobSpec spec = job(id, prompt_of(*engine, "x"));
    spec.sampling.seed = seed;
    return generate(*engine, std::move(spec), 40).text;
  };
  EXPECT_EQ(say(1, 7U), say(2, 7U));
  EXPECT_NE(say(3, 7U), say(4, 8U));
}

TEST(Scripted, CountsItsCache) {
  const auto engine = make_scripted({.kv_tokens = 10, .step_tokens_max = 16});
  ASSERT_TRUE(engine->open(job(1, content::TokenIds(6, 'a'))));
  ASSERT_TRUE(engine->open(job(2, content::TokenIds(6, 'b'))));
  terms::StepPlan plan;
  plan.run = {entry(lane(1), 6, 0), entry(lane(2), 6, 0)};
  const auto refused = engine->step(plan);
  EXPECT_TRUE(refused.out_of_kv);
  ASSERT_EQ(refused.lanes.size(), 2U);
  EXPECT_EQ(refused.lanes[0].computed, 0U);
  EXPECT_EQ(engine->kv_free(), 10U);

  plan.run = {entry(lane(1), 6, 0)};
  EXPECT_TRUE(engine->step(plan).lanes.at(0).token.has_value());
  EXPECT_EQ(engine->kv_free(), 4U);
  plan.evict = {lane(1)};
  plan.run = {entry(lane(2), 6, 0)};
  EXPECT_EQ(engine->step(plan).lanes.at(0).computed, 6U);
  plan = {};
  plan.evict = {lane(2)};
  plan.run = {entry(lane(1), 7, 0)};
  EXPECT_TRUE(engine->step(plan).lanes.at(0).token.has_value());
  engine->close({2});
  engine->close({1});
  engine->close({1});
  EXPECT_EQ(engine->kv_free(), 10U);
}

TEST(Scripted, ForksShareThePrompt) {
  const auto engine = make_scripted({.kv_tokens = 100});
  JobSpec spec = job(1, content::TokenIds(20, 'a'));
  spec.choices = 3;
  ASSERT_TRUE(engine->open(std::move(spec)));
  terms::StepPlan plan;
  plan.run = {entry(lane(1), 19, 0)};
  EXPECT_FALSE(engine->step(plan).lanes.at(0).token.has_value());
  plan = {};
  plan.fork = {{lane(1, 0), lane(1, 1), {19}}, {lane(1, 0), lane(1, 2), {19}}};
  plan.run = {entry(lane(1, 0), 1, 19), entry(lane(1, 1), 1, 19), entry(lane(1, 2), 1, 19)};
  const auto output = engine->step(plan);
  for (const auto& each : output.lanes) {
    EXPECT_TRUE(each.token.has_value());
  }
  EXPECT_EQ(engine->kv_free(), 100U - 19U - 3U);
  plan = {};
  plan.evict = {lane(1, 0)};
  engine->step(plan);
  EXPECT_EQ(engine->kv_free(), 100U - 19U - 2U);
  engine->close({1});
  EXPECT_EQ(engine->kv_free(), 100U);
}

TEST(Scripted, CallsARequiredTool) {
  const auto engine = make_scripted({});
  content::Chat request = chat("What is the weather?");
  request.tools.push_back({"weather", "tells it",
                           R"({"type":"object","required":["city"],
                               "properties":{"city":{"type":"string"}}})"});
  request.tool_choice = content::ToolChoice::required;
  auto rendered = engine->render(request).value();
  JobSpec spec = job(1, rendered.tokens);
  spec.format = rendered.format;
  const auto answer = generate(*engine, std::move(spec), 1000, 512);
  EXPECT_TRUE(answer.ended);
  for (const std::size_t cut : {1U, 3U, 1000U}) {
    const auto parser = rendered.format->parser(5);
    std::string id;
    std::string name;
    std::string arguments;
    const auto take = [&](const content::ReplyDelta& delta) {
      EXPECT_EQ(delta.text, "");
      for (const auto& piece : delta.tools) {
        id += piece.id;
        name += piece.name;
        arguments += piece.arguments;
      }
    };
    for (std::size_t at = 0; at < answer.text.size(); at += cut) {
      take(parser->feed(std::string_view(answer.text).substr(at, cut)));
    }
    take(parser->finish());
    EXPECT_TRUE(parser->called_tool());
    EXPECT_EQ(name, "weather");
    EXPECT_EQ(arguments, R"({"city":""})");
    EXPECT_TRUE(id.starts_with("call_"));
  }
}

TEST(Scripted, RefusesAForcedToolThatIsNotThere) {
  const auto engine = make_scripted({});
  content::Chat request = chat("x");
  request.tools.push_back({"one", "", "{}"});
  request.tool_choice = content::ToolChoice::required;
  request.forced_tool = "two";
  EXPECT_EQ(engine->render(request).error(), Error::bad_template_input);
}

TEST(Scripted, ThinksWhereItsReplyDoes) {
  const auto engine = make_scripted({.reply = "<think>hm</think>yes <b>"});
  const auto rendered = engine->render(chat("x")).value();
  const auto parser = rendered.format->parser();
  content::ReplyDelta all;
  for (const char byte : std::string("<think>hm</think>yes <b>")) {
    const auto delta = parser->feed(std::string(1, byte));
    all.text += delta.text;
    all.reasoning += delta.reasoning;
  }
  all.text += parser->finish().text;
  EXPECT_EQ(all.reasoning, "hm");
  EXPECT_EQ(all.text, "yes <b>");
  EXPECT_FALSE(parser->called_tool());
}

TEST(Scripted, FailsWhenTold) {
  const auto engine = make_scripted({.fail_at_step = 2});
  const auto answer = generate(*engine, job(1, content::TokenIds(3, 'a')), 10, 64);
  EXPECT_TRUE(answer.failed);
  EXPECT_EQ(answer.tokens.size(), 1U);
  EXPECT_EQ(make_scripted({.fail_open = true})->open(job(1, {65})).error(), Error::failed);
}

TEST(Scripted, EmbedsTheSameTextTheSameWay) {
  const auto engine = make_scripted({});
  const auto embed = [&](std::uint64_t id, const char* text) {
    JobSpec spec = job(id, prompt_of(*engine, text));
    spec.kind = terms::WorkKind::embed;
    return generate(*engine, std::move(spec), 10, 2).embedding;
  };
  const auto cat = embed(1, "cat");
  ASSERT_EQ(cat.size(), 64U);
  EXPECT_EQ(cat, embed(2, "cat"));
  EXPECT_NE(cat, embed(3, "dog"));
  double squares = 0;
  for (const float value : cat) {
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  EXPECT_NEAR(squares, 1.0, 1e-5);
}

TEST(Scripted, RefusesBadIdsAndLongPrompts) {
  const auto engine = make_scripted({.context = 8});
  EXPECT_EQ(engine->tokenize(content::RawPrompt(content::TokenIds{-1})).error(), Error::bad_token);
  EXPECT_EQ(engine->tokenize(content::RawPrompt(content::TokenIds{260})).error(), Error::bad_token);
  EXPECT_EQ(engine->open(job(1, content::TokenIds(9, 'a'))).error(), Error::too_long);
}

TEST(ScriptedDeath, APlanThatBreaksTheRulesStopsTheProcess) {
  const auto engine = make_scripted({.step_tokens_max = 4});
  ASSERT_TRUE(engine->open(job(1, content::TokenIds(3, 'a'))));
  terms::StepPlan plan;
  plan.run = {entry(lane(1), 3, 1)};
  EXPECT_DEATH(engine->step(plan), "resident");
  plan.run = {entry(lane(1), 4, 0)};
  EXPECT_DEATH(engine->step(plan), "known");
  plan.run = {entry(lane(2), 1, 0)};
  EXPECT_DEATH(engine->step(plan), "open jobs");
}

/// The answer to a conversation, or "refused".
std::string answered(const content::Chat& request, std::uint64_t seed = 1) {
  const auto engine = make_scripted({});
  const auto rendered = engine->render(request);
  if (!rendered) {
    return "refused";
  }
  JobSpec spec = job(1, rendered->tokens);
  spec.format = rendered->format;
  spec.sampling.seed = seed;
  const auto answer = generate(*engine, std::move(spec), 1000, 512);
  return answer.ended ? answer.text : "without end";
}

TEST(Scripted, AnswersObeySchemas) {
  const auto obeying = [](const char* schema) {
    content::Chat request = chat("x");
    request.json_schema = schema;
    return answered(request);
  };
  EXPECT_EQ(obeying("{}"), "{}");
  EXPECT_EQ(obeying(R"({"type":"integer","minimum":3,"maximum":9})"), "3");
  EXPECT_EQ(obeying(R"({"enum":["red"]})"), "\"red\"");
  EXPECT_EQ(obeying(R"({"type":"array","items":{"type":"null"},"minItems":2,"maxItems":2})"),
            "[null,null]");
  EXPECT_EQ(obeying(R"({"$defs":{"n":{"type":"null"}},"type":"object","required":["a"],
                        "properties":{"a":{"$ref":"#/$defs/n"}}})"),
            R"({"a":null})");
  EXPECT_EQ(obeying(R"({"type":"object","required":["n"],"properties":{
                        "n":{"anyOf":[{"$ref":"#"},{"type":"null"}]}}})"),
            R"({"n":null})");
  EXPECT_EQ(obeying(R"({"type":"string","pattern":"^[0-9]{4}-[0-9]{2}$"})"), R"("0000-00")");
  EXPECT_EQ(obeying(R"({"$defs":{"n":{"$ref":"#/$defs/n"}},"$ref":"#/$defs/n"})"), "refused");
  EXPECT_EQ(obeying("[1]"), "refused");
  EXPECT_EQ(obeying("{"), "refused");
}

TEST(Scripted, AnswersObeyGrammars) {
  content::Chat request = chat("x");
  request.grammar = R"(root ::= "yes" | "no")";
  const std::string text = answered(request);
  EXPECT_TRUE(text == "yes" || text == "no") << text;
  request.grammar = R"(root ::= "1" root | "y")";  // The seed finds the way out.
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::string row = answered(request, seed);
    EXPECT_EQ(row.find('y'), row.size() - 1) << row;
  }
  request.grammar = "root ::= nowhere";
  EXPECT_EQ(answered(request), "refused");

  const auto engine = make_scripted({});
  const auto raw = engine->obeying(R"(root ::= "<think>a<tool_call>")");
  ASSERT_TRUE(raw);
  JobSpec spec = job(1, prompt_of(*engine, "x"));
  spec.format = *raw;
  const auto answer = generate(*engine, std::move(spec), 1000, 512);
  EXPECT_TRUE(answer.ended);
  EXPECT_EQ(answer.text, "<think>a<tool_call>");
  EXPECT_EQ((*raw)->parser()->feed(answer.text).text, answer.text) << "plain text has no calls";
  EXPECT_EQ(engine->obeying("root ::= nowhere").error(), Error::bad_schema);
}

TEST(Scripted, AGrammarThatCostsTooMuchEndsItsLane) {
  const auto engine = make_scripted({});
  JobSpec spec = job(1, prompt_of(*engine, "x"));
  spec.format = engine->obeying(R"(root ::= ((("a"?){100} "a"){100} "a"){100})").value();
  const auto answer = generate(*engine, std::move(spec), 20'000, 30'000);
  EXPECT_TRUE(answer.failed) << answer.text.size() << " letters";
  EXPECT_FALSE(answer.ended);
}

}  // namespace
}  // namespace engine

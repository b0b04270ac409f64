// Thinking: off, on, and ended after so many tokens, on templates that can and cannot.
#include <gtest/gtest.h>

#include <engine/text_assembler.hpp>

#include "drive.hpp"
#include "templates.hpp"

namespace engine {
namespace {

using content::Thinking;
using test::load_with_template;

content::Chat wish(Thinking thinking) {
  content::Chat chat;
  chat.messages.push_back({"user", "x", {}, {}, {}, {}});
  chat.thinking.thinking = thinking;
  return chat;
}

std::string prompt(const Engine& engine, const content::Chat& chat) {
  const auto rendered = engine.render(chat);
  return rendered.ok() ? engine.text(rendered->tokens)
                       : "error " + std::to_string(static_cast<int>(rendered.error().error));
}

TEST(Thinking, IsSwitchedByTheTemplate) {
  const auto engine = load_with_template(test::thinking_like);
  const std::string on = "user\nx\nassistant\n<think>\n";
  const std::string off = "user\nx\nassistant\n<think>\n\n</think>\n\n";
  EXPECT_EQ(prompt(*engine, wish(Thinking::unsaid)), on);
  EXPECT_EQ(prompt(*engine, wish(Thinking::welcome)), on);
  EXPECT_EQ(prompt(*engine, wish(Thinking::demand)), on);
  EXPECT_EQ(prompt(*engine, wish(Thinking::avoid)), off);
  EXPECT_EQ(prompt(*engine, wish(Thinking::forbid)), off);
}

TEST(Thinking, IsRefusedWhereTheTemplateCannot) {
  const auto always = load_with_template(test::always_thinking);
  EXPECT_EQ(always->render(wish(Thinking::forbid)).error(), Error::always_thinks);
  for (const Thinking fine : {Thinking::avoid, Thinking::unsaid, Thinking::demand}) {
    EXPECT_EQ(prompt(*always, wish(fine)), "user\nx\nassistant\n<think>\n");
  }
  const auto never = test::load_tiny();
  EXPECT_EQ(never->render(wish(Thinking::demand)).error(), Error::never_thinks);
  for (const Thinking fine : {Thinking::avoid, Thinking::forbid, Thinking::welcome}) {
    EXPECT_EQ(prompt(*never, wish(fine)), prompt(*never, wish(Thinking::unsaid)));
  }
}

TEST(Thinking, ValuesReachTheTemplate) {
  const auto engine = load_with_template(
      "{{ messages[0].content }} {{ mood }} {{ reasoning_effort }}"
      "{% if add_generation_prompt %}:{% endif %}");
  content::Chat chat = wish(Thinking::welcome);
  chat.template_values = {{"mood", "\"calm\""}, {"unread", "[1]"}};
  chat.thinking.effort = "low";
  EXPECT_EQ(prompt(*engine, chat), "x calm low:");
}

/// What the random model says, thought and answer.
content::ReplyDelta answer(Engine& engine, const content::Chat& chat, std::uint32_t tokens,
                           std::string* all = nullptr) {
  auto rendered = engine.render(chat);
  EXPECT_TRUE(rendered.ok());
  JobSpec spec = test::job(1, rendered->tokens);
  spec.format = rendered->format;
  spec.sampling.temperature = 1;
  spec.sampling.seed = 5;
  spec.sampling.ignore_eos = true;
  const test::Answer answer = test::generate(engine, spec, tokens);
  content::ReplyDelta reply;
  const auto parser = rendered->format->parser(1);
  const auto take = [&](const content::ReplyDelta& delta) {
    reply.text += delta.text;
    reply.reasoning += delta.reasoning;
  };
  TextAssembler text({});
  std::string said = text.add(answer.text);
  said += text.finish();
  take(parser->feed(said));
  take(parser->finish());
  if (all != nullptr) {
    *all = said;
  }
  return reply;
}

TEST(Thinking, EndsAfterItsBudget) {
  for (const auto load : {load_llama, load_native}) {
    const auto engine = load_with_template(test::thinking_like, load);
    content::Chat chat = wish(Thinking::demand);
    for (const std::uint32_t budget : {0U, 1U, 7U, 20U}) {
      chat.thinking.tokens_max = budget;
      std::string said;
      const auto reply = answer(*engine, chat, 60, &said);
      const auto at = said.find("</think>");
      ASSERT_NE(at, std::string::npos) << budget;
      EXPECT_LE(at, (budget + 3) * 4);
      EXPECT_FALSE(reply.text.empty()) << budget;
    }
  }
}

}  // namespace
}  // namespace engine

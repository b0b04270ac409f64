// Conversations as agents send them, on templates that take less.
#include <gtest/gtest.h>

#include "templates.hpp"

namespace engine {
namespace {

using content::Chat;
using content::Message;
using test::load_with_template;

Message say(std::string role, std::string text) {
  return {std::move(role), std::move(text), {}, {}, {}, {}};
}

Chat chat_of(std::vector<Message> messages) {
  Chat chat;
  chat.messages = std::move(messages);
  return chat;
}

Chat called(const std::string& arguments) {
  Chat chat = chat_of({say("user", "a"), say("assistant", ""), say("tool", "b"),
                       say("assistant", "c"), say("user", "d")});
  chat.messages[1].tool_calls.push_back({"call_1", "f", arguments});
  chat.messages[2].tool_call_id = "call_1";
  return chat;
}

/// The prompt as text, special tokens as bars.
std::string prompt(const Engine& engine, const Chat& chat) {
  const auto rendered = engine.render(chat);
  if (!rendered.ok()) {
    return "error " + std::to_string(static_cast<int>(rendered.error().error));
  }
  std::string text;
  for (const auto token : rendered->tokens) {
    const std::string piece = engine.text({token});
    text += piece.empty() ? "|" : piece;
  }
  return text;
}

TEST(Conversation, TemplatesThatTakeItGetItAsItIs) {
  const auto engine = test::load_tiny();
  EXPECT_EQ(prompt(*engine, chat_of({say("system", "s"), say("user", "a"), say("user", "b"),
                                     say("system", "t"), say("assistant", "c"),
                                     say("assistant", "d"), say("system", "u")})),
            "|system\ns|\n|user\na|\n|user\nb|\n|system\nt|\n|assistant\nc|\n|assistant\nd|\n"
            "|system\nu|\n|assistant\n");
}

TEST(Conversation, RolesThatMustAlternateAreJoined) {
  const auto engine = load_with_template(test::gemma_like);
  EXPECT_EQ(prompt(*engine, chat_of({say("user", "a"), say("user", "b")})),
            "|user\na\nb|\n|assistant\n");
  EXPECT_EQ(prompt(*engine, chat_of({say("system", "s"), say("user", "a"), say("system", "t"),
                                     say("assistant", "c"), say("assistant", "d"),
                                     say("system", "u"), say("user", "e")})),
            "|user\ns\na\nt|\n|assistant\nc\nd|\n|user\nu\ne|\n|assistant\n");
  EXPECT_EQ(prompt(*engine, chat_of({say("assistant", "a"), say("user", "b")})),
            "|user\n|\n|assistant\na|\n|user\nb|\n|assistant\n");
  EXPECT_EQ(prompt(*engine, chat_of({say("system", "s")})), "|user\ns|\n|assistant\n");
}

TEST(Conversation, ALastTurnThatIsContinuedIsJoinedToo) {
  const auto engine = load_with_template(test::gemma_like);
  Chat chat = chat_of({say("user", "a"), say("assistant", "b"), say("assistant", "c")});
  chat.continue_last = true;
  EXPECT_EQ(prompt(*engine, chat), "|user\na|\n|assistant\nb\nc");
}

TEST(Conversation, ToolTurnsAreTextWhereATemplateHasNone) {
  const auto engine = load_with_template(test::gemma_like);
  EXPECT_EQ(prompt(*engine, called("{\"x\": 1}")),
            "|user\na|\n|assistant\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1}}\n"
            "</tool_call>|\n|user\n<tool_response>\nb\n</tool_response>|\n|assistant\nc|\n"
            "|user\nd|\n|assistant\n");
}

TEST(Conversation, WhatATemplateWouldDropIsFolded) {
  const auto engine = load_with_template(test::forgetful);
  EXPECT_EQ(prompt(*engine, chat_of({say("system", "s"), say("system", "t"), say("user", "a"),
                                     say("assistant", "b"), say("system", "u"),
                                     say("assistant", "c"), say("system", "v")})),
            "|system\ns\nt|\n|user\na|\n|assistant\nb|\n|user\nu|\n|assistant\nc|\n|user\nv|\n"
            "|assistant\n");
  EXPECT_NE(prompt(*engine, called("{}")).find("<tool_response>\nb"), std::string::npos);
}

TEST(Conversation, CallsOfStrictTemplates) {
  const auto engine = load_with_template(test::mistral_like);
  EXPECT_EQ(prompt(*engine, called("{\"x\": 1}")),
            "|user\na|\n|call\nf|x=1|\n|tool\nb|\n|assistant\nc|\n|user\nd|\n|assistant\n");
  EXPECT_EQ(prompt(*engine, called("{\"x\": \"cut")),
            "|user\na|\n|call\nf|arguments={\"x\": \"cut|\n|tool\nb|\n|assistant\nc|\n|user\nd|\n"
            "|assistant\n");
  EXPECT_EQ(prompt(*engine, chat_of({say("system", "s"), say("user", "a"), say("system", "t"),
                                     say("user", "b")})),
            "|system\ns|\n|user\na\nt\nb|\n|assistant\n");
}

TEST(Conversation, MarksOfPairsAreNeverOvercounted) {
  for (const std::string& chat_template :
       {std::string(), test::gemma_like, test::mistral_like, test::forgetful, test::thinking_like,
        test::always_thinking}) {
    const auto engine = load_with_template(chat_template);
    const std::size_t each = engine->facts().pair_tokens_min;
    EXPECT_EQ(each, 4U) << chat_template;
    for (const std::size_t pairs : {3U, 20U, 61U}) {
      // As short as turns can be, and among others that strict templates join to them.
      std::vector<Message> messages{say("system", "s"), say("user", "a")};
      for (std::size_t i = 0; i < pairs; ++i) {
        messages.push_back(say("user", "\n"));
        messages.push_back(say("assistant", " "));
        messages.push_back(say(i % 3 == 0 ? "system" : "assistant", "b"));
      }
      const auto rendered = engine->render(chat_of(std::move(messages)));
      ASSERT_TRUE(rendered.ok());
      EXPECT_GE(rendered->tokens.size(), (pairs - 2) * each) << chat_template;
    }
  }
  const auto last_only = load_with_template(
      "{% for message in messages[-4:] %}<|im_start|>{{ message.role }}\n{{ message.content }}"
      "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}");
  EXPECT_EQ(last_only->facts().pair_tokens_min, 0U) << "what is long past costs nothing there";
}

TEST(Conversation, AnyArgumentsAreTaken) {
  std::string deep(100'000, '[');
  deep += std::string(100'000, ']');
  for (const std::string& chat_template :
       {std::string(), test::gemma_like, test::mistral_like, test::thinking_like}) {
    const auto engine = load_with_template(chat_template);
    for (const std::string& arguments :
         {std::string(), std::string("{\"text\": \"a save"), std::string("[1]"), std::string("x"),
          std::string("null"), std::string("\"{}\""), std::string("\""),
          deep.substr(99'900, 200)}) {
      EXPECT_TRUE(engine->render(called(arguments)).ok()) << arguments;
    }
    const auto rendered = engine->render(called(deep));
    EXPECT_TRUE(rendered.ok() || rendered.error() == Error::too_long);
  }
}

}  // namespace
}  // namespace engine

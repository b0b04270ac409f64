// Answers that a format's grammar allows, made at random, and what is read of them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <engine/llama.hpp>
#include <engine/native.hpp>
#include <filesystem>
#include <fstream>
#include <grammar/matcher.hpp>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "../src/llama/chat.hpp"
#include "tiny_model.hpp"

namespace engine::test {

namespace fs = std::filesystem;

inline content::Chat ask(std::string text) {
  content::Chat chat;
  content::Message& message = chat.messages.emplace_back();
  message.role = "user";
  message.text = std::move(text);
  return chat;
}

inline std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

inline std::unique_ptr<Engine> load_with(const std::string& chat_template, bool native = false) {
  const TemporaryFolder folder;
  const std::string file = folder.file("model.gguf");
  EXPECT_EQ(random_model::write({.chat_template = chat_template}, file), "");
  const LlamaOptions options{.path = file, .kv_tokens = 4096, .lanes_max = 2, .threads = 1};
  auto loaded = native ? load_native(options) : load_llama(options);
  EXPECT_TRUE(loaded.ok()) << (loaded.ok() ? "" : loaded.error().detail);
  return loaded.ok() ? std::move(loaded).value() : nullptr;
}

/// The templates that come with llama.cpp, where it was built here.
inline std::vector<fs::path> templates() {
  const fs::path folder = fs::path(MAINS_ROOM_DIR) / "../../build/_llama/src/models/templates";
  std::vector<fs::path> files;
  if (fs::exists(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".jinja") {
        files.push_back(entry.path());
      }
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// What a grammar allows from here on, byte for byte at random.
inline std::string walk_on(grammar::Matcher& matcher, std::uint32_t seed) {
  std::string text;
  std::mt19937 dice(seed);
  const std::string closers = "\"}]><|/\n";
  while (!matcher.must_end() && !(matcher.may_end() && dice() % 2 == 0) && text.size() < 4000) {
    std::string choices;
    for (int byte = 0x0A; byte < 0x7F; ++byte) {
      const char c = static_cast<char>(byte);
      if ((byte == 0x0A || byte >= 0x20) &&
          matcher.allows(std::string_view(&c, 1)) == grammar::Verdict::yes) {
        choices.append(closers.find(c) == std::string::npos ? 1 : 12, c);
      }
    }
    std::string next(1, choices.empty() ? '\0' : choices[dice() % choices.size()]);
    for (int byte = 0x80; choices.empty() && byte <= 0xFF; ++byte) {
      const char c = static_cast<char>(byte);
      if (matcher.allows(std::string_view(&c, 1)) == grammar::Verdict::yes) {
        next = c;
        break;
      }
    }
    if (matcher.accept(next) != grammar::Verdict::yes) {
      ADD_FAILURE() << "nothing follows";
      break;
    }
    text += next;
  }
  EXPECT_TRUE(matcher.may_end()) << text.substr(0, 200);
  return text;
}

/// A text that a format's grammar allows, byte for byte at random; a thought that is open is ended.
inline std::string walk(const ReplyFormat& format, std::uint32_t seed) {
  const auto* const chat = dynamic_cast<const llama::ChatFormat*>(&format);
  const llama::Constraints& constraints = chat->constraints();
  EXPECT_NE(constraints.grammar, nullptr);
  if (constraints.grammar == nullptr) {
    return {};
  }
  grammar::Matcher matcher(constraints.grammar);
  std::string text;
  const llama::ThinkingMarks& thinking = constraints.thinking;
  if (!thinking.start.empty()) {
    const auto end = std::find_if(thinking.ends.begin(), thinking.ends.end(), [](const auto& mark) {
      return mark.find("tool_call") == std::string::npos &&
             mark.find("function_calls") == std::string::npos;
    });
    text = (thinking.open ? "" : thinking.start) + "Hm." + *end;
    EXPECT_EQ(matcher.accept(text), grammar::Verdict::yes);
  }
  return text + walk_on(matcher, seed);
}
struct Reply {
  std::string text;
  std::vector<content::ToolCall> calls;
};

inline Reply read(const ReplyFormat& format, std::string_view text, std::size_t cut) {
  Reply reply;
  const auto parser = format.parser(1);
  const auto take = [&](const content::ReplyDelta& delta) {
    reply.text += delta.text;
    for (const auto& piece : delta.tools) {
      reply.calls.resize(std::max<std::size_t>(reply.calls.size(), piece.index + 1));
      reply.calls[piece.index].name += piece.name;
      reply.calls[piece.index].arguments += piece.arguments;
    }
  };
  for (std::size_t at = 0; at < text.size(); at += cut) {
    take(parser->feed(text.substr(at, cut)));
  }
  take(parser->finish());
  return reply;
}

}  // namespace engine::test

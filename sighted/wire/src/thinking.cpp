#include "thinking.hpp"

#include "request_fields.hpp"

namespace wire {

namespace {

using content::Thinking;

constexpr std::size_t values_max = 64;
constexpr std::size_t value_bytes_max = std::size_t{64} * 1024;

bool says_off(Thinking thinking) {
  return thinking == Thinking::forbid;
}

/// Notes what a field says. Two fields must not say the opposite of each other.
void say(Reader& holder, std::string_view field, Thinking thinking, content::Chat& chat,
         std::string_view told_as = {}) {
  content::ThinkingWish& wish = chat.thinking;
  const bool said = wish.thinking != Thinking::unsaid && wish.thinking != Thinking::avoid;
  if (said && says_off(wish.thinking) != says_off(thinking)) {
    holder.fail(field, ErrorKind::out_of_range,
                "says the opposite of another field about thinking.");
    return;
  }
  if (!said || thinking == Thinking::demand) {
    wish.thinking = thinking;
    wish.field = told_as.empty() ? field : told_as;
  }
}

/// Templates know three levels.
void read_effort(Reader& holder, std::string_view field, content::Chat& chat, bool switches,
                 std::string_view told_as = {}) {
  const auto word =
      holder.optional_word(field, {"none", "minimal", "low", "medium", "high", "xhigh", "max"});
  constexpr std::string_view levels[] = {"", "low", "low", "medium", "high", "high", "high"};
  if (!word) {
    return;
  }
  if (switches || *word == 0) {
    say(holder, field, *word == 0 ? Thinking::forbid : Thinking::welcome, chat, told_as);
  }
  chat.thinking.effort = levels[*word];
}

void read_budget(Reader& holder, std::string_view field, content::Chat& chat) {
  if (const auto budget = holder.optional_u64(field, 0, count_max)) {
    chat.thinking.tokens_max = static_cast<std::uint32_t>(*budget);
  }
}

/// {"type": "enabled", "budget_tokens": 1024}, as both vendors' clients write it.
void read_thinking_object(Reader& root, content::Chat& chat) {
  auto thinking = root.optional_object("thinking");
  if (!thinking) {
    return;
  }
  constexpr Thinking wishes[] = {Thinking::demand, Thinking::forbid, Thinking::welcome,
                                 Thinking::welcome};
  if (const auto type =
          thinking->required_word("type", {"enabled", "disabled", "adaptive", "auto"})) {
    say(*thinking, "type", wishes[*type], chat, "thinking");
  }
  read_budget(*thinking, "budget_tokens", chat);
}

/// OpenRouter's form.
void read_reasoning_object(Reader& root, content::Chat& chat) {
  auto reasoning = root.optional_object("reasoning");
  if (!reasoning) {
    return;
  }
  if (const auto enabled = reasoning->optional_bool("enabled")) {
    say(*reasoning, "enabled", *enabled ? Thinking::demand : Thinking::forbid, chat, "reasoning");
  }
  read_effort(*reasoning, "effort", chat, true, "reasoning");
  read_budget(*reasoning, "max_tokens", chat);
  const bool off = says_off(chat.thinking.thinking);
  if (!off && reasoning->has("max_tokens") && chat.thinking.tokens_max.value_or(0) > 0) {
    say(*reasoning, "max_tokens", Thinking::demand, chat, "reasoning.max_tokens");
  }
  if (reasoning->optional_bool("exclude").value_or(false)) {
    reasoning->unsupported("exclude", "is not supported: the reasoning is part of the answer.");
  }
}

void read_switch(Reader& root, std::string_view field, content::Chat& chat) {
  if (const auto on = root.optional_bool(field)) {
    say(root, field, *on ? Thinking::demand : Thinking::forbid, chat);
  }
}

/// Ollama's: true, false, or how much.
void read_think(Reader& root, content::Chat& chat) {
  if (root.type("think") == JsonType::string) {
    const auto word = root.optional_word("think", {"low", "medium", "high"});
    constexpr std::string_view levels[] = {"low", "medium", "high"};
    if (word) {
      say(root, "think", Thinking::demand, chat);
      chat.thinking.effort = levels[*word];
    }
  } else {
    read_switch(root, "think", chat);
  }
}

/// The names that a template gets from Mains.
bool is_ours(std::string_view name) {
  for (const std::string_view ours :
       {"messages", "tools", "bos_token", "eos_token", "add_generation_prompt",
        "continue_final_message", "custom_tools", "builtin_tools", "raise_exception",
        "strftime_now", "namespace", "range"}) {
    if (name == ours) {
      return true;
    }
  }
  return false;
}

void read_template_values(Reader& root, content::Chat& chat) {
  constexpr std::string_view field = "chat_template_kwargs";
  std::size_t bytes = 0;
  for (auto& [name, value] : root.optional_value_texts(field, values_max)) {
    bytes += name.size() + value.size();
    if (is_ours(name)) {
      root.fail(field, ErrorKind::out_of_range,
                "must not have 'messages', 'tools' or another name that the server sets itself.");
    } else if (name == "enable_thinking" || name == "thinking") {
      if (value != "true" && value != "false") {
        root.fail(field, ErrorKind::wrong_type, "must have true or false as 'enable_thinking'.");
      }
      say(root, field, value == "true" ? Thinking::demand : Thinking::forbid, chat,
          name == "thinking" ? "chat_template_kwargs.thinking"
                             : "chat_template_kwargs.enable_thinking");
    } else {
      chat.template_values.emplace_back(std::move(name), std::move(value));
    }
  }
  if (bytes > value_bytes_max) {
    root.fail(field, ErrorKind::out_of_range, "is too large.");
  }
}

}  // namespace

void read_openai_thinking(Reader& root, content::Chat& chat) {
  read_effort(root, "reasoning_effort", chat, true);
  read_reasoning_object(root, chat);
  read_thinking_object(root, chat);
  read_switch(root, "enable_thinking", chat);
  read_think(root, chat);
  read_budget(root, "thinking_budget", chat);
  read_budget(root, "thinking_budget_tokens", chat);
  if (root.has("include_reasoning") && !root.optional_bool("include_reasoning").value_or(true)) {
    root.unsupported("include_reasoning", "is not supported unless it is true.");
  }
  read_template_values(root, chat);
}

void read_anthropic_thinking(Reader& root, content::Chat& chat) {
  chat.thinking.thinking = Thinking::avoid;
  read_thinking_object(root, chat);
  if (auto config = root.optional_object("output_config")) {
    read_effort(*config, "effort", chat, false);
    if (config->has("task_budget")) {
      config->unsupported("task_budget", "is not supported: use 'max_tokens'.");
    }
  }
  read_template_values(root, chat);
}

}  // namespace wire

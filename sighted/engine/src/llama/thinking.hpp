// Thinking, as far as a template can switch it.
#pragma once

#include <chat.h>

#include <map>
#include <string>

#include <base/result.hpp>
#include <content/chat.hpp>
#include <engine/engine.hpp>

namespace engine::llama {

/// How a conversation is rendered.
enum class ThinkingMode { untold, off, on };

/// What a template can do about thinking. Found out once, by trying.
struct ThinkingSkill {
  bool thinks = false;
  bool switches = false;      ///< It can be kept from it.
  bool reads_effort = false;  ///< It takes a reasoning_effort.
};

/// May throw what llama-common throws.
[[nodiscard]] ThinkingSkill thinking_skill(const common_chat_templates* templates);

/// What a wish comes to with a template.
/// errors  always_thinks, never_thinks.
[[nodiscard]] base::Result<ThinkingMode, Error> thinking_mode(const content::ThinkingWish& wish,
                                                              const ThinkingSkill& skill);

/// The values a template is given for a mode.
[[nodiscard]] std::map<std::string, std::string> thinking_values(ThinkingMode mode);

}  // namespace engine::llama

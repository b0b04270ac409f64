#include "thinking.hpp"

namespace engine::llama {
namespace {

using content::Thinking;

common_chat_params try_mode(const common_chat_templates* templates, ThinkingMode mode) {
  common_chat_templates_inputs inputs;
  common_chat_msg& message = inputs.messages.emplace_back();
  message.role = "user";
  message.content = "x";
  inputs.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
  inputs.enable_thinking = mode != ThinkingMode::off;
  inputs.chat_template_kwargs = thinking_values(mode);
  return common_chat_templates_apply(templates, inputs);
}

}  // namespace

ThinkingSkill thinking_skill(const common_chat_templates* templates) {
  const common_chat_params on = try_mode(templates, ThinkingMode::on);
  const common_chat_params off = try_mode(templates, ThinkingMode::off);
  ThinkingSkill skill;
  skill.switches = on.prompt != off.prompt;
  skill.thinks = on.supports_thinking || !on.thinking_start_tag.empty() || skill.switches;
  skill.reads_effort = common_chat_templates_get_caps(templates)["supports_reasoning_effort"];
  return skill;
}

base::Result<ThinkingMode, Error> thinking_mode(const content::ThinkingWish& wish,
                                                const ThinkingSkill& skill) {
  switch (wish.thinking) {
    case Thinking::unsaid: break;
    case Thinking::avoid:
    case Thinking::forbid:
      if (skill.switches) {
        return ThinkingMode::off;
      }
      if (skill.thinks && wish.thinking == Thinking::forbid) {
        return base::Fail{Error::always_thinks};
      }
      break;
    case Thinking::demand:
      if (!skill.thinks) {
        return base::Fail{Error::never_thinks};
      }
      [[fallthrough]];
    case Thinking::welcome:
      if (skill.switches) {
        return ThinkingMode::on;
      }
      break;
  }
  return ThinkingMode::untold;
}

std::map<std::string, std::string> thinking_values(ThinkingMode mode) {
  if (mode == ThinkingMode::untold) {
    return {};
  }
  // Most templates read the first name, some the second.
  const std::string value = mode == ThinkingMode::on ? "true" : "false";
  return {{"enable_thinking", value}, {"thinking", value}};
}

}  // namespace engine::llama

#include "conversation.hpp"

#include <json.h>

#include <algorithm>
#include <exception>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "json_bounds.hpp"

namespace engine::llama {
namespace {

using content::Chat;
using content::Message;

Message turn(std::string role, std::string text) {
  Message made;
  made.role = std::move(role);
  made.text = std::move(text);
  return made;
}

/// Whether a template shows all of `texts` of these turns, in their order.
bool shows(const common_chat_templates* templates, const std::vector<Message>& turns,
           std::initializer_list<std::string_view> texts, bool with_tools = false) {
  try {
    Chat chat;
    chat.messages = turns;
    common_chat_templates_inputs inputs;
    inputs.messages = messages_of(chat, {});
    inputs.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
    if (with_tools) {
      inputs.tools.push_back({"qzcall", "qzdo", R"({"type":"object","properties":{}})"});
    }
    const std::string prompt = common_chat_templates_apply(templates, inputs).prompt;
    std::size_t at = 0;
    for (const std::string_view text : texts) {
      at = prompt.find(text, at);
      if (at == std::string::npos) {
        return false;
      }
      at += text.size();
    }
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

std::vector<Message> called(const std::string& id) {
  std::vector<Message> turns{turn("user", "qza"), turn("assistant", ""), turn("tool", "qzb"),
                             turn("assistant", "qzc"), turn("user", "qzd")};
  turns[1].tool_calls.push_back({id, "qzcall", R"({"qzkey":"qzvalue"})"});
  turns[2].tool_call_id = id;
  turns[2].tool_name = "qzcall";
  return turns;
}

void join(std::string& text, std::string_view more) {
  if (!text.empty() && !more.empty()) {
    text += '\n';
  }
  text += more;
}

void join(Message& into, Message&& more) {
  join(into.text, more.text);
  join(into.reasoning, more.reasoning);
  std::move(more.tool_calls.begin(), more.tool_calls.end(), std::back_inserter(into.tool_calls));
}

/// The first turn that is not the system's at the beginning.
std::size_t after_system(const std::vector<Message>& messages) {
  return !messages.empty() && messages[0].role == "system" ? 1 : 0;
}

std::string json_text(const std::string& text) {
  return common_json(text).dump();
}

void write_tools_as_text(std::vector<Message>& messages) {
  for (Message& message : messages) {
    for (const auto& call : std::exchange(message.tool_calls, {})) {
      const bool object = is_json_object(call.arguments);
      join(message.text, "<tool_call>\n{\"name\": " + json_text(call.name) + ", \"arguments\": " +
                             (object ? call.arguments : json_text(call.arguments)) +
                             "}\n</tool_call>");
    }
    if (message.role == "tool") {
      message = turn("user", "<tool_response>\n" + message.text + "\n</tool_response>");
    }
  }
}

/// System turns at the beginning become one; later ones go into the user's turn beside them.
void fold_system(std::vector<Message>& messages) {
  std::vector<Message> made;
  std::vector<bool> was_system;
  for (Message& message : messages) {
    const bool system = message.role == "system";
    const bool first = made.empty() || (made.size() == 1 && made[0].role == "system");
    if (system && first) {
      if (made.empty()) {
        made.push_back(std::move(message));
        was_system.push_back(false);
      } else {
        join(made[0], std::move(message));
      }
      continue;
    }
    const bool beside_user = !made.empty() && made.back().role == "user" &&
                             (system || (message.role == "user" && was_system.back()));
    if (beside_user) {
      join(made.back(), std::move(message));
      was_system.back() = was_system.back() && system;
      continue;
    }
    message.role = system ? "user" : message.role;
    made.push_back(std::move(message));
    was_system.push_back(system);
  }
  messages = std::move(made);
}

void join_roles(std::vector<Message>& messages) {
  std::vector<Message> made;
  for (Message& message : messages) {
    if (!made.empty() && made.back().role == message.role && message.role != "tool") {
      join(made.back(), std::move(message));
    } else {
      made.push_back(std::move(message));
    }
  }
  messages = std::move(made);
}

/// A conversation that an assistant begins, or that has no user's turn, gets one.
void begin_with_user(std::vector<Message>& messages) {
  const std::size_t first = after_system(messages);
  if (first == messages.size() && first == 1) {
    messages[0].role = "user";
  } else if (first < messages.size() && messages[first].role == "assistant") {
    messages.insert(messages.begin() + static_cast<std::ptrdiff_t>(first), turn("user", ""));
  }
}

/// Ids of nine letters and digits, which all templates take.
void shorten_call_ids(std::vector<Message>& messages) {
  std::vector<std::pair<std::string, std::string>> names;
  const auto short_id = [&](std::string& id) {
    auto found = std::find_if(names.rbegin(), names.rend(),
                              [&](const auto& one) { return one.first == id; });
    if (found == names.rend()) {
      std::string number = std::to_string(names.size() + 1);
      names.emplace_back(id,
                         std::string(9 - std::min<std::size_t>(9, number.size()), '0') + number);
      found = names.rbegin();
    }
    id = found->second;
  };
  for (Message& message : messages) {
    for (auto& call : message.tool_calls) {
      short_id(call.id);
    }
    if (message.role == "tool") {
      short_id(message.tool_call_id);
    }
  }
}

bool fits(const std::vector<Message>& messages, const Habits& habits) {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Message& message = messages[i];
    const bool tools = !message.tool_calls.empty() || message.role == "tool";
    const bool repeats = i > 0 && message.role == messages[i - 1].role && message.role != "tool";
    if ((message.role == "system" && i > 0 && !habits.system_between) ||
        (repeats && !habits.same_role_twice) ||
        (tools && (!habits.tool_turns || !habits.long_call_ids))) {
      return false;
    }
  }
  const std::size_t first = after_system(messages);
  return habits.assistant_first || (first < messages.size() && messages[first].role != "assistant");
}

/// A tool's answer names its call by id; templates want the tool's name.
std::string tool_name_of(const Chat& chat, const Message& answer) {
  if (!answer.tool_name.empty()) {
    return answer.tool_name;
  }
  for (const auto& message : chat.messages) {
    for (const auto& call : message.tool_calls) {
      if (call.id == answer.tool_call_id) {
        return call.name;
      }
    }
  }
  return {};
}

/// Arguments that templates can work with. Other text than an object is kept, in an object.
std::string arguments_of(const std::string& arguments, const Habits& habits) {
  if (arguments.empty()) {
    return "{}";
  }
  if (!habits.object_arguments || is_json_object(arguments)) {
    return arguments;
  }
  return "{\"arguments\": " + json_text(arguments) + "}";
}

}  // namespace

Habits habits_of(const common_chat_templates* templates) {
  const Message system = turn("system", "qzs");
  const Message user = turn("user", "qzu");
  const Message assistant = turn("assistant", "qzv");
  const auto named = [](Message message, std::string text) {
    message.text = std::move(text);
    return message;
  };
  Habits habits;
  habits.system_between =
      shows(templates, {system, user, assistant, named(system, "qzt"), named(user, "qzw")},
            {"qzs", "qzu", "qzv", "qzt", "qzw"}) &&
      shows(templates, {user, named(system, "qzt")}, {"qzu", "qzt"});
  habits.same_role_twice =
      shows(templates, {user, named(user, "qzw"), assistant, named(assistant, "qzx"), user},
            {"qzu", "qzw", "qzv", "qzx", "qzu"});
  habits.assistant_first = shows(templates, {assistant, user}, {"qzv", "qzu"});
  habits.long_call_ids = shows(templates, called("call_0123456789abcdef"),
                               {"qzcall", "qzvalue", "qzb", "qzc", "qzd"}, true);
  habits.tool_turns =
      habits.long_call_ids ||
      shows(templates, called("abc456789"), {"qzcall", "qzvalue", "qzb", "qzc", "qzd"}, true);
  habits.object_arguments = common_chat_templates_get_caps(templates)["supports_object_arguments"];
  return habits;
}

Habits strictest(const Habits& habits) {
  Habits strict;
  strict.system_between = false;
  strict.same_role_twice = false;
  strict.assistant_first = false;
  strict.tool_turns = false;
  strict.object_arguments = habits.object_arguments;
  return strict;
}

std::optional<Chat> folded(const Chat& chat, const Habits& habits) {
  if (fits(chat.messages, habits)) {
    return std::nullopt;
  }
  Chat made = chat;
  if (!habits.tool_turns) {
    write_tools_as_text(made.messages);
  } else if (!habits.long_call_ids) {
    shorten_call_ids(made.messages);
  }
  if (!habits.system_between) {
    fold_system(made.messages);
  }
  if (!habits.same_role_twice) {
    join_roles(made.messages);
  }
  if (!habits.assistant_first) {
    begin_with_user(made.messages);
  }
  return made;
}

std::vector<common_chat_msg> messages_of(const Chat& chat, const Habits& habits) {
  std::vector<common_chat_msg> messages;
  messages.reserve(chat.messages.size());
  for (const Message& message : chat.messages) {
    common_chat_msg& made = messages.emplace_back();
    made.role = message.role;
    made.content = message.text;
    made.reasoning_content = message.reasoning;
    for (const auto& call : message.tool_calls) {
      made.tool_calls.push_back({call.name, arguments_of(call.arguments, habits), call.id});
    }
    if (message.role == "tool") {
      made.tool_call_id = message.tool_call_id;
      made.tool_name = tool_name_of(chat, message);
    }
  }
  return messages;
}

}  // namespace engine::llama

// Conversations as clients send them, made into what a chat template takes.
#pragma once

#include <chat.h>

#include <optional>
#include <vector>

#include <content/chat.hpp>

namespace engine::llama {

/// What a template takes and shows of a conversation. Found out once, by trying.
struct Habits {
  bool system_between = true;  ///< System turns that are not the first.
  bool same_role_twice = true;
  bool assistant_first = true;
  bool tool_turns = true;  ///< Calls and their results.
  bool long_call_ids = true;
  bool object_arguments = false;  ///< A call's arguments as an object, which it may look into.
};

/// May throw what llama-common throws.
[[nodiscard]] Habits habits_of(const common_chat_templates* templates);

/// Of a template of which nothing is known but that it refused a conversation.
[[nodiscard]] Habits strictest(const Habits& habits);

/// The conversation with the same texts in the same order, in turns that the template takes.
/// Nothing where it takes it as it is.
///   system turns     those that it would drop or refuse go into the user's turn beside them
///   turns of a role  in a row become one
///   tool turns       are written as text: calls in the assistant's turn, results in the user's
[[nodiscard]] std::optional<content::Chat> folded(const content::Chat& chat, const Habits& habits);

/// For llama-common. Arguments that are no JSON object (a call that was cut) are put into one
/// where the template might look into them.
[[nodiscard]] std::vector<common_chat_msg> messages_of(const content::Chat& chat,
                                                       const Habits& habits);

}  // namespace engine::llama

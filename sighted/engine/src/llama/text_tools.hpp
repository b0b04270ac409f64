// Tools for templates that know none: told in words, called in a form of ours.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <base/result.hpp>
#include <content/chat.hpp>
#include <engine/engine.hpp>
#include <grammar/grammar.hpp>
#include <grammar/refusal.hpp>

#include "answer_frame.hpp"
#include "wanted.hpp"

namespace engine::llama {

/// What begins a call; the grammar of calls wakes at it.
inline constexpr const char* text_call_start = "<tool_call>";

/// Whether there are tools in a conversation, or calls and their results.
[[nodiscard]] bool has_tools(const content::Chat& chat);
/// The same conversation without tools: they are described by its system message, and calls and
/// results are text.
[[nodiscard]] content::Chat with_text_tools(const content::Chat& chat);

/// One call, or with `parallel` up to 128.
[[nodiscard]] base::Result<grammar::GrammarPtr, grammar::Refusal> text_calls(
    const std::vector<WantedTool>& tools, bool parallel);

/// Reads thought, text and calls.
[[nodiscard]] std::unique_ptr<ReplyParser> make_text_tools_parser(const AnswerFrame& frame,
                                                                  std::uint64_t call_ids);

}  // namespace engine::llama

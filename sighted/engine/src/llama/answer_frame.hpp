// What stands around an answer that obeys a grammar: a thought before it, marks of the template.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <base/result.hpp>
#include <engine/engine.hpp>
#include <grammar/grammar.hpp>
#include <grammar/refusal.hpp>

#include "constraints.hpp"

namespace engine::llama {

struct AnswerFrame {
  ThinkingMarks thinking;  ///< Ends: the first of them.
  bool blanks = true;      ///< Blank lines may follow a thought.
  std::string joint;       ///< What the template writes between a thought and what follows.
  std::string lead;        ///< In front of an answer that is no call.
  std::string trail;       ///< May follow it.

  [[nodiscard]] bool empty() const {
    return thinking.start.empty() && lead.empty() && trail.empty();
  }
};

/// One way to answer: a call, or what goes between lead and trail.
struct AnswerBody {
  grammar::GrammarPtr grammar;
  bool call = false;
};

/// The whole answer: a thought where the frame has one, then one of the bodies.
[[nodiscard]] base::Result<grammar::GrammarPtr, grammar::Refusal> framed(
    const AnswerFrame& frame, const std::vector<AnswerBody>& bodies);

/// Reads answers without calls that obey framed(): thought and answer, byte for byte.
[[nodiscard]] std::unique_ptr<ReplyParser> make_framed_parser(const AnswerFrame& frame);

}  // namespace engine::llama

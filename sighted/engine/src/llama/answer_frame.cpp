#include "answer_frame.hpp"

#include <algorithm>
#include <grammar/builder.hpp>
#include <map>
#include <utility>

namespace engine::llama {
namespace {

using grammar::Builder;
using grammar::RuleId;
using grammar::StateId;

/// How many of the last bytes of `text` begin `word`, which is not in it.
std::size_t begun_of(std::string_view text, std::string_view word) {
  for (std::size_t length = std::min(text.size(), word.size() - 1); length > 0; --length) {
    if (text.ends_with(word.substr(0, length))) {
      return length;
    }
  }
  return 0;
}

/// Everything up to the first `word`, which is not empty, and with it.
RuleId through(Builder& builder, const std::string& word) {
  const RuleId rule = builder.rule();
  std::vector<StateId> states{builder.begin(rule)};
  for (std::size_t i = 1; i < word.size(); ++i) {
    states.push_back(builder.state());
  }
  states.push_back(builder.end(rule));
  for (std::size_t i = 0; i < word.size(); ++i) {
    std::vector<std::size_t> next(256, 0);
    for (std::size_t byte = 0; byte < next.size(); ++byte) {
      const std::string text = word.substr(0, i) + static_cast<char>(byte);
      next[byte] = text == word ? word.size() : begun_of(text, word);
    }
    for (std::size_t low = 0; low < next.size();) {
      std::size_t high = low;
      while (high + 1 < next.size() && next[high + 1] == next[low]) {
        ++high;
      }
      builder.bytes(states[i], static_cast<std::uint8_t>(low), static_cast<std::uint8_t>(high),
                    states[next[low]]);
      low = high + 1;
    }
  }
  return rule;
}

/// A thought, the blank lines after it, and what the template writes then.
void add_thought(Builder& builder, const AnswerFrame& frame, StateId from, StateId to) {
  StateId inside = from;
  if (!frame.thinking.open) {
    builder.epsilon(from, to);
    inside = builder.state();
    builder.literal(from, frame.thinking.start, inside);
  }
  const StateId thought = builder.state();
  const StateId joint = builder.state();
  builder.call(inside, through(builder, frame.thinking.ends.front()), thought);
  builder.epsilon(thought, joint);
  if (frame.blanks) {
    builder.literal(thought, "\n", joint);
    builder.literal(thought, "\n\n", joint);
  }
  builder.literal(joint, frame.joint, to);
}

}  // namespace

base::Result<grammar::GrammarPtr, grammar::Refusal> framed(const AnswerFrame& frame,
                                                           const std::vector<AnswerBody>& bodies) {
  if (frame.empty() && bodies.size() == 1) {
    return bodies.front().grammar;
  }
  Builder builder;
  const RuleId root = builder.rule();
  StateId answer = builder.begin(root);
  if (!frame.thinking.start.empty()) {
    answer = builder.state();
    add_thought(builder, frame, builder.begin(root), answer);
  }
  for (const AnswerBody& body : bodies) {
    if (body.call) {
      builder.call(answer, builder.embed(*body.grammar), builder.end(root));
      continue;
    }
    const StateId led = builder.state();
    const StateId said = builder.state();
    builder.literal(answer, frame.lead, led);
    builder.call(led, builder.embed(*body.grammar), said);
    builder.epsilon(said, builder.end(root));
    if (!frame.trail.empty()) {
      builder.literal(said, frame.trail, builder.end(root));
    }
  }
  return builder.build(root);
}

namespace {

class FramedParser final : public ReplyParser {
 public:
  explicit FramedParser(AnswerFrame frame) : frame_(std::move(frame)) {
    in_ = frame_.thinking.start.empty() ? In::lead
          : frame_.thinking.open        ? In::thought
                                        : In::beginning;
  }

  content::ReplyDelta feed(std::string_view text) override {
    held_ += text;
    return advance(false);
  }
  content::ReplyDelta finish() override { return advance(true); }
  [[nodiscard]] bool called_tool() const override { return false; }

 private:
  enum class In { beginning, thought, blanks, joint, lead, content };

  content::ReplyDelta advance(bool complete) {
    content::ReplyDelta delta;
    while (step(complete, delta)) {
    }
    return delta;
  }

  void drop(std::size_t bytes) {
    held_.erase(0, bytes);
    at_ += bytes;
  }

  /// Goes on behind `mark` where it stands here. False: that cannot be said yet.
  bool pass(const std::string& mark, bool complete, In found, In absent) {
    if (held_.starts_with(mark)) {
      drop(mark.size());
      in_ = found;
      return true;
    }
    if (!complete && mark.starts_with(held_)) {
      return false;
    }
    in_ = absent;
    return true;
  }

  bool step(bool complete, content::ReplyDelta& delta) {
    switch (in_) {
      case In::beginning: return pass(frame_.thinking.start, complete, In::thought, In::lead);
      case In::thought: return think(complete, delta);
      case In::blanks: {
        const std::size_t blanks = std::min(held_.find_first_not_of(" \n\r\t"), held_.size());
        drop(blanks);
        if (held_.empty()) {
          return false;
        }
        in_ = In::joint;
        return true;
      }
      case In::joint: return pass(frame_.joint, complete, In::lead, In::lead);
      case In::lead: return pass(frame_.lead, complete, In::content, In::content);
      case In::content: break;
    }
    say(complete, delta);
    return false;
  }

  bool think(bool complete, content::ReplyDelta& delta) {
    if (!thought_) {
      drop(std::min(held_.find_first_not_of("\n"), held_.size()));
    }
    const std::string& end = frame_.thinking.ends.front();
    const std::size_t found = held_.find(end);
    std::size_t length = found;
    if (found == std::string::npos) {
      length = complete ? held_.size() : held_.size() - begun_of(held_, end);
    }
    std::size_t told = length;
    while (told > 0 && !complete && held_[told - 1] == '\n') {
      --told;  // The line's end in front of the mark is the mark's.
    }
    delta.reasoning += held_.substr(0, told);
    thought_ = thought_ || told > 0;
    if (found == std::string::npos) {
      drop(told);
      return false;
    }
    drop(found + end.size());
    in_ = In::blanks;
    return true;
  }

  void say(bool complete, content::ReplyDelta& delta) {
    std::size_t length = held_.size();
    if (!frame_.trail.empty()) {
      const std::size_t found = held_.find(frame_.trail);
      if (found != std::string::npos) {
        length = found;
      } else if (!complete) {
        length -= begun_of(held_, frame_.trail);
      }
    }
    if (delta.text.empty()) {
      delta.text_at = at_;
    }
    delta.text += held_.substr(0, length);
    drop(length);
  }

  AnswerFrame frame_;
  In in_ = In::beginning;
  std::string held_;
  std::size_t at_ = 0;  ///< Bytes of the answer before those held.
  bool thought_ = false;
};

}  // namespace

std::unique_ptr<ReplyParser> make_framed_parser(const AnswerFrame& frame) {
  return std::make_unique<FramedParser>(frame);
}

}  // namespace engine::llama

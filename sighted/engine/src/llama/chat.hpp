// Chat templates, tool calls and schemas, by llama-common. Only chat.cpp includes it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <base/result.hpp>
#include <engine/engine.hpp>

#include "constraints.hpp"
#include "handles.hpp"
#include "thinking_limit.hpp"

namespace engine::llama {

class ChatFormat : public ReplyFormat {
 public:
  [[nodiscard]] virtual const Constraints& constraints() const = 0;
  [[nodiscard]] std::vector<std::string> call_marks() const override {
    std::vector<std::string> marks = constraints().trigger_words;
    marks.insert(marks.end(), constraints().opening_words.begin(),
                 constraints().opening_words.end());
    return marks;
  }
  /// Null where the answer may think as long as it likes.
  [[nodiscard]] virtual const ThinkingLimit* thinking_limit() const { return nullptr; }
};

struct RenderedChat {
  std::string prompt;
  std::shared_ptr<const ChatFormat> format;
  std::vector<ConstraintPlace> unenforced;
};

/// The templates of one model. Immutable; render() may be called from several threads at once.
class ChatTemplates {
 public:
  virtual ~ChatTemplates() = default;
  /// errors  bad_template_input, bad_schema, always_thinks, never_thinks.
  [[nodiscard]] virtual base::Result<RenderedChat, Unrendered> render(
      const content::Chat& chat) const = 0;
  /// What holds an answer to a grammar of GBNF.
  /// errors  bad_schema.
  [[nodiscard]] virtual base::Result<std::shared_ptr<const ReplyFormat>, Unrendered> obeying(
      const std::string& grammar) const = 0;
  /// False where the model has no template that can be read, and ChatML stands in.
  [[nodiscard]] virtual bool explicit_template() const = 0;
};

/// Never fails: what cannot be read is replaced by ChatML.
[[nodiscard]] std::unique_ptr<ChatTemplates> make_chat_templates(const llama_model* model);

/// Silences llama-common, which would print what it cannot parse.
void silence_common();

}  // namespace engine::llama

// What answers of one model may be made of: text, thoughts, calls, and what a client's schemas and
// grammars leave of them.
#pragma once

#include <chat.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <base/result.hpp>
#include <content/chat.hpp>

#include "answer_frame.hpp"
#include "chat.hpp"
#include "schema_cache.hpp"
#include "tool_shape.hpp"
#include "wanted.hpp"

namespace engine::llama {

/// One for each model. Any thread, several at once.
class AnswerForms {
 public:
  /// Finds out whether the templates know tools. They must outlive it.
  explicit AnswerForms(const common_chat_templates* templates);

  /// Compiles what a conversation asks for, or refuses it, before anything is rendered.
  [[nodiscard]] base::Result<Wanted, Unrendered> want(const content::Chat& chat);
  /// Whether the template has a form of its own for tools.
  [[nodiscard]] bool native_tools() const { return native_tools_; }
  /// What the answer to `rendered` is held to, and how it is read. What turns out not to be
  /// enforced is added to `wanted.unenforced`. May throw what llama-common throws.
  /// inputs   what was rendered
  /// in_text  the conversation was rendered with tools as text.
  [[nodiscard]] base::Result<std::shared_ptr<const ChatFormat>, Unrendered> format(
      common_chat_params& rendered, const common_chat_templates_inputs& inputs,
      const content::Chat& chat, Wanted& wanted, bool in_text);
  /// Text that obeys a grammar of GBNF.
  [[nodiscard]] base::Result<std::shared_ptr<const ReplyFormat>, Unrendered> obeying(
      const std::string& grammar);

 private:
  using Made = base::Result<grammar::GrammarPtr, grammar::Refusal>;
  struct Shape {
    std::shared_ptr<const ToolShape> shape;
    [[nodiscard]] std::size_t bytes() const { return shape->bytes(); }
  };
  std::shared_ptr<const ToolShape> shape(const common_chat_templates_inputs& inputs,
                                         const content::Chat& chat,
                                         const std::vector<ToolOutline>& tools, std::string& name);
  base::Result<grammar::GrammarPtr, Unrendered> native_calls(const ToolShape& shape,
                                                             const std::string& name,
                                                             const std::vector<ToolOutline>& tools,
                                                             Wanted& wanted);
  Made compile_calls(const ToolShape& shape, const std::vector<ToolOutline>& tools,
                     const Wanted& wanted);
  /// Tells what the form of calls cannot hold arguments to, or refuses it where it must.
  base::Result<base::Done, Unrendered> tell_unenforced(const ToolShape& shape,
                                                       const std::vector<ToolOutline>& tools,
                                                       Wanted& wanted) const;
  base::Result<std::shared_ptr<const ChatFormat>, Unrendered> text_tools_format(
      common_chat_params& rendered, const content::Chat& chat, const Wanted& wanted);
  base::Result<std::shared_ptr<const ChatFormat>, Unrendered> native_format(
      common_chat_params& rendered, const common_chat_templates_inputs& inputs,
      const content::Chat& chat, Wanted& wanted);
  base::Result<base::Done, Unrendered> constrain(const AnswerFrame& frame,
                                                 const content::Chat& chat, const Wanted& wanted,
                                                 const grammar::GrammarPtr& calls,
                                                 const std::string& calls_name, bool led,
                                                 Constraints& constraints);

  const common_chat_templates* templates_;
  bool native_tools_ = false;
  SchemaCache cache_;
  Lately<Shape> shapes_{std::size_t{16} << 20U};
};

}  // namespace engine::llama

// What an engine says and reads: tokenizer, chat templates and samplers of one model, by libllama
// and llama-common. Needs no weights.
#pragma once

#include <memory>

#include <base/result.hpp>
#include <engine/engine.hpp>

#include "chat.hpp"
#include "handles.hpp"
#include "literals.hpp"
#include "pieces.hpp"
#include "vocabulary.hpp"

namespace engine::llama {

/// Immutable; any thread. The model must outlive it.
class TextSide {
 public:
  /// tokens_max   prompts that must be longer than this are refused unread.
  TextSide(const llama_model* model, std::uint32_t tokens_max);

  [[nodiscard]] base::Result<Rendered, Unrendered> render(const content::Chat& chat) const;
  [[nodiscard]] base::Result<std::shared_ptr<const ReplyFormat>, Unrendered> obeying(
      const std::string& grammar) const;
  [[nodiscard]] base::Result<content::TokenIds, Error> tokenize(
      const content::RawPrompt& prompt) const;
  [[nodiscard]] const Vocabulary& vocabulary() const { return vocabulary_; }
  [[nodiscard]] const Pieces& pieces() const { return pieces_; }
  /// Control tokens that the template writes around a question and its answer; 0 where that is
  /// not the same for each.
  [[nodiscard]] std::uint32_t pair_tokens_min() const { return pair_tokens_min_; }
  [[nodiscard]] bool has_chat_template() const { return templates_->explicit_template(); }

 private:
  Vocabulary vocabulary_;
  Pieces pieces_;
  ControlNames control_names_;
  std::unique_ptr<ChatTemplates> templates_;
  std::uint32_t pair_tokens_min_;
};

}  // namespace engine::llama

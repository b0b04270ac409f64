#include "text_side.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace engine::llama {

TextSide::TextSide(const llama_model* model, std::uint32_t tokens_max)
    : vocabulary_(model, tokens_max),
      pieces_(vocabulary_),
      control_names_(vocabulary_.control_names()),
      templates_(make_chat_templates(model)) {}

base::Result<Rendered, Unrendered> TextSide::render(const content::Chat& chat) const {
  const Literals literals(control_names_, chat);
  auto rendered = templates_->render(literals.chat());
  if (!rendered) {
    return base::Fail{rendered.error()};
  }
  auto tokens = literals.tokenize(vocabulary_, rendered->prompt);
  if (!tokens) {
    return base::Fail{Unrendered(tokens.error())};
  }
  return Rendered{std::move(tokens).value(), std::move(rendered->format),
                  std::move(rendered->unenforced)};
}

base::Result<std::shared_ptr<const ReplyFormat>, Unrendered> TextSide::obeying(
    const std::string& grammar) const {
  return templates_->obeying(grammar);
}

base::Result<content::TokenIds, Error> TextSide::tokenize(const content::RawPrompt& prompt) const {
  if (const auto* const text = std::get_if<std::string>(&prompt)) {
    return vocabulary_.tokenize(*text, false);
  }
  const auto& ids = std::get<content::TokenIds>(prompt);
  if (!std::all_of(ids.begin(), ids.end(), [&](auto id) { return vocabulary_.contains(id); })) {
    return base::Fail{Error::bad_token};
  }
  return ids;
}

}  // namespace engine::llama
